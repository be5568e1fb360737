"""Layers in plain JAX, for the networks of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.contract.training.recipe import Recipe

Weights = Mapping[str, Any]


def with_bias(weights: Weights, name: str, sums: jax.Array) -> jax.Array:
    """With the layer's bias added, if it has one."""
    bias = weights.get(f"{name}_bias")
    return sums if bias is None else sums + bias


def dense(weights: Weights, name: str, inputs: jax.Array) -> jax.Array:
    """``inputs @ kernel + bias`` over the last axis."""
    return with_bias(weights, name, inputs @ weights[f"{name}_kernel"])


def norm(weights: Weights, name: str, inputs: jax.Array, epsilon: float) -> jax.Array:
    """Normalised over the last axis, scaled and shifted."""
    centred = inputs - inputs.mean(axis=-1, keepdims=True)
    variance = jnp.square(centred).mean(axis=-1, keepdims=True)
    outputs = centred * jax.lax.rsqrt(variance + epsilon) * weights[f"{name}_scale"]
    return with_bias(weights, name, outputs)


def dropout(recipe: Recipe, units: jax.Array, training: bool, key: Any) -> jax.Array:
    """Units after dropout, which is on in training and, where the recipe says so, at evaluation."""
    rate = recipe.dropout_rate
    if rate == 0 or not (training or recipe.dropout_at_evaluation):
        return units
    kept = jax.random.bernoulli(key, 1 - rate, units.shape)
    return jnp.where(kept, units / (1 - rate), 0)
