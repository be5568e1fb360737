"""The product by PyTorch: eagerly, and compiled."""

from __future__ import annotations

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch


def eager(problem: Problem) -> Kernel:
    """``torch.matmul``."""
    return on_torch.kernel(problem, torch.matmul)


def compiled(problem: Problem) -> Kernel:
    """``torch.matmul`` through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return on_torch.kernel(problem, on_torch.compiled(torch.matmul, problem.device))
