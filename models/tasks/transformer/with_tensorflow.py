"""The transformer in TensorFlow without Keras."""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.oracle.tensorflow_layers import HandWritten, Layers
from likeforlike.models.tasks.transformer.names import BLOCKS, TAKES
from likeforlike.models.tasks.transformer.oracle import EPSILON, initial_weights


def units(layers: Layers, images: tf.Tensor) -> tf.Tensor:
    """The normalised mean over the rows, [n, 64]."""
    stream = layers.dense("embedding", tf.reshape(images, [-1, 28, 28]))
    stream += layers.weight("positions", stream)
    for block in BLOCKS:
        stream += attention(layers, block, layers.norm(f"{block}_norm1", stream, EPSILON))
        inner = layers.dense(f"{block}_inner", layers.norm(f"{block}_norm2", stream, EPSILON))
        stream += layers.dense(f"{block}_outer", tf.nn.gelu(inner))
    return layers.norm("norm", tf.reduce_mean(stream, axis=1), EPSILON)


def attention(layers: Layers, block: str, rows: tf.Tensor) -> tf.Tensor:
    """Of four heads, [n, 28, 64]."""
    query, key, value = (
        tf.transpose(tf.reshape(layers.dense(f"{block}_{name}", rows), [-1, 28, 4, 16]), [0, 2, 1, 3])
        for name in ("query", "key", "value")
    )
    shares = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.25)  # 1 / sqrt(16)
    mixed = tf.reshape(tf.transpose(shares @ value, [0, 2, 1, 3]), [-1, 28, 64])
    return layers.dense(f"{block}_attended", mixed)


def build(recipe: Recipe) -> HandWritten:
    """The untrained network, from rows of 784 pixels to logits."""
    return HandWritten(recipe, initial_weights(recipe), units)


NETWORK = Network("transformer-tensorflow", "tensorflow", build, takes=TAKES)
