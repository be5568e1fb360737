"""Batches by indexing arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.feeding.epoch import Batches, fed


def arrays(problem: Problem) -> Kernel:
    """A permutation an epoch, and each batch its part of it."""
    return fed(problem, _pipeline, np.asarray)


def _pipeline(images: np.ndarray, labels: np.ndarray, batch: int) -> Batches:
    draw = np.random.default_rng(2020)

    def epoch() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order = draw.permutation(len(labels))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            yield images[rows], labels[rows]

    return epoch
