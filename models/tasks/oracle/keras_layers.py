"""What the Keras networks of several tasks need."""

from __future__ import annotations

import keras

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.loops.on_keras.notebook import AlwaysOnDropout


def options_of(recipe: Recipe) -> dict[str, str | None]:
    """Of every layer: float64 where the recipe says so, else what Keras is set to."""
    return {"dtype": "float64" if recipe.precision == "float64" else None}


def dropout(recipe: Recipe) -> keras.layers.Layer:
    """The dropout layer, on at evaluation where the recipe says so."""
    layer = AlwaysOnDropout if recipe.dropout_at_evaluation else keras.layers.Dropout
    return layer(recipe.dropout_rate, seed=recipe.seed, name="dropout", **options_of(recipe))
