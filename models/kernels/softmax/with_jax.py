"""Softmax by JAX."""

from __future__ import annotations

from typing import Any

import jax

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel


def jitted(problem: Problem) -> Kernel:
    """Under ``jax.jit``."""
    return kernel(problem, jax.jit(_work))


def _work(x: Any) -> Any:
    return jax.nn.softmax(x, axis=1)
