"""Derivatives by JAX, under jit. The point is an argument, so that nothing is folded away."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel
from likeforlike.models.kernels.jacobian.polynomial import polynomial


def reverse(problem: Problem) -> Kernel:
    """``jax.vjp`` of ones, or ``jax.jacrev``."""
    work = _reverse_gradient if problem.axes["what"] == "gradient" else jax.jacrev(polynomial)
    return kernel(problem, jax.jit(work))


def forward(problem: Problem) -> Kernel:
    """``jax.jvp`` along ones, or ``jax.jacfwd``."""
    work = _forward_gradient if problem.axes["what"] == "gradient" else jax.jacfwd(polynomial)
    return kernel(problem, jax.jit(work))


def _reverse_gradient(x: Any) -> Any:
    y, pull_back = jax.vjp(polynomial, x)
    return pull_back(jnp.ones_like(y))[0]


def _forward_gradient(x: Any) -> Any:
    """J · 1: row sums, which are the diagonal for an elementwise function."""
    return jax.jvp(polynomial, (x,), (jnp.ones_like(x),))[1]
