"""The transformer in plain NumPy, forward and backward by hand. In float64 it is the oracle.

    rows [28, 28] - dense 64 - plus learned positions
    - two blocks (:mod:`likeforlike.models.tasks.blocks.by_hand`): attention in four heads, dense 256
    - mean over the rows - norm - dropout - dense 10

With biases the widths of the task make 103,882 weights. Without (``bias=False``) neither dense layers nor
normalisations have one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.blocks import by_hand as blocks
from likeforlike.models.tasks.blocks.by_hand import Drawn, Tape
from likeforlike.models.tasks.oracle.arithmetic import (
    Arrays,
    affine,
    affine_backward,
    end_backward,
    logits_of,
)
from likeforlike.models.tasks.oracle.network import Oracle, gate_output, graded_images, vectors_drawn


@dataclass(frozen=True)
class Widths:
    """Sizes of the network; the tests take smaller ones."""

    rows: int = 28
    columns: int = 28
    width: int = 64
    inner: int = 256
    classes: int = 10


WIDTHS = Widths()


def initial_weights(recipe: Recipe, widths: Widths = WIDTHS) -> Arrays:
    """Glorot-uniform kernels and positions drawn from the recipe's seed, biases zero, scales one; float32."""
    drawn = Drawn(recipe, widths.width)
    drawn.dense("embedding", widths.columns, widths.width)
    drawn.positions(widths.rows)
    drawn.blocks(widths.inner)
    drawn.norm("norm")
    drawn.dense("output", widths.width, widths.classes)
    return drawn.weights


def units_of(weights: Arrays, inputs: np.ndarray) -> np.ndarray:
    """What dropout acts on, the normalised mean over the rows: [n, rows * columns] to [n, width]."""
    return _forward(weights, inputs)[0]


def gradients_of(
    weights: Arrays, inputs: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, float]:
    """Gradients of the mean loss by the chain rule, the sum of losses and the right answers.

    ``scale`` is the dropout mask over 1 - rate, [n, width]; None for no dropout.
    """
    units, tape = _forward(weights, inputs)
    gradients: Arrays = {}
    d_units, loss, right = end_backward(weights, units, labels, scale, gradients)
    d_mean = blocks.norm_backward(weights, "norm", tape, d_units, gradients)
    rows = tape["tokens"].shape[1]
    d_stream = np.repeat(d_mean[:, None] / rows, rows, axis=1)
    d_stream = blocks.backward(weights, tape, d_stream, gradients)
    gradients["positions"] = d_stream.sum(axis=0)
    affine_backward(weights, "embedding", tape["tokens"], d_stream, gradients)
    return {name: gradients[name] for name in weights}, loss, right


def _forward(weights: Arrays, inputs: np.ndarray) -> tuple[np.ndarray, Tape]:
    columns, (rows, _) = weights["embedding_kernel"].shape[0], weights["positions"].shape
    tape: Tape = {"tokens": inputs.reshape(-1, rows, columns)}
    stream = affine(weights, "embedding", tape["tokens"]) + weights["positions"]
    stream = blocks.forward(weights, stream, tape)
    return blocks.norm(weights, "norm", stream.mean(axis=1), tape), tape


def initial(recipe: Recipe) -> NamedWeights:
    """The starting weights of the task."""
    return NamedWeights(initial_weights(recipe))


def graded(batch_size: int) -> Dataset:
    """Three batches and a half of noise, its rows graded from 1 down to 1e-3, as the positions are."""
    return graded_images(batch_size, np.repeat(_GRADE, 28).astype(np.float32))


def proof_start(recipe: Recipe) -> NamedWeights:
    """The starting weights, but biases and scales that are not 0 and 1, and positions graded by row.

    The variance of the last rows is then near the normalisations' epsilon, so that a wrong one can't hide.
    """
    weights = vectors_drawn(initial_weights(recipe))
    weights["positions"] = weights["positions"] * _GRADE[:, None].astype(np.float32)
    if recipe.bias:
        weights["embedding_bias"] = np.zeros_like(weights["embedding_bias"])
    return NamedWeights(weights)


_GRADE = np.logspace(0, -3, 28)


def gate_weights(recipe: Recipe) -> NamedWeights:
    """Every row is embedded as the gates' token; the blocks add nothing."""
    weights = blocks.without_a_way(initial_weights(recipe))
    weights["embedding_kernel"][0] = blocks.gate_token(WIDTHS.width)
    return NamedWeights(weights | gate_output(WIDTHS.width, recipe.bias))


def _gate_image() -> np.ndarray:
    rows = np.zeros((WIDTHS.rows, WIDTHS.columns), np.float32)
    rows[:, 0] = 1
    return rows.ravel()


ORACLE = Oracle(
    initial=initial,
    wrap=NamedWeights,
    width=WIDTHS.width,
    units=units_of,
    logits=logits_of,
    gradients=gradients_of,
    graded=graded,
    proof_start=proof_start,
    gate_input=_gate_image(),
    gate_weights=gate_weights,
)
