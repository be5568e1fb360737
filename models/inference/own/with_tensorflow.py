"""A brought Keras model called on a tensor: eagerly, in a graph, compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks import on_tensorflow
from likeforlike.models.inference.own.rows import asked
from likeforlike.models.inference.own.with_keras import model_of


def eager(question: Problem) -> Kernel:
    """Layer by layer, operation by operation."""
    work = on_tensorflow.eagerly(_called(question), question.device)
    return asked(on_tensorflow.kernel, question, work)


def graph(question: Problem) -> Kernel:
    """In a ``tf.function``."""
    work = tf.function(on_tensorflow.on_device(_called(question), question.device))
    return asked(on_tensorflow.kernel, question, work)


def xla(question: Problem) -> Kernel:
    """Compiled by XLA."""
    function = tf.function(_called(question), jit_compile=True)
    return asked(on_tensorflow.kernel, question, on_tensorflow.eagerly(function, question.device))


def _called(question: Problem) -> Callable[[Any], Any]:
    model = model_of(question)
    return lambda inputs: model(inputs, training=False)
