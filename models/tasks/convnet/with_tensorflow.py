"""The convolutional network in TensorFlow without Keras."""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.convnet.names import TAKES
from likeforlike.models.tasks.convnet.oracle import initial_weights
from likeforlike.models.tasks.oracle.tensorflow_layers import HandWritten, Layers


def units(layers: Layers, images: tf.Tensor) -> tf.Tensor:
    """The dense layer's units [n, 64]."""
    maps = tf.reshape(images, [-1, 28, 28, 1])
    for name in ("conv1", "conv2"):
        maps = tf.nn.max_pool2d(tf.nn.relu(layers.convolution(name, maps)), 2, 2, "VALID")
    return tf.nn.relu(layers.dense("hidden", tf.reshape(maps, [-1, 7 * 7 * 32])))


def build(recipe: Recipe) -> HandWritten:
    """The untrained network, from rows of 784 pixels to logits."""
    return HandWritten(recipe, initial_weights(recipe), units)


NETWORK = Network("convnet-tensorflow", "tensorflow", build, takes=TAKES)
