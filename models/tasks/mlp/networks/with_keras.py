"""The network in Keras, on whichever backend is loaded."""

from __future__ import annotations

import keras

from likeforlike.models.contract.training.network import Match, Network
from likeforlike.models.contract.training.recipe import Recipe


def build(recipe: Recipe) -> keras.Model:
    """A sequential model; of dropout only what trains."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, "relu", use_bias=recipe.bias, name="hidden"),
            layers.Dropout(recipe.dropout_rate, seed=recipe.seed, name="dropout"),
            layers.Dense(10, use_bias=recipe.bias, name="output"),
        ],
        name="mlp",
    )


NETWORK = Network(
    name="mlp",
    family="keras",
    build=build,
    matches=tuple(
        Match(f"{layer}_{kind}", f"mlp/{layer}/{kind}")
        for layer in ("hidden", "output")
        for kind in ("kernel", "bias")
    ),
    takes=("bias", "dropout_rate"),
)
