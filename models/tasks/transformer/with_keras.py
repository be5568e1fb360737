"""The transformer in Keras, on any backend."""

from __future__ import annotations

from typing import Any

import keras

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.oracle.keras_layers import dropout, options_of
from likeforlike.models.tasks.transformer.names import BLOCKS, KERAS, TAKES
from likeforlike.models.tasks.transformer.oracle import EPSILON


class Positions(keras.layers.Layer):
    """Adds what it learns of each row's place."""

    def build(self, shape: Any) -> None:
        """Make the weights [rows, width]."""
        self.positions = self.add_weight(shape=shape[1:], initializer="glorot_uniform", name="positions")

    def call(self, inputs: Any) -> Any:
        """[n, rows, width], the same shape."""
        return inputs + self.positions


def build(recipe: Recipe) -> keras.Model:
    """The untrained network, from rows of 784 pixels to logits."""
    layers, options = keras.layers, options_of(recipe)

    def norm(name: str) -> keras.layers.Layer:
        return layers.LayerNormalization(epsilon=EPSILON, center=recipe.bias, name=name, **options)

    def dense(name: str, width: int, activation: str | None = None) -> keras.layers.Layer:
        return layers.Dense(width, activation=activation, use_bias=recipe.bias, name=name, **options)

    images = keras.Input((784,), dtype=options["dtype"])
    stream = dense("embedding", 64)(layers.Reshape((28, 28), **options)(images))
    stream = Positions(name="positions", **options)(stream)
    for block in BLOCKS:
        attention = layers.MultiHeadAttention(4, 16, use_bias=False, name=f"{block}_attention", **options)
        rows = norm(f"{block}_norm1")(stream)
        stream = layers.Add(**options)([stream, attention(rows, rows)])
        inner = dense(f"{block}_inner", 256, "gelu")(norm(f"{block}_norm2")(stream))
        stream = layers.Add(**options)([stream, dense(f"{block}_outer", 64)(inner)])
    units = norm("norm")(layers.GlobalAveragePooling1D(**options)(stream))
    return keras.Model(images, dense("output", 10)(dropout(recipe)(units)), name="transformer")


NETWORK = Network("transformer-keras", "keras", build, KERAS, TAKES)
