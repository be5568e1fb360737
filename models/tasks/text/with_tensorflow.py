"""The network of characters in TensorFlow without Keras."""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import EPSILON
from likeforlike.models.tasks.blocks.with_tensorflow import blocks
from likeforlike.models.tasks.oracle.tensorflow_layers import HandWritten, Layers
from likeforlike.models.tasks.text.names import TAKES
from likeforlike.models.tasks.text.oracle import initial_weights


def units(layers: Layers, numbers: tf.Tensor) -> tf.Tensor:
    """The normalised stream after the blocks, [n, context, 64]."""
    stream = layers.looked_up("embedding", numbers)
    stream = blocks(layers, stream + layers.weight("positions", stream), causal=True)
    return layers.norm("norm", stream, EPSILON)


def build(recipe: Recipe) -> HandWritten:
    """The untrained network, from the numbers of characters to the logits of those that follow each."""
    return HandWritten(recipe, initial_weights(recipe), units)


NETWORK = Network("text-tensorflow", "tensorflow", build, takes=TAKES)
