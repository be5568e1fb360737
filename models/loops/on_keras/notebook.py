"""The notebook's network in Keras: 784-512-dropout-10, on whichever backend is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from likeforlike.models.contract.training.network import NETWORK_FIELDS, Match, Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.loops.on_keras.backends import POLICIES

MATCHES = tuple(
    Match(f"{layer}_{part}", f"notebook/{layer}/{part}")
    for layer in ("hidden", "output")
    for part in ("kernel", "bias")
)


class AlwaysOnDropout(keras.layers.Dropout):
    """Dropout that stays on at evaluation."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop whatever ``training`` says."""
        return super().call(inputs, training=True)


def dropout_layer(recipe: Recipe, options: Mapping[str, str]) -> Any:
    """Keras's own, on at evaluation where the recipe says so."""
    layer = AlwaysOnDropout if recipe.dropout_at_evaluation else keras.layers.Dropout
    return layer(recipe.dropout_rate, seed=recipe.seed, name="dropout", **options)


def notebook(
    recipe: Recipe, policy: str, dropout: Callable[[Recipe, Mapping[str, str]], Any] = dropout_layer
) -> Any:
    """The model, untrained, in a policy of Keras's; ``dropout``: what makes its dropout layer."""
    layers, options = keras.layers, {"dtype": policy}
    layer_list = [
        keras.Input((784,), dtype=policy),
        layers.Dense(512, "relu", use_bias=recipe.bias, name="hidden", **options),
        dropout(recipe, options),
        layers.Dense(10, use_bias=recipe.bias, name="output", **options),
    ]
    return keras.Sequential(layer_list, name="notebook")


def _build(recipe: Recipe) -> Any:
    return notebook(recipe, POLICIES.get(recipe.precision, "float32"))


KERAS_NOTEBOOK = Network("784-512-10", "keras", _build, MATCHES, NETWORK_FIELDS)
"""For loops that train a network by hand, too."""
