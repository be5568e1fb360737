"""Eigenvalues and eigenvectors by JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel


def eigh(problem: Problem) -> Kernel:
    """``jax.numpy.linalg.eigh`` under jit; the matrix is symmetric already and is not made so again."""

    def decompose(matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
        values, vectors = jnp.linalg.eigh(matrix, symmetrize_input=False)
        return values, vectors

    return kernel(problem, jax.jit(decompose))
