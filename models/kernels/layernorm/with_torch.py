"""Layer normalisation by PyTorch: eagerly, and compiled."""

from __future__ import annotations

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.kernels.layernorm.workload import EPSILON


def eager(problem: Problem) -> Kernel:
    """As PyTorch has it."""
    return on_torch.kernel(problem, _work)


def compiled(problem: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return on_torch.kernel(problem, on_torch.compiled(_work, problem.device))


def _work(x: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.layer_norm(x, gain.shape, gain, bias, EPSILON)
