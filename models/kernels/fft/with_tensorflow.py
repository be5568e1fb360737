"""Fourier transforms by TensorFlow: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device


def eager(problem: Problem) -> Kernel:
    """Operation by operation."""
    return kernel(problem, eagerly(_work, problem.device))


def graph(problem: Problem) -> Kernel:
    """In a ``tf.function``."""
    return kernel(problem, tf.function(on_device(_work, problem.device)))


def xla(problem: Problem) -> Kernel:
    """Compiled by XLA."""
    return kernel(problem, eagerly(tf.function(_work, jit_compile=True), problem.device))


def _work(x: Any) -> Any:
    return tf.signal.rfft(x)
