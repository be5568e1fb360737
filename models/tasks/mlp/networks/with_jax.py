"""The network in JAX, by hand: a dictionary of arrays and a function of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe

Weights = dict[str, Any]


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., Any]]:
    """``init(key)`` and ``apply(weights, inputs, training, key)``."""
    glorot = jax.nn.initializers.glorot_uniform()

    def init(key: Any) -> Weights:
        first, second = jax.random.split(key)
        weights = {"hidden_kernel": glorot(first, (784, 512)), "output_kernel": glorot(second, (512, 10))}
        biases = {"hidden_bias": jnp.zeros(512), "output_bias": jnp.zeros(10)}
        return weights | biases if recipe.bias else weights

    def apply(weights: Weights, inputs: Any, training: bool = False, key: Any = None) -> Any:
        hidden = jax.nn.relu(_affine(weights, "hidden", inputs))
        if training and recipe.dropout_rate:
            kept = jax.random.bernoulli(key, 1 - recipe.dropout_rate, hidden.shape)
            hidden = jnp.where(kept, hidden / (1 - recipe.dropout_rate), 0)
        return _affine(weights, "output", hidden)

    return init, apply


def _affine(weights: Weights, name: str, inputs: Any) -> Any:
    sums = inputs @ weights[f"{name}_kernel"]
    return sums + weights[f"{name}_bias"] if f"{name}_bias" in weights else sums


NETWORK = Network(name="mlp", family="jax", build=build, takes=("bias", "dropout_rate"))
