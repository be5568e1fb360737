"""Batches by PyTorch's ``DataLoader``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.feeding.epoch import Batches, fed


def without_workers(problem: Problem) -> Kernel:
    """In the process itself."""
    return fed(problem, _with(0), _in_place)


def two_workers(problem: Problem) -> Kernel:
    """In two processes, which are started and ended with each epoch's iterator."""
    return fed(problem, _with(2), _in_place)


def _with(workers: int) -> Callable[[np.ndarray, np.ndarray, int], Batches]:
    def pipeline(images: np.ndarray, labels: np.ndarray, batch: int) -> Batches:
        rows = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
        order = torch.Generator().manual_seed(2020)
        loader = DataLoader(rows, batch, shuffle=True, num_workers=workers, generator=order)

        def epoch() -> Iterable[tuple[Any, Any]]:
            return iter(loader)

        return epoch

    return pipeline


def _in_place(tensor: torch.Tensor) -> np.ndarray:
    return tensor.numpy()
