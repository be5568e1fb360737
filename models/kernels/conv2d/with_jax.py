"""The convolution by JAX, channels last."""

from __future__ import annotations

from typing import Any

import jax

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_jax import kernel, product_precision


def jitted(problem: Problem) -> Kernel:
    """``jax.lax.conv_general_dilated`` under ``jax.jit``, at the operands' own precision."""
    precision = product_precision(problem.dtype)

    def convolution(images: Any, weights: Any) -> Any:
        return jax.lax.conv_general_dilated(
            images,
            weights,
            window_strides=(1, 1),
            padding="SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=precision,
        )

    return kernel(problem, jax.jit(convolution))
