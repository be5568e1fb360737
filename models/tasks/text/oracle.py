"""The network of characters in plain NumPy, forward and backward by hand. In float64 it is the oracle.

    32 characters of 96 - a row of 64 numbers for each - plus learned positions
    - two blocks (:mod:`likeforlike.models.tasks.blocks.by_hand`): causal attention in four heads, dense 256
    - norm - dropout - dense 96: at each place the logits of the character that follows it

The loss is the mean over all places. With biases the widths of the task make 114,016 weights. Without
(``bias=False``) neither dense layers nor normalisations have one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.blocks import by_hand as blocks
from likeforlike.models.tasks.blocks.by_hand import Drawn, Tape
from likeforlike.models.tasks.oracle.arithmetic import Arrays, end_backward, logits_of
from likeforlike.models.tasks.oracle.network import Oracle, gate_output, vectors_drawn


@dataclass(frozen=True)
class Widths:
    """Sizes of the network; the tests take smaller ones."""

    context: int = 32
    characters: int = 96
    width: int = 64
    inner: int = 256


WIDTHS = Widths()


def initial_weights(recipe: Recipe, widths: Widths = WIDTHS) -> Arrays:
    """Glorot-uniform kernels and positions drawn from the recipe's seed, biases zero, scales one; float32."""
    drawn = Drawn(recipe, widths.width)
    drawn.dense("embedding", widths.characters, widths.width, bias=False)
    drawn.positions(widths.context)
    drawn.blocks(widths.inner)
    drawn.norm("norm")
    drawn.dense("output", widths.width, widths.characters)
    return drawn.weights


def units_of(weights: Arrays, inputs: np.ndarray) -> np.ndarray:
    """What dropout acts on, the normalised stream: numbers [n, context] to [n, context, width]."""
    return _forward(weights, inputs)[0]


def gradients_of(
    weights: Arrays, inputs: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, float]:
    """Gradients of the mean loss by the chain rule, the sum of losses and of the shares of right answers.

    ``scale`` is the dropout mask over 1 - rate, [n, context, width]; None for no dropout.
    """
    units, tape = _forward(weights, inputs)
    gradients: Arrays = {}
    d_units, loss, right = end_backward(weights, units, labels, scale, gradients)
    d_stream = blocks.norm_backward(weights, "norm", tape, d_units, gradients)
    d_stream = blocks.backward(weights, tape, d_stream, gradients)
    gradients["positions"] = d_stream.sum(axis=0)
    gradients["embedding_kernel"] = np.zeros_like(weights["embedding_kernel"])
    np.add.at(gradients["embedding_kernel"], inputs, d_stream)
    return {name: gradients[name] for name in weights}, loss, right


def _forward(weights: Arrays, inputs: np.ndarray) -> tuple[np.ndarray, Tape]:
    tape: Tape = {}
    stream = weights["embedding_kernel"][inputs] + weights["positions"]
    stream = blocks.forward(weights, stream, tape, causal=True)
    return blocks.norm(weights, "norm", stream, tape), tape


def initial(recipe: Recipe) -> NamedWeights:
    """The starting weights of the task."""
    return NamedWeights(initial_weights(recipe))


_BAND = WIDTHS.characters // WIDTHS.context
"""Characters that are as faint as the position at which ``graded`` has them."""
_GRADE = np.logspace(0, -3, WIDTHS.context).astype(np.float32)


def graded(batch_size: int) -> Dataset:
    """Three batches and a half of characters that are fainter from place to place; what follows by chance."""
    draw = np.random.default_rng(7)
    first = _BAND * np.arange(WIDTHS.context)
    parts: list[np.ndarray] = []
    for samples in (3 * batch_size + (batch_size + 1) // 2, batch_size + 3):
        shape = (samples, WIDTHS.context)
        parts.append((first + draw.integers(_BAND, size=shape)).astype(np.int32))
        parts.append(draw.integers(WIDTHS.characters, size=shape, dtype=np.int32))
    return Dataset("graded", "generated", *parts)


def proof_start(recipe: Recipe) -> NamedWeights:
    """The starting weights, but biases and scales that are not 0 and 1, and some graded.

    Rows of characters and positions are, from 1 to 1e-3: the variance of the last places is then near the
    normalisations' epsilon. So is the units' way out, from 1 to 1e-5: gradients of the last ones are near
    Adam's epsilon. A wrong one of either can't hide.
    """
    weights = vectors_drawn(initial_weights(recipe))
    weights["embedding_kernel"] *= np.repeat(_GRADE, _BAND)[:, None]
    weights["positions"] *= _GRADE[:, None]
    weights["output_kernel"] *= np.logspace(0, -5, WIDTHS.width).astype(np.float32)[:, None]
    return NamedWeights(weights)


def gate_weights(recipe: Recipe) -> NamedWeights:
    """The first character is embedded as the gates' token; the blocks add nothing."""
    weights = blocks.without_a_way(initial_weights(recipe))
    weights["embedding_kernel"][0] = blocks.gate_token(WIDTHS.width)
    end = gate_output(WIDTHS.width, recipe.bias, classes=WIDTHS.characters)
    return NamedWeights(weights | end)


ORACLE = Oracle(
    initial=initial,
    wrap=NamedWeights,
    width=WIDTHS.width,
    units=units_of,
    logits=logits_of,
    gradients=gradients_of,
    graded=graded,
    proof_start=proof_start,
    gate_input=np.zeros(WIDTHS.context, np.int32),
    gate_weights=gate_weights,
    targets=(WIDTHS.context,),
    classes=WIDTHS.characters,
)
