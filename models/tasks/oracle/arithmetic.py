"""Layers by hand in NumPy, forward and backward, in whatever precision they are given.

A backward function takes the gradient of the loss by the layer's output, and what it needs of the forward
pass; it returns the gradient by the input and those by the weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

Arrays = dict[str, np.ndarray]
"""Weights or gradients by their canonical names; kernels in Keras's layout."""


def glorot_uniform(
    generator: np.random.Generator, shape: tuple[int, ...], fans: tuple[int, int] | None = None
) -> np.ndarray:
    """Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), float32.

    ``fans`` are (inputs, outputs); left out they are the last two axes times the receptive field before
    them, as Keras counts them.
    """
    field = math.prod(shape[:-2])
    inputs, outputs = fans or (shape[-2] * field, shape[-1] * field)
    limit = math.sqrt(6 / (inputs + outputs))
    return generator.uniform(-limit, limit, shape).astype(np.float32)


def affine(weights: Mapping[str, np.ndarray], name: str, inputs: np.ndarray) -> np.ndarray:
    """``inputs @ kernel``, and the bias if the weights have one; [..., in] to [..., out]."""
    sums = inputs @ weights[f"{name}_kernel"]
    if f"{name}_bias" in weights:
        sums += weights[f"{name}_bias"]
    return sums


def affine_backward(
    weights: Mapping[str, np.ndarray], name: str, inputs: np.ndarray, d_sums: np.ndarray, gradients: Arrays
) -> np.ndarray:
    """Gradient by the inputs; those of kernel and bias are added to ``gradients`` under their names."""
    kernel = weights[f"{name}_kernel"]
    rows, d_rows = inputs.reshape(-1, kernel.shape[0]), d_sums.reshape(-1, kernel.shape[1])
    gradients[f"{name}_kernel"] = rows.T @ d_rows
    if f"{name}_bias" in weights:
        gradients[f"{name}_bias"] = d_rows.sum(axis=0)
    return d_sums @ kernel.T


def logits_of(weights: Mapping[str, np.ndarray], units: np.ndarray) -> np.ndarray:
    """Logits [n, ..., classes] of the units after dropout: the dense layer in which every network ends."""
    return affine(weights, "output", units)


def end_backward(
    weights: Mapping[str, np.ndarray],
    units: np.ndarray,
    labels: np.ndarray,
    scale: np.ndarray | None,
    gradients: Arrays,
) -> tuple[np.ndarray, float, float]:
    """Dropout, the layer ``output`` and the mean loss: gradient by the units before dropout, and the scores.

    ``scale`` is the dropout mask over 1 - rate, in the units' shape; None for no dropout. The scores: see
    :func:`score_sums`; the layer's gradients are added to ``gradients``.
    """
    kept = units if scale is None else units * scale
    logits = logits_of(weights, kept)
    d_units = affine_backward(weights, "output", kept, mean_loss_backward(logits, labels), gradients)
    return d_units if scale is None else d_units * scale, *score_sums(logits, labels)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def losses_of(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each sample's crossentropy of the softmax, ``logsumexp(z) - z[label]``, [n].

    Logits are [n, ..., classes], labels [n, ...]; of several labels it is the mean.
    """
    top = logits.max(axis=-1)
    sums = np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    own = np.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]
    return _by_sample(top + sums - own)


def score_sums(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Sum of the samples' losses, and of each one's share of right answers."""
    return float(losses_of(logits, labels).sum()), float(shares_right(logits, labels).sum())


def shares_right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of each sample the share of its labels that have the largest logit, [n]."""
    return _by_sample((logits.argmax(axis=-1) == labels).astype(np.float64))


def mean_loss_backward(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Gradient of the mean loss by the logits: (softmax - one-hot) over the number of labels."""
    d_logits = softmax(logits)
    rows = d_logits.reshape(-1, d_logits.shape[-1])  # a view
    rows[np.arange(labels.size), labels.ravel()] -= 1
    d_logits /= labels.size
    return d_logits


def _by_sample(values: np.ndarray) -> np.ndarray:
    """Means over all axes but the first."""
    return values if values.ndim == 1 else values.reshape(len(values), -1).mean(axis=1)


def in_precision(inputs: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Inputs in that precision; whole numbers, as of characters, as they are."""
    return inputs.astype(dtype, copy=False) if inputs.dtype.kind == "f" else inputs
