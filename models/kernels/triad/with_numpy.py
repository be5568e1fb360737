"""a = b + s c by NumPy, into an array that is there already, in two passes."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.triad.workload import SCALAR


def plain(problem: Problem) -> Kernel:
    """The product written to ``a``, then ``b`` added to it: five arrays pass through memory, not three."""
    kept = np.zeros_like(problem.operands[0])

    def work(b: np.ndarray, c: np.ndarray) -> np.ndarray:
        np.multiply(c, SCALAR, out=kept)
        np.add(kept, b, out=kept)
        return kept

    return kernel(problem, work)
