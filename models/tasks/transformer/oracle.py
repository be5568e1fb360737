"""The transformer in plain NumPy, forward and backward by hand. In float64 it is the oracle.

    rows [28, 28] - dense 64 - plus learned positions
    - twice: x + attention(norm(x)), four heads; x + dense 64(GELU(dense 256(norm(x))))
    - mean over the rows - norm - dropout - dense 10

- Attention (Vaswani et al. 2017): ``softmax(q k^T / sqrt(16)) v`` in each head, no mask, no dropout. Its four
  projections have no bias: that of the keys adds the same to all logits of a row, so that its gradient is 0
  and Adam would divide noise by noise.
- Normalisation over the 64 values of a row (Ba et al. 2016): ``(x - mean) / sqrt(var + 1e-5)``, the variance
  by n, times a scale, plus a bias. 1e-5 is PyTorch's default; Keras's is 1e-3, Flax's 1e-6.
- GELU exactly, ``x (1 + erf(x / sqrt(2))) / 2`` (Hendrycks and Gimpel 2016), the default of Keras and of
  PyTorch; JAX's and Flax's is the form by tanh.

With biases the widths of the task make 103,882 weights. Without (``bias=False``) neither dense layers nor
normalisations have one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from likeforlike.models.contract.network import NamedWeights
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.contract.trainer import Dataset
from likeforlike.models.tasks.oracle.arithmetic import (
    Arrays,
    affine,
    affine_backward,
    end_backward,
    glorot_uniform,
    logits_of,
    softmax,
)
from likeforlike.models.tasks.oracle.network import Oracle, gate_output, graded_images, vectors_drawn

EPSILON = 1e-5
"""Of the normalisations."""
HEADS = 4
BLOCKS = 2


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
    draw = np.random.default_rng(recipe.seed)
    weights: Arrays = {}
    width = widths.width

    def dense(name: str, inputs: int, outputs: int, bias: bool = recipe.bias) -> None:
        weights[f"{name}_kernel"] = glorot_uniform(draw, (inputs, outputs))
        if bias:
            weights[f"{name}_bias"] = np.zeros(outputs, np.float32)

    def norm(name: str) -> None:
        weights[f"{name}_scale"] = np.ones(width, np.float32)
        if recipe.bias:
            weights[f"{name}_bias"] = np.zeros(width, np.float32)

    dense("embedding", widths.columns, width)
    weights["positions"] = glorot_uniform(draw, (widths.rows, width))
    for block in range(1, BLOCKS + 1):
        norm(f"block{block}_norm1")
        for name in ("query", "key", "value", "attended"):
            dense(f"block{block}_{name}", width, width, bias=False)
        norm(f"block{block}_norm2")
        dense(f"block{block}_inner", width, widths.inner)
        dense(f"block{block}_outer", widths.inner, width)
    norm("norm")
    dense("output", width, widths.classes)
    return weights


def units_of(weights: Arrays, inputs: np.ndarray) -> np.ndarray:
    """What dropout acts on, the normalised mean over the rows: [n, rows * columns] to [n, width]."""
    return _forward(weights, inputs)[0]


def gradients_of(
    weights: Arrays, inputs: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, int]:
    """Gradients of the mean loss by the chain rule, the sum of losses and the right answers.

    ``scale`` is the dropout mask over 1 - rate, [n, width]; None for no dropout.
    """
    units, tape = _forward(weights, inputs)
    gradients: Arrays = {}
    d_units, loss, right = end_backward(weights, units, labels, scale, gradients)
    d_mean = _norm_backward(weights, "norm", tape["norm"], d_units, gradients)
    rows = tape["tokens"].shape[1]
    d_stream = np.repeat(d_mean[:, None] / rows, rows, axis=1)
    for block in range(BLOCKS, 0, -1):
        d_stream = d_stream + _mlp_backward(weights, f"block{block}", tape, d_stream, gradients)
        d_stream = d_stream + _attention_backward(weights, f"block{block}", tape, d_stream, gradients)
    gradients["positions"] = d_stream.sum(axis=0)
    affine_backward(weights, "embedding", tape["tokens"], d_stream, gradients)
    return {name: gradients[name] for name in weights}, loss, right


Tape = dict[str, Any]
"""What the backward pass needs of the forward pass."""


def _forward(weights: Arrays, inputs: np.ndarray) -> tuple[np.ndarray, Tape]:
    columns, (rows, _) = weights["embedding_kernel"].shape[0], weights["positions"].shape
    tape: Tape = {"tokens": inputs.reshape(-1, rows, columns)}
    stream = affine(weights, "embedding", tape["tokens"]) + weights["positions"]
    for block in range(1, BLOCKS + 1):
        stream = stream + _attention(weights, f"block{block}", stream, tape)
        stream = stream + _mlp(weights, f"block{block}", stream, tape)
    return _norm(weights, "norm", stream.mean(axis=1), tape), tape


def _norm(weights: Arrays, name: str, inputs: np.ndarray, tape: Tape) -> np.ndarray:
    centred = inputs - inputs.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    tape[name] = (centred / deviation, deviation)
    outputs = tape[name][0] * weights[f"{name}_scale"]
    return outputs + weights[f"{name}_bias"] if f"{name}_bias" in weights else outputs


def _norm_backward(
    weights: Arrays, name: str, tape: Any, d_outputs: np.ndarray, gradients: Arrays
) -> np.ndarray:
    """With y = (x - mean) / s and g the gradient by y: (g - mean(g) - y mean(g y)) / s."""
    normalised, deviation = tape
    others = tuple(range(d_outputs.ndim - 1))
    gradients[f"{name}_scale"] = (d_outputs * normalised).sum(axis=others)
    if f"{name}_bias" in weights:
        gradients[f"{name}_bias"] = d_outputs.sum(axis=others)
    d = d_outputs * weights[f"{name}_scale"]
    along = (d * normalised).mean(axis=-1, keepdims=True)
    return (d - d.mean(axis=-1, keepdims=True) - normalised * along) / deviation


def _split(rows: np.ndarray) -> np.ndarray:
    """The values of each head: [n, rows, width] to [n, heads, rows, width / heads]."""
    n, count, width = rows.shape
    return rows.reshape(n, count, HEADS, width // HEADS).transpose(0, 2, 1, 3)


def _join(heads: np.ndarray) -> np.ndarray:
    n, _, count, size = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(n, count, HEADS * size)


def _attention(weights: Arrays, block: str, stream: np.ndarray, tape: Tape) -> np.ndarray:
    inputs = _norm(weights, f"{block}_norm1", stream, tape)
    query, key, value = (
        _split(affine(weights, f"{block}_{name}", inputs)) for name in ("query", "key", "value")
    )
    shares = softmax(query @ key.swapaxes(2, 3) / math.sqrt(query.shape[3]))
    attended = _join(shares @ value)
    tape[f"{block}_attention"] = (inputs, query, key, value, shares, attended)
    return affine(weights, f"{block}_attended", attended)


def _attention_backward(
    weights: Arrays, block: str, tape: Tape, d_outputs: np.ndarray, gradients: Arrays
) -> np.ndarray:
    inputs, query, key, value, shares, attended = tape[f"{block}_attention"]
    back = partial(affine_backward, weights)
    d_heads = _split(back(f"{block}_attended", attended, d_outputs, gradients))
    d_shares = d_heads @ value.swapaxes(2, 3)
    d_scores = shares * (d_shares - (d_shares * shares).sum(axis=3, keepdims=True))
    d_scores /= math.sqrt(query.shape[3])
    d_inputs = back(f"{block}_query", inputs, _join(d_scores @ key), gradients)
    d_inputs = d_inputs + back(f"{block}_key", inputs, _join(d_scores.swapaxes(2, 3) @ query), gradients)
    d_inputs += back(f"{block}_value", inputs, _join(shares.swapaxes(2, 3) @ d_heads), gradients)
    return _norm_backward(weights, f"{block}_norm1", tape[f"{block}_norm1"], d_inputs, gradients)


def _mlp(weights: Arrays, block: str, stream: np.ndarray, tape: Tape) -> np.ndarray:
    from scipy.special import erf  # not for listings, which import this module

    inputs = _norm(weights, f"{block}_norm2", stream, tape)
    sums = affine(weights, f"{block}_inner", inputs)
    below = (1 + erf(sums * sums.dtype.type(math.sqrt(0.5)))) / 2
    tape[f"{block}_mlp"] = (inputs, sums, below)
    return affine(weights, f"{block}_outer", sums * below)


def _mlp_backward(
    weights: Arrays, block: str, tape: Tape, d_outputs: np.ndarray, gradients: Arrays
) -> np.ndarray:
    """GELU is x P(x) with the normal distribution's P, its derivative P(x) + x p(x)."""
    inputs, sums, below = tape[f"{block}_mlp"]
    d_gelu = affine_backward(weights, f"{block}_outer", sums * below, d_outputs, gradients)
    density = np.exp(-(sums**2) / 2) / math.sqrt(2 * math.pi)
    d_sums = d_gelu * (below + sums * density)
    d_inputs = affine_backward(weights, f"{block}_inner", inputs, d_sums, gradients)
    return _norm_backward(weights, f"{block}_norm2", tape[f"{block}_norm2"], d_inputs, gradients)


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
    """Every row is embedded as 1000 in its first half and -1000 in its second; the blocks add nothing.

    Normalised that is 1 and -1: epsilon is 1e-11 of the variance.
    """
    weights = {
        name: np.ones_like(array) if name.endswith("scale") else np.zeros_like(array)
        for name, array in initial_weights(recipe).items()
    }
    half = WIDTHS.width // 2
    weights["embedding_kernel"][0] = np.repeat([1000, -1000], half)
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
    gate_image=_gate_image(),
    gate_weights=gate_weights,
)
