"""The blocks in TensorFlow without Keras."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from likeforlike.models.tasks.blocks.by_hand import BLOCKS, EPSILON
from likeforlike.models.tasks.oracle.tensorflow_layers import Layers


def blocks(layers: Layers, stream: tf.Tensor, causal: bool = False) -> tf.Tensor:
    """All of them: [n, tokens, 64], the same shape."""
    for block in BLOCKS:
        stream += attention(layers, block, layers.norm(f"{block}_norm1", stream, EPSILON), causal)
        inner = layers.dense(f"{block}_inner", layers.norm(f"{block}_norm2", stream, EPSILON))
        stream += layers.dense(f"{block}_outer", tf.nn.gelu(inner))
    return stream


def attention(layers: Layers, block: str, rows: tf.Tensor, causal: bool) -> tf.Tensor:
    """Of four heads, [n, tokens, 64]."""
    tokens = rows.shape[1]
    query, key, value = (
        tf.transpose(tf.reshape(layers.dense(f"{block}_{name}", rows), [-1, tokens, 4, 16]), [0, 2, 1, 3])
        for name in ("query", "key", "value")
    )
    scores = tf.matmul(query, key, transpose_b=True) * 0.25  # 1 / sqrt(16)
    if causal:
        scores = tf.where(np.tri(tokens, dtype=bool), scores, scores.dtype.min)
    mixed = tf.reshape(tf.transpose(tf.nn.softmax(scores) @ value, [0, 2, 1, 3]), [-1, tokens, 64])
    return layers.dense(f"{block}_attended", mixed)
