"""Kernels on NumPy: the operands are host arrays, of which the first is changed in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from likeforlike.models.contract.change import SharedBuffer
from likeforlike.models.contract.kernel import Kernel, each
from likeforlike.models.contract.workload import Problem


def kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """A kernel of ``work(*operands)``; NumPy has no say in where it runs, and copies nothing."""
    operands: list[np.ndarray] = list(problem.operands)
    buffers: list[SharedBuffer] = []

    def call() -> Any:
        return work(*operands)

    def change(rows: slice, factors: np.ndarray) -> None:
        if not buffers:  # the first call has found the problem's own arrays
            buffers.append(SharedBuffer(problem.operands[0]))
            operands[0] = buffers[0].array
        buffers[0].change(rows, factors)

    return Kernel(call, to_numpy=partial(each, np.asarray), change=change)
