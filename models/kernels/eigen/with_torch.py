"""Eigenvalues and eigenvectors by PyTorch."""

from __future__ import annotations

import torch

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_torch import kernel


def eigh(problem: Problem) -> Kernel:
    """``torch.linalg.eigh``."""
    return kernel(problem, torch.linalg.eigh)
