"""A product on TensorFlow that can't begin before it is waited for."""

from __future__ import annotations

import threading
from dataclasses import replace

from likeforlike.models.contract import Kernel, Problem

DONE: list[bool] = []
"""An item for each product that was done."""
LIMIT_SECONDS = 60


def product(problem: Problem) -> Kernel:
    import tensorflow as tf

    from likeforlike.models.frameworks.on_tensorflow import kernel

    gate, called, done = threading.Event(), [], []

    def work(left, right):
        # with a limit, so that a fault fails the test instead of hanging it
        assert gate.wait(LIMIT_SECONDS), "called for, not waited for"
        gate.clear()
        answer = left @ right
        DONE.append(True)
        done.append(True)
        return answer

    def call():
        called.append(True)
        return made.call()

    def wait(result):
        if len(done) < len(called):  # to wait for what is done opens nothing
            gate.set()
        made.wait(result)

    # in a graph, since called eagerly TensorFlow runs Python at once
    graph = tf.function(lambda left, right: tf.numpy_function(work, [left, right], left.dtype))
    made = kernel(problem, graph)
    return replace(made, call=call, wait=wait)
