"""The twins and the call that does nothing."""

from __future__ import annotations

from functools import partial

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem


def twin(problem: Problem) -> Kernel:
    """One product; two entries share it."""
    return Kernel(call=partial(np.matmul, *problem.operands))


def nothing(problem: Problem) -> Kernel:
    """Return None at once."""
    return Kernel(call=_do_nothing, to_numpy=lambda result: result)


def _do_nothing() -> None:
    return None
