"""Operands in a framework's own order of axes, and its answer in the workload's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem

Order = tuple[int, ...]


def arranged(problem: Problem, orders: Sequence[Order]) -> Problem:
    """The problem with each operand's axes in an order, contiguous; untimed. The first axis stays first."""
    pairs = zip(problem.operands, orders, strict=True)
    return replace(problem, operands=tuple(np.ascontiguousarray(np.transpose(*pair)) for pair in pairs))


def answering(kernel: Kernel, order: Order) -> Kernel:
    """The kernel, whose answer on the host has its axes in an order; its results stay as they are."""
    to_numpy = kernel.to_numpy

    def rearranged(result: Any) -> Any:
        return np.transpose(to_numpy(result), order)

    return replace(kernel, to_numpy=rearranged)
