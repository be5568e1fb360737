"""Layer normalisation by TensorFlow: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device
from likeforlike.models.kernels.layernorm.workload import EPSILON


def eager(problem: Problem) -> Kernel:
    """Operation by operation."""
    return kernel(problem, eagerly(_work, problem.device))


def graph(problem: Problem) -> Kernel:
    """In a ``tf.function``."""
    return kernel(problem, tf.function(on_device(_work, problem.device)))


def xla(problem: Problem) -> Kernel:
    """Compiled by XLA."""
    return kernel(problem, eagerly(tf.function(_work, jit_compile=True), problem.device))


def _work(x: Any, gain: Any, bias: Any) -> Any:
    """16-bit numbers are widened, as by Keras: TensorFlow takes moments of bfloat16 in bfloat16."""
    wide = tf.cast(x, tf.float32) if x.dtype.size == 2 else x
    mean, variance = tf.nn.moments(wide, axes=1, keepdims=True)
    scale, shift = tf.cast(gain, wide.dtype), tf.cast(bias, wide.dtype)
    return tf.cast(tf.nn.batch_normalization(wide, mean, variance, shift, scale, EPSILON), x.dtype)
