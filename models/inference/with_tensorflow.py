"""The Keras model called on a tensor: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks import on_tensorflow
from likeforlike.models.inference.own.rows import asked
from likeforlike.models.inference.with_keras import model_of


def eager(problem: Problem) -> Kernel:
    """Layer by layer, operation by operation."""
    work = on_tensorflow.eagerly(_called(problem), problem.device)
    return _kernel(problem, work)


def graph(problem: Problem) -> Kernel:
    """In a ``tf.function``."""
    return _kernel(problem, tf.function(on_tensorflow.on_device(_called(problem), problem.device)))


def xla(problem: Problem) -> Kernel:
    """Compiled by XLA."""
    function = tf.function(_called(problem), jit_compile=True)
    return _kernel(problem, on_tensorflow.eagerly(function, problem.device))


def _called(problem: Problem) -> Callable[[Any], Any]:
    model = model_of(problem)
    return lambda images: model(images, training=False)


def _kernel(problem: Problem, work: Callable[[Any], Any]) -> Kernel:
    return asked(on_tensorflow.kernel, problem, work)
