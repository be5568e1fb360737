"""Rows looked up and added up by TensorFlow: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device
from likeforlike.models.kernels.embedding.workload import GATHER


def eager(problem: Problem) -> Kernel:
    """``tf.gather``, or ``tf.math.unsorted_segment_sum``."""
    return kernel(problem, eagerly(_work(problem), problem.device))


def graph(problem: Problem) -> Kernel:
    """The same in a ``tf.function``."""
    return kernel(problem, tf.function(on_device(_work(problem), problem.device)))


def xla(problem: Problem) -> Kernel:
    """The same compiled by XLA."""
    return kernel(problem, eagerly(tf.function(_work(problem), jit_compile=True), problem.device))


def _work(problem: Problem) -> Callable[[Any, Any], Any]:
    vocabulary = problem.axes["vocabulary"]

    def add_up(updates: Any, numbers: Any) -> Any:
        return tf.math.unsorted_segment_sum(updates, numbers, vocabulary)

    return _look_up if problem.axes["what"] == GATHER else add_up


def _look_up(table: Any, numbers: Any) -> Any:
    return tf.gather(table, numbers)
