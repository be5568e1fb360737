"""Rows looked up and added up by JAX."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel
from likeforlike.models.kernels.embedding.workload import GATHER


def jitted(problem: Problem) -> Kernel:
    """``jax.numpy.take``, or ``.at[].add`` on zeros, under ``jax.jit``; row numbers of 32 bits, JAX's own."""
    vocabulary = problem.axes["vocabulary"]

    def look_up(table: Any, numbers: Any) -> Any:
        return jnp.take(table, numbers, axis=0)

    def add_up(updates: Any, numbers: Any) -> Any:
        return jnp.zeros((vocabulary, updates.shape[1]), updates.dtype).at[numbers].add(updates)

    rows, numbers = problem.operands
    work = look_up if problem.axes["what"] == GATHER else add_up
    return kernel(replace(problem, operands=(rows, numbers.astype(np.int32))), jax.jit(work))
