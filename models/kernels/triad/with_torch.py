"""a = b + s c by PyTorch, eagerly and compiled, into memory that is there already.

A fresh result of this size would be in fresh pages, whose clearing takes several times as long as the work.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks import on_torch
from likeforlike.models.kernels.triad.workload import SCALAR


def eager(problem: Problem) -> Kernel:
    """As PyTorch has it."""
    return on_torch.kernel(problem, _into_kept(_work))


def compiled(problem: Problem) -> Kernel:
    """Through ``torch.compile``. Raises RuntimeError on a CPU without a C++ compiler."""
    return on_torch.kernel(problem, _into_kept(on_torch.compiled(_work, problem.device)))


def _into_kept(work: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    kept: list[torch.Tensor] = []

    def call(b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        if not kept:
            kept.append(torch.empty_like(b))
        return work(kept[0], b, c)

    return call


def _work(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    return torch.add(b, c, alpha=SCALAR, out=a)
