"""Eigenvalues and eigenvectors by NumPy."""

from __future__ import annotations

from functools import partial

import numpy as np

from likeforlike.models.contract.kernel import Kernel, each
from likeforlike.models.contract.workload import Problem


def eigh(problem: Problem) -> Kernel:
    """``numpy.linalg.eigh``."""
    return Kernel(call=partial(np.linalg.eigh, *problem.operands), to_numpy=partial(each, np.asarray))
