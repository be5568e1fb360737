"""Products and convolutions in NumPy, plainly: what a traced one is held against. Imports no framework."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def convolution(
    inputs: np.ndarray,
    kernel: np.ndarray,
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    spread: Sequence[int],
    reach: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Inputs [n, channels, ...] by a kernel [features, channels / groups, ...], not flipped.

    ``spread``: distance of the inputs' values, zeros between them, as in a transposed convolution;
    ``reach``: distance of the kernel's. Padding may be negative, which cuts.
    """
    inputs = _spread_out(inputs, spread)
    inputs = np.pad(inputs, [(0, 0), (0, 0), *((max(low, 0), max(high, 0)) for low, high in padding)])
    cut = tuple(
        slice(max(-low, 0), size - max(-high, 0))
        for (low, high), size in zip(padding, inputs.shape[2:], strict=True)
    )
    inputs = _within(inputs, cut)
    sizes = [
        (size - (window - 1) * step - 1) // stride + 1
        for size, window, step, stride in zip(inputs.shape[2:], kernel.shape[2:], reach, strides, strict=True)
    ]
    parts = []
    for part, weights in zip(np.split(inputs, groups, axis=1), np.split(kernel, groups), strict=True):
        found = np.zeros((len(inputs), len(weights), *sizes))
        for place in itertools.product(*map(range, kernel.shape[2:])):
            rows = tuple(
                slice(at * step, at * step + stride * (size - 1) + 1, stride)
                for at, step, stride, size in zip(place, reach, strides, sizes, strict=True)
            )
            shifted = _within(part, rows)
            found += np.einsum("nc...,fc->nf...", shifted, _within(weights, place))
        parts.append(found)
    return np.concatenate(parts, axis=1)


def _within(array: np.ndarray, places: Sequence[Any]) -> np.ndarray:
    """Of the axes after the first two these slices or numbers."""
    return array[(slice(None), slice(None), *places)]


def _spread_out(inputs: np.ndarray, spread: Sequence[int]) -> np.ndarray:
    sizes = [(size - 1) * step + 1 for size, step in zip(inputs.shape[2:], spread, strict=True)]
    wide = np.zeros((*inputs.shape[:2], *sizes), inputs.dtype)
    _within(wide, [slice(None, None, step) for step in spread])[:] = inputs
    return wide


def relative_error(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest difference over the largest number; infinity for another shape."""
    if np.shape(found) != np.shape(exact):
        return float("inf")
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def gradient_error(
    gradient: np.ndarray, slopes: np.ndarray, convolved: Callable[[np.ndarray], np.ndarray]
) -> float:
    """Of a convolution's gradient by one of its operands, relative, by a drawn operand in that one's place.

    A convolution is linear in both: <slopes, conv(x, w)> is <dx, x> and <dw, w>.
    """
    other = np.random.default_rng(2).normal(size=gradient.shape)
    expected = (slopes * convolved(other)).sum()
    size = np.sqrt((gradient**2).sum() * (other**2).sum())
    return float(abs((gradient * other).sum() - expected) / size)
