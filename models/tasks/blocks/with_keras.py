"""The blocks in Keras, on any backend."""

from __future__ import annotations

from typing import Any

import keras

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import BLOCKS, EPSILON
from likeforlike.models.tasks.oracle.keras_layers import options_of


class Positions(keras.layers.Layer):
    """Adds what it learns of each token's place."""

    def build(self, shape: Any) -> None:
        """Make the weights [tokens, width]."""
        self.positions = self.add_weight(shape=shape[1:], initializer="glorot_uniform", name="positions")

    def call(self, inputs: Any) -> Any:
        """[n, tokens, width], the same shape."""
        return inputs + self.positions


def norm(recipe: Recipe, name: str) -> keras.layers.Layer:
    """A normalisation over the width."""
    options = options_of(recipe)
    return keras.layers.LayerNormalization(epsilon=EPSILON, center=recipe.bias, name=name, **options)


def dense(recipe: Recipe, name: str, width: int, activation: str | None = None) -> keras.layers.Layer:
    """A dense layer, with a bias where the recipe has them."""
    options = options_of(recipe)
    return keras.layers.Dense(width, activation=activation, use_bias=recipe.bias, name=name, **options)


def blocks(recipe: Recipe, stream: Any, causal: bool = False) -> Any:
    """All of them: [n, tokens, 64], the same shape."""
    layers, options = keras.layers, options_of(recipe)
    for block in BLOCKS:
        attention = layers.MultiHeadAttention(4, 16, use_bias=False, name=f"{block}_attention", **options)
        rows = norm(recipe, f"{block}_norm1")(stream)
        stream = layers.Add(**options)([stream, attention(rows, rows, use_causal_mask=causal)])
        inner = dense(recipe, f"{block}_inner", 256, "gelu")(norm(recipe, f"{block}_norm2")(stream))
        stream = layers.Add(**options)([stream, dense(recipe, f"{block}_outer", 64)(inner)])
    return stream
