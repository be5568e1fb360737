"""The transformer in TensorFlow without Keras."""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import EPSILON
from likeforlike.models.tasks.blocks.with_tensorflow import blocks
from likeforlike.models.tasks.oracle.tensorflow_layers import HandWritten, Layers
from likeforlike.models.tasks.transformer.names import TAKES
from likeforlike.models.tasks.transformer.oracle import initial_weights


def units(layers: Layers, images: tf.Tensor) -> tf.Tensor:
    """The normalised mean over the rows, [n, 64]."""
    stream = layers.dense("embedding", tf.reshape(images, [-1, 28, 28]))
    stream = blocks(layers, stream + layers.weight("positions", stream))
    return layers.norm("norm", tf.reduce_mean(stream, axis=1), EPSILON)


def build(recipe: Recipe) -> HandWritten:
    """The untrained network, from rows of 784 pixels to logits."""
    return HandWritten(recipe, initial_weights(recipe), units)


NETWORK = Network("transformer-tensorflow", "tensorflow", build, takes=TAKES)
