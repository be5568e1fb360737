"""Batches by grain, JAX's companion for data."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import grain
import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.feeding.epoch import Batches, fed


def dataset(problem: Problem) -> Kernel:
    """A ``MapDataset`` of the rows, shuffled by a seed of the epoch, batched, read by grain's threads."""
    return fed(problem, _pipeline, np.asarray)


class _Rows:
    """Random access to samples, as grain asks it of a source."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self._images, self._labels = images, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        return self._images[row], self._labels[row]


def _pipeline(images: np.ndarray, labels: np.ndarray, batch: int) -> Batches:
    source, seeds = grain.MapDataset.source(_Rows(images, labels)), count(2020)

    def epoch() -> Iterable[tuple[Any, Any]]:
        return iter(source.shuffle(seed=next(seeds)).batch(batch).to_iter_dataset())

    return epoch
