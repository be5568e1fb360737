"""Layer normalisation by JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel
from likeforlike.models.kernels.layernorm.workload import EPSILON


def jitted(problem: Problem) -> Kernel:
    """Under ``jax.jit``."""
    return kernel(problem, jax.jit(_work))


def _work(x: Any, gain: Any, bias: Any) -> Any:
    """Computed in float32 at least."""
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    centred = wide - wide.mean(axis=1, keepdims=True)
    variance = jnp.square(centred).mean(axis=1, keepdims=True)
    return (centred * jax.lax.rsqrt(variance + EPSILON) * gain + bias).astype(x.dtype)
