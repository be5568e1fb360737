"""The product by NumPy's BLAS."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def product(problem: Problem) -> Kernel:
    """``numpy.matmul``."""
    return kernel(problem, np.matmul)
