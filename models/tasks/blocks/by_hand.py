"""The blocks in plain NumPy, forward and backward by hand. In float64 they are part of an oracle.

    twice: x + attention(norm(x)), four heads; x + dense(GELU(dense(norm(x))))

- Attention (Vaswani et al. 2017): ``softmax(q k^T / sqrt(size of a head)) v`` in each head, no dropout;
  ``causal``: of earlier tokens and the own one alone. Its four projections have no bias: that of the keys
  adds the same to all logits of a row, so that its gradient is 0 and Adam would divide noise by noise.
- Normalisation over the values of a token (Ba et al. 2016): ``(x - mean) / sqrt(var + 1e-5)``, the variance
  by n, times a scale, plus a bias. 1e-5 is PyTorch's default; Keras's is 1e-3, Flax's 1e-6.
- GELU exactly, ``x (1 + erf(x / sqrt(2))) / 2`` (Hendrycks and Gimpel 2016), the default of Keras and of
  PyTorch; JAX's and Flax's is the form by tanh.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.oracle.arithmetic import (
    Arrays,
    affine,
    affine_backward,
    glorot_uniform,
    softmax,
)

EPSILON = 1e-5
"""Of the normalisations."""
HEADS = 4
BLOCKS = ("block1", "block2")

Tape = dict[str, Any]
"""What the backward pass needs of the forward pass."""


class Drawn:
    """Starting weights, layer by layer: Glorot-uniform kernels and positions drawn from the recipe's seed,
    biases 0, scales 1; float32. With ``bias=False`` neither dense layers nor normalisations have a bias.
    """

    def __init__(self, recipe: Recipe, width: int) -> None:
        self.bias, self.width = recipe.bias, width
        self.weights: Arrays = {}
        self._draw = np.random.default_rng(recipe.seed)

    def dense(self, name: str, inputs: int, outputs: int, bias: bool = True) -> None:
        """A kernel [inputs, outputs] and, where the recipe has biases, one."""
        self.weights[f"{name}_kernel"] = glorot_uniform(self._draw, (inputs, outputs))
        if bias and self.bias:
            self.weights[f"{name}_bias"] = np.zeros(outputs, np.float32)

    def positions(self, places: int) -> None:
        """What is added to the token of each place, [places, width]."""
        self.weights["positions"] = glorot_uniform(self._draw, (places, self.width))

    def norm(self, name: str) -> None:
        """A normalisation over the width."""
        self.weights[f"{name}_scale"] = np.ones(self.width, np.float32)
        if self.bias:
            self.weights[f"{name}_bias"] = np.zeros(self.width, np.float32)

    def blocks(self, inner: int) -> None:
        """All of them."""
        for block in BLOCKS:
            self.norm(f"{block}_norm1")
            for name in ("query", "key", "value", "attended"):
                self.dense(f"{block}_{name}", self.width, self.width, bias=False)
            self.norm(f"{block}_norm2")
            self.dense(f"{block}_inner", self.width, inner)
            self.dense(f"{block}_outer", inner, self.width)


def forward(weights: Arrays, stream: np.ndarray, tape: Tape, causal: bool = False) -> np.ndarray:
    """All blocks: [n, tokens, width], the same shape."""
    for block in BLOCKS:
        stream = stream + _attention(weights, block, stream, tape, causal)
        stream = stream + _mlp(weights, block, stream, tape)
    return stream


def backward(weights: Arrays, tape: Tape, d_stream: np.ndarray, gradients: Arrays) -> np.ndarray:
    """Gradient by what went into the first block; those by the weights are added to ``gradients``."""
    for block in reversed(BLOCKS):
        d_stream = d_stream + _mlp_backward(weights, block, tape, d_stream, gradients)
        d_stream = d_stream + _attention_backward(weights, block, tape, d_stream, gradients)
    return d_stream


def norm(weights: Arrays, name: str, inputs: np.ndarray, tape: Tape) -> np.ndarray:
    """Normalised over the last axis, scaled and shifted."""
    centred = inputs - inputs.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    tape[name] = (centred / deviation, deviation)
    outputs = tape[name][0] * weights[f"{name}_scale"]
    return outputs + weights[f"{name}_bias"] if f"{name}_bias" in weights else outputs


def norm_backward(
    weights: Arrays, name: str, tape: Tape, d_outputs: np.ndarray, gradients: Arrays
) -> np.ndarray:
    """With y = (x - mean) / s and g the gradient by y: (g - mean(g) - y mean(g y)) / s."""
    normalised, deviation = tape[name]
    others = tuple(range(d_outputs.ndim - 1))
    gradients[f"{name}_scale"] = (d_outputs * normalised).sum(axis=others)
    if f"{name}_bias" in weights:
        gradients[f"{name}_bias"] = d_outputs.sum(axis=others)
    d = d_outputs * weights[f"{name}_scale"]
    along = (d * normalised).mean(axis=-1, keepdims=True)
    return (d - d.mean(axis=-1, keepdims=True) - normalised * along) / deviation


def _split(rows: np.ndarray) -> np.ndarray:
    """The values of each head: [n, tokens, width] to [n, heads, tokens, width / heads]."""
    n, count, width = rows.shape
    return rows.reshape(n, count, HEADS, width // HEADS).transpose(0, 2, 1, 3)


def _join(heads: np.ndarray) -> np.ndarray:
    n, _, count, size = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(n, count, HEADS * size)


def _attention(weights: Arrays, block: str, stream: np.ndarray, tape: Tape, causal: bool) -> np.ndarray:
    inputs = norm(weights, f"{block}_norm1", stream, tape)
    query, key, value = (
        _split(affine(weights, f"{block}_{name}", inputs)) for name in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(2, 3) / math.sqrt(query.shape[3])
    if causal:
        scores[..., ~np.tri(scores.shape[3], dtype=bool)] = -np.inf
    shares = softmax(scores)
    attended = _join(shares @ value)
    tape[f"{block}_attention"] = (inputs, query, key, value, shares, attended)
    return affine(weights, f"{block}_attended", attended)


def _attention_backward(
    weights: Arrays, block: str, tape: Tape, d_outputs: np.ndarray, gradients: Arrays
) -> np.ndarray:
    """A token that is hidden has no share, and so no gradient."""
    inputs, query, key, value, shares, attended = tape[f"{block}_attention"]
    back = partial(affine_backward, weights)
    d_heads = _split(back(f"{block}_attended", attended, d_outputs, gradients))
    d_shares = d_heads @ value.swapaxes(2, 3)
    d_scores = shares * (d_shares - (d_shares * shares).sum(axis=3, keepdims=True))
    d_scores /= math.sqrt(query.shape[3])
    d_inputs = back(f"{block}_query", inputs, _join(d_scores @ key), gradients)
    d_inputs = d_inputs + back(f"{block}_key", inputs, _join(d_scores.swapaxes(2, 3) @ query), gradients)
    d_inputs += back(f"{block}_value", inputs, _join(shares.swapaxes(2, 3) @ d_heads), gradients)
    return norm_backward(weights, f"{block}_norm1", tape, d_inputs, gradients)


def _mlp(weights: Arrays, block: str, stream: np.ndarray, tape: Tape) -> np.ndarray:
    from scipy.special import erf  # not for listings, which import this module

    inputs = norm(weights, f"{block}_norm2", stream, tape)
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
    return norm_backward(weights, f"{block}_norm2", tape, d_inputs, gradients)


def without_a_way(weights: Arrays) -> Arrays:
    """Scales 1 and all else 0: blocks that add nothing, for ``gate_weights``."""
    return {
        name: np.ones_like(array) if name.endswith("scale") else np.zeros_like(array)
        for name, array in weights.items()
    }


def gate_token(width: int) -> np.ndarray:
    """A token of 1000 in its first half and -1000 in its second, [width].

    Normalised that is 1 and -1: epsilon is 1e-11 of the variance.
    """
    return np.repeat(np.array([1000, -1000], np.float32), width // 2)


def products_of_a_block(tokens: int, width: int, inner: int) -> int:
    """Products of two numbers, forward: projections, scores and values, the dense layers.

    Of a causal one all the same: what is hidden is multiplied before it is left out.
    """
    return tokens * width * (4 * width + 2 * tokens + 2 * inner)
