"""The product by JAX."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel, product_precision


def jitted(problem: Problem) -> Kernel:
    """``jax.numpy.matmul`` under ``jax.jit``, at the operands' own precision."""
    return kernel(problem, jax.jit(partial(jnp.matmul, precision=product_precision(problem.dtype))))
