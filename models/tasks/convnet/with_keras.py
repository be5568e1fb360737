"""The convolutional network in Keras, on any backend."""

from __future__ import annotations

import keras

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.convnet.names import KERAS, TAKES
from likeforlike.models.tasks.oracle.keras_layers import dropout, options_of


def build(recipe: Recipe) -> keras.Model:
    """The untrained network, from rows of 784 pixels to logits."""
    layers, options = keras.layers, options_of(recipe)
    images = keras.Input((784,), dtype=options["dtype"])
    maps = layers.Reshape((28, 28, 1), **options)(images)
    for name, channels in (("conv1", 16), ("conv2", 32)):
        maps = layers.Conv2D(
            channels, 3, padding="same", activation="relu", use_bias=recipe.bias, name=name, **options
        )(maps)
        maps = layers.MaxPooling2D(**options)(maps)
    units = layers.Flatten(**options)(maps)
    units = layers.Dense(64, activation="relu", use_bias=recipe.bias, name="hidden", **options)(units)
    units = dropout(recipe)(units)
    logits = layers.Dense(10, use_bias=recipe.bias, name="output", **options)(units)
    return keras.Model(images, logits, name="convnet")


NETWORK = Network("convnet-keras", "keras", build, KERAS, TAKES)
