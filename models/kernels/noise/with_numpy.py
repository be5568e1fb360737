"""The twins and the call that does nothing."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def twin(problem: Problem) -> Kernel:
    """One product; two entries share it."""
    return kernel(problem, np.matmul)


def nothing(problem: Problem) -> Kernel:
    """Return None at once; it has no operands that could change."""
    return Kernel(call=_do_nothing, to_numpy=lambda result: result, change=lambda rows, factors: None)


def _do_nothing() -> None:
    return None
