"""How far answers are from a model's own in float64, and by how much those of classes are right."""

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


def are_of_classes(outputs: np.ndarray, targets: np.ndarray) -> bool:
    """Whether targets are class numbers with an output for each class, so that an accuracy can be told."""
    return targets.dtype.kind in "iu" and outputs.shape[:-1] == targets.shape and outputs.shape[-1] > 1


def leads(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How far each target's own output is ahead of the largest other one, [targets]; below 0 it is behind.

    As a share of the largest magnitude among the outputs: 0 where all are 0. A target that is none of the
    classes is behind for certain.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # of a training that runs away nothing is known
        # one by one: together, outputs for each word of a vocabulary would fill the memory twice
        return np.concatenate([_leads(one, own) for one, own in zip(outputs, targets, strict=True)])


def _leads(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    rows = outputs.reshape(-1, outputs.shape[-1]).astype(np.float64)
    labels = np.reshape(targets, -1).astype(np.int64)
    known = (labels >= 0) & (labels < rows.shape[1])
    places = np.arange(len(rows)), np.where(known, labels, 0)
    largest, own = np.abs(rows).max(axis=1), rows[places]
    rows[places] = -np.inf
    ahead = (own - rows.max(axis=1)) / np.maximum(largest, np.finfo(float).tiny)
    return np.where(known, ahead, -1.0)
