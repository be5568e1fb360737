"""The convolution by TensorFlow, channels last: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device


def eager(problem: Problem) -> Kernel:
    """``tf.nn.conv2d``."""
    return kernel(problem, eagerly(_convolution, problem.device))


def graph(problem: Problem) -> Kernel:
    """``tf.nn.conv2d`` in a ``tf.function``."""
    return kernel(problem, tf.function(on_device(_convolution, problem.device)))


def xla(problem: Problem) -> Kernel:
    """``tf.nn.conv2d`` compiled by XLA."""
    return kernel(problem, eagerly(tf.function(_convolution, jit_compile=True), problem.device))


def _convolution(images: Any, weights: Any) -> Any:
    return tf.nn.conv2d(images, weights, strides=1, padding="SAME")
