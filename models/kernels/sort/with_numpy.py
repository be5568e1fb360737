"""Sorting by NumPy."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def plain(problem: Problem) -> Kernel:
    """One pass over the matrix for each operation."""
    return kernel(problem, _work)


def _work(x: np.ndarray) -> np.ndarray:
    return np.sort(x, axis=1)
