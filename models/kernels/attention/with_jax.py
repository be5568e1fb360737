"""Attention by JAX: its own operation, and two products with a softmax."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel, product_precision
from likeforlike.models.kernels.attention.workload import CAUSAL, scale, with_mask
from likeforlike.models.kernels.layouts import answering, arranged

_HEADS_THIRD = (0, 2, 1, 3)


def fused(problem: Problem) -> Kernel:
    """``jax.nn.dot_product_attention`` under ``jax.jit``, on operands [batch, sequence, heads, width].

    Raises ValueError for float16 on a CPU, for which JAX has no such products.
    """
    if problem.dtype == "float16" and problem.device.startswith("cpu"):
        raise ValueError("jax.nn.dot_product_attention has no float16 products on a CPU")
    causal, precision = problem.axes["mask"] == CAUSAL, product_precision(problem.dtype)

    def attention(values: Any, queries: Any, keys: Any) -> Any:
        with jax.default_matmul_precision(precision):
            return jax.nn.dot_product_attention(queries, keys, values, is_causal=causal)

    return answering(kernel(arranged(problem, (_HEADS_THIRD,) * 3), jax.jit(attention)), _HEADS_THIRD)


def jitted(problem: Problem) -> Kernel:
    """``jax.numpy.matmul`` twice, and ``jax.nn.softmax`` between, under ``jax.jit``."""
    factor, precision = scale(problem), product_precision(problem.dtype)

    def attention(values: Any, queries: Any, keys: Any, mask: Any = None) -> Any:
        scores = jnp.matmul(queries, keys.swapaxes(-1, -2), precision=precision)
        wide = jnp.float64 if scores.dtype == jnp.float64 else jnp.float32
        scores = scores.astype(wide) * factor
        if mask is not None:
            scores = jnp.where(mask, scores, -jnp.inf)
        return jnp.matmul(jax.nn.softmax(scores).astype(values.dtype), values, precision=precision)

    return kernel(with_mask(problem), jax.jit(attention))
