"""The Keras model called on the window: eagerly, or the whole generation in a graph, compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks import on_tensorflow
from likeforlike.models.inference.generation.with_keras import model_of
from likeforlike.models.inference.generation.workload import CHARACTERS, CONTEXT, SCALE

Step = Callable[[Any], tuple[Any, Any]]
"""From a window [batch, context] to the next one and the logits of its last character."""


def eager(problem: Problem) -> Kernel:
    """Character by character, layer by layer, operation by operation."""
    step = _step_of(problem)

    def generate(prompt: Any) -> tuple[Any, Any]:
        window = _numbers(prompt)
        for _ in range(CONTEXT):
            window, logits = step(window)
        return window, logits

    return _kernel(problem, on_tensorflow.eagerly(generate, problem.device))


def graph(problem: Problem) -> Kernel:
    """A loop in a ``tf.function``."""
    return _kernel(problem, tf.function(on_tensorflow.on_device(_looped(problem), problem.device)))


def xla(problem: Problem) -> Kernel:
    """The same compiled by XLA."""
    function = tf.function(_looped(problem), jit_compile=True)
    return _kernel(problem, on_tensorflow.eagerly(function, problem.device))


def _looped(problem: Problem) -> Callable[[Any], tuple[Any, Any]]:
    step = _step_of(problem)

    def generate(prompt: Any) -> tuple[Any, Any]:
        window = _numbers(prompt)
        start = 0, window, tf.zeros([window.shape[0], CHARACTERS], prompt.dtype)
        _, window, logits = tf.while_loop(
            lambda number, *_: number < CONTEXT,
            lambda number, window, _: (number + 1, *step(window)),
            start,
            maximum_iterations=CONTEXT,
        )
        return window, logits

    return generate


def _step_of(problem: Problem) -> Step:
    model = model_of(problem)

    def step(window: Any) -> tuple[Any, Any]:
        logits = model(window, training=False)[:, -1]
        following = tf.argmax(logits, axis=1, output_type=tf.int32)
        return tf.concat([window[:, 1:], following[:, None]], axis=1), logits

    return step


def _numbers(prompt: Any) -> Any:
    return tf.cast(tf.cast(prompt, tf.float32) * SCALE, tf.int32)


def _kernel(problem: Problem, work: Callable[[Any], Any]) -> Kernel:
    return on_tensorflow.kernel(replace(problem, operands=problem.operands[:1]), work)
