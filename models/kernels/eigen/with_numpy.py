"""Eigenvalues and eigenvectors by NumPy."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def eigh(problem: Problem) -> Kernel:
    """``numpy.linalg.eigh``."""
    return kernel(problem, np.linalg.eigh)
