"""Whether two models are one network: with the same weights the same outputs, gradients and updates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from likeforlike.models.tasks.own.bringing.reference import EARLY, Course

TOLERANCE = 1e-5
"""Relative, of outputs and losses in float64: half of float32's digits are more, since some layers hold
constants in float32."""
OF_GRADIENTS, OF_MOVEMENT = 1e-4, 1e-3
"""Relative, of an array's norm: gradients sum over samples and places, Adam divides by small ones."""


@dataclass(frozen=True)
class Compared:
    """What one model's first steps gave, by canonical name and in canonical layout."""

    outputs: np.ndarray
    loss: float
    gradients: Mapping[str, np.ndarray]
    moved: Mapping[str, np.ndarray]
    """After :data:`~likeforlike.models.tasks.own.bringing.reference.EARLY` steps."""


def compared(course: Course, outputs: np.ndarray) -> Compared:
    """What of a course is compared; by the names that it has."""
    return Compared(outputs, course.first_loss, course.gradients, course.early)


def disagreement(
    first: Compared,
    other: Compared,
    mode: str,
    batch_size: int,
    least: float,
    variances: Collection[str] = (),
) -> str:
    """In what they differ first, in one line; empty where they agree.

    ``least``: what the norm of a movement must reach, in each number, to mean anything. ``variances``: the
    running ones, which frameworks take with n or n - 1 in the denominator.
    """
    if first.outputs.shape != other.outputs.shape:
        return f"outputs have the shapes {first.outputs.shape} and {other.outputs.shape}"
    scale = float(np.abs(first.outputs).max()) or 1.0
    apart = float(np.abs(first.outputs - other.outputs).max()) / scale
    if not apart <= TOLERANCE:
        return f"with the same weights their outputs in inference are {apart:.2g} of the largest apart"
    if not abs(first.loss - other.loss) <= TOLERANCE * max(abs(first.loss), 1e-3):
        return f"losses of one batch, as in {mode}, are {first.loss:.6g} and {other.loss:.6g}"
    largest = max((_rms(g) for g in first.gradients.values()), default=0.0)
    for name, gradient in first.gradients.items():
        off = _rms(gradient - other.gradients[name])
        if not off <= max(OF_GRADIENTS * _rms(gradient), 1e-8 * largest):
            share = off / (_rms(gradient) or 1.0)
            return f"gradients of {name}, as in {mode}, are {share:.2g} of their size apart"
    for name, moved in first.moved.items():
        off, size = _rms(moved - other.moved[name]), _rms(moved)
        allowed = OF_MOVEMENT * max(size, least)
        if name in variances:
            allowed += 2.0 * size / max(batch_size - 1, 1) + 2.0 * _rms(other.moved[name]) / max(
                batch_size - 1, 1
            )
        if not off <= allowed:
            share = off / (size or 1.0)
            return f"{name} after {EARLY} steps, as in {mode}, is {share:.2g} of its movement apart"
    return ""


def _rms(array: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) if array.size else 0.0
