"""Derivatives by TensorFlow, eagerly, as the 2020 notebook took them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel
from likeforlike.models.kernels.jacobian.polynomial import polynomial


def reverse(problem: Problem) -> Kernel:
    """``GradientTape.gradient`` or ``GradientTape.jacobian``."""
    work = _reverse_gradient if problem.axes["what"] == "gradient" else _reverse_jacobian
    return kernel(problem, eagerly(work, problem.device))


def forward(problem: Problem) -> Kernel:
    """``ForwardAccumulator``: one pass for the gradient, one for each column of the Jacobian."""
    work = _forward_gradient if problem.axes["what"] == "gradient" else _forward_jacobian
    return kernel(problem, eagerly(work, problem.device))


def _reverse_gradient(x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = polynomial(x)
    return tape.gradient(y, x)


def _reverse_jacobian(x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = polynomial(x)
    return tape.jacobian(y, x)


def _along(x: Any, direction: Any) -> Any:
    """J · direction."""
    with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
        y = polynomial(x)
    return accumulator.jvp(y)


def _forward_gradient(x: Any) -> Any:
    """J · 1: row sums, which are the diagonal for an elementwise function."""
    return _along(x, tf.ones_like(x))


def _forward_jacobian(x: Any) -> Any:
    """TensorFlow has no public batched forward mode: ``vectorized_map`` runs over the columns."""
    columns = tf.vectorized_map(lambda direction: _along(x, direction), tf.eye(len(x), dtype=x.dtype))
    return tf.transpose(columns)
