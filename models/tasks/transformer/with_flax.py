"""The transformer in Flax's Linen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.with_flax import Positions, blocks, norm
from likeforlike.models.tasks.transformer.names import FLAX, TAKES


class Transformer(linen.Module):
    """From rows of 784 pixels to logits."""

    recipe: Recipe

    @linen.compact
    def __call__(self, images: jax.Array, training: bool) -> jax.Array:
        """Logits [n, 10]."""
        bias = self.recipe.bias
        stream = linen.Dense(64, use_bias=bias, name="embedding")(images.reshape(-1, 28, 28))
        stream = blocks(Positions(name="positions")(stream), bias)
        units = norm("norm", bias)(stream.mean(axis=1))
        drops = training or self.recipe.dropout_at_evaluation
        units = linen.Dropout(self.recipe.dropout_rate, deterministic=not drops)(units)
        return linen.Dense(10, use_bias=bias, name="output")(units)


def build(recipe: Recipe) -> tuple[Callable[[Any], Any], Callable[..., jax.Array]]:
    """``(init, apply)`` of the module."""
    module = Transformer(recipe)

    def init(key: Any) -> Any:
        return module.init(key, jnp.zeros((1, 784)), False)

    def apply(weights: Any, images: jax.Array, training: bool, key: Any) -> jax.Array:
        return module.apply(weights, images, training, rngs={"dropout": key})

    return init, apply


NETWORK = Network("transformer-flax", "jax", build, FLAX, TAKES)
