"""Rows looked up and added up by PyTorch: eagerly, and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.kernels.embedding.workload import GATHER


def eager(problem: Problem) -> Kernel:
    """``torch.nn.functional.embedding``, or ``Tensor.index_add_`` on zeros."""
    return on_torch.kernel(problem, _work(problem))


def compiled(problem: Problem) -> Kernel:
    """The same through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return on_torch.kernel(problem, on_torch.compiled(_work(problem), problem.device))


def _work(problem: Problem) -> Callable[[Any, Any], Any]:
    vocabulary = problem.axes["vocabulary"]

    def add_up(updates: Any, numbers: Any) -> Any:
        return updates.new_zeros((vocabulary, updates.shape[1])).index_add_(0, numbers, updates)

    return _look_up if problem.axes["what"] == GATHER else add_up


def _look_up(table: Any, numbers: Any) -> Any:
    return torch.nn.functional.embedding(numbers, table)
