"""How far answers of a model are from its own in float64, sample by sample."""

from __future__ import annotations

import numpy as np

SMALLEST_NORM = 1e-3
"""Of the largest: an answer nearer to 0 is held as if it were so large, since rounding decides the rest."""


def errors(found: np.ndarray, right: np.ndarray, largest: float) -> np.ndarray:
    """Of each of n answers, relative to its norm, [n]. ``largest``: the largest norm of any answer."""
    mine, truth = (array.reshape(len(right), -1).astype(np.float64) for array in (found, right))
    least = np.maximum(np.linalg.norm(truth, axis=1), SMALLEST_NORM * largest)
    return np.linalg.norm(mine - truth, axis=1) / np.maximum(least, np.finfo(float).tiny)


def largest_norm(answers: np.ndarray) -> float:
    """Of any of the answers [n, ...]."""
    return float(np.linalg.norm(answers.reshape(len(answers), -1), axis=1).max())
