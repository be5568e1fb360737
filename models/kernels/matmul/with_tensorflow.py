"""The product by TensorFlow: eagerly, in a graph, compiled by XLA.

Operands are arguments, never constants that a compiler could fold.
"""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device


def eager(problem: Problem) -> Kernel:
    """``tf.matmul`` as the 2020 notebook called it."""
    return kernel(problem, eagerly(tf.matmul, problem.device))


def graph(problem: Problem) -> Kernel:
    """``tf.matmul`` in a ``tf.function``."""
    return kernel(problem, tf.function(on_device(tf.matmul, problem.device)))


def xla(problem: Problem) -> Kernel:
    """``tf.matmul`` compiled by XLA; on a CPU 1.4 to 1.6 times slower than eager (two cores)."""
    function = tf.function(tf.matmul, jit_compile=True)
    return kernel(problem, eagerly(function, problem.device))
