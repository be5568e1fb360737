"""Derivatives by PyTorch, eagerly."""

from __future__ import annotations

import torch
from torch.func import jacfwd, jacrev, jvp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_torch import kernel
from likeforlike.models.kernels.jacobian.polynomial import polynomial


def reverse(problem: Problem) -> Kernel:
    """``torch.autograd.grad`` of the sum, or ``torch.func.jacrev``."""
    return kernel(problem, _reverse_gradient if problem.axes["what"] == "gradient" else jacrev(polynomial))


def forward(problem: Problem) -> Kernel:
    """``torch.func.jvp`` along ones, or ``torch.func.jacfwd``."""
    return kernel(problem, _forward_gradient if problem.axes["what"] == "gradient" else jacfwd(polynomial))


def _reverse_gradient(x: torch.Tensor) -> torch.Tensor:
    watched = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(polynomial(watched).sum(), watched)
    return gradient


def _forward_gradient(x: torch.Tensor) -> torch.Tensor:
    """J · 1: row sums, which are the diagonal for an elementwise function."""
    return jvp(polynomial, (x,), (torch.ones_like(x),))[1]
