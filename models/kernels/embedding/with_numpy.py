"""Rows looked up and added up by NumPy."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.embedding.workload import GATHER


def plain(problem: Problem) -> Kernel:
    """``numpy.take``, or ``numpy.add.at`` on zeros."""
    vocabulary = problem.axes["vocabulary"]

    def look_up(table: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        return np.take(table, numbers, axis=0)

    def add_up(updates: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        total = np.zeros((vocabulary, updates.shape[1]), updates.dtype)
        np.add.at(total, numbers, updates)
        return total

    return kernel(problem, look_up if problem.axes["what"] == GATHER else add_up)
