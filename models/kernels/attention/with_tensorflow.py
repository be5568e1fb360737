"""Attention by TensorFlow, eagerly, in a graph, compiled by XLA; and by Keras's own operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel, on_device
from likeforlike.models.kernels.attention.workload import CAUSAL, scale, with_mask
from likeforlike.models.kernels.layouts import answering, arranged

_HEADS_THIRD = (0, 2, 1, 3)


def eager(problem: Problem) -> Kernel:
    """``tf.matmul`` twice, and ``tf.nn.softmax`` between."""
    return kernel(with_mask(problem), eagerly(_plain(problem), problem.device))


def graph(problem: Problem) -> Kernel:
    """The same in a ``tf.function``."""
    return kernel(with_mask(problem), tf.function(on_device(_plain(problem), problem.device)))


def xla(problem: Problem) -> Kernel:
    """The same compiled by XLA."""
    function = tf.function(_plain(problem), jit_compile=True)
    return kernel(with_mask(problem), eagerly(function, problem.device))


def keras_operation(problem: Problem) -> Kernel:
    """``keras.ops.dot_product_attention``, eagerly, on operands [batch, sequence, heads, width].

    Raises ValueError for float16 on a CPU: ``tf.einsum`` adds up in float16 there, and with a few hundred
    keys or more an answer is further off than that of any honest order of sums in float32.
    """
    from keras import ops

    if problem.dtype == "float16" and problem.device.startswith("cpu"):
        raise ValueError("keras.ops.dot_product_attention adds float16 numbers up in float16 on a CPU")
    causal = problem.axes["mask"] == CAUSAL

    def attention(values: Any, queries: Any, keys: Any) -> Any:
        return ops.dot_product_attention(queries, keys, values, is_causal=causal)

    theirs = arranged(problem, (_HEADS_THIRD,) * 3)
    return answering(kernel(theirs, eagerly(attention, problem.device)), _HEADS_THIRD)


def _plain(problem: Problem) -> Callable[..., Any]:
    factor = scale(problem)

    def attention(values: Any, queries: Any, keys: Any, mask: Any = None) -> Any:
        scores = tf.matmul(queries, keys, transpose_b=True)
        wide = tf.float64 if scores.dtype == tf.float64 else tf.float32
        scores = tf.cast(scores, wide) * tf.constant(factor, wide)
        if mask is not None:
            scores = tf.where(mask, scores, tf.constant(float("-inf"), wide))
        return tf.matmul(tf.cast(tf.nn.softmax(scores), values.dtype), values)

    return attention
