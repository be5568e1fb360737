"""What the Keras networks of several tasks need."""

from __future__ import annotations

from typing import Any

import keras

from likeforlike.models.contract.recipe import Recipe


class AlwaysOnDropout(keras.layers.Dropout):
    """Dropout that stays on at evaluation."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop whatever ``training`` says."""
        return super().call(inputs, training=True)


def options_of(recipe: Recipe) -> dict[str, str | None]:
    """Of every layer: float64 where the recipe says so, else what Keras is set to."""
    return {"dtype": "float64" if recipe.precision == "float64" else None}


def dropout(recipe: Recipe) -> keras.layers.Layer:
    """The dropout layer, on at evaluation where the recipe says so."""
    layer = AlwaysOnDropout if recipe.dropout_at_evaluation else keras.layers.Dropout
    return layer(recipe.dropout_rate, seed=recipe.seed, name="dropout", **options_of(recipe))
