"""The transformer in Keras, on any backend."""

from __future__ import annotations

import keras

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.with_keras import Positions, blocks, dense, norm
from likeforlike.models.tasks.oracle.keras_layers import dropout, options_of
from likeforlike.models.tasks.transformer.names import KERAS, TAKES


def build(recipe: Recipe) -> keras.Model:
    """The untrained network, from rows of 784 pixels to logits."""
    layers, options = keras.layers, options_of(recipe)
    images = keras.Input((784,), dtype=options["dtype"])
    stream = dense(recipe, "embedding", 64)(layers.Reshape((28, 28), **options)(images))
    stream = blocks(recipe, Positions(name="positions", **options)(stream))
    units = norm(recipe, "norm")(layers.GlobalAveragePooling1D(**options)(stream))
    return keras.Model(images, dense(recipe, "output", 10)(dropout(recipe)(units)), name="transformer")


NETWORK = Network("transformer-keras", "keras", build, KERAS, TAKES)
