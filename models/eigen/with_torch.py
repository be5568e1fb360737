"""Eigenvalues and eigenvectors by PyTorch."""

from __future__ import annotations

import torch

from models.kernel import Kernel, Problem
from models.on_torch import kernel


def eigh(problem: Problem) -> Kernel:
    """``torch.linalg.eigh``."""
    return kernel(problem, torch.linalg.eigh)
