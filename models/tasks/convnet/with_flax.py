"""The convolutional network in Flax's Linen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.convnet.names import FLAX, TAKES


class ConvNet(linen.Module):
    """From rows of 784 pixels to logits."""

    recipe: Recipe

    @linen.compact
    def __call__(self, images: jax.Array, training: bool) -> jax.Array:
        """Logits [n, 10]."""
        bias = self.recipe.bias
        maps = images.reshape(-1, 28, 28, 1)
        for name, channels in (("conv1", 16), ("conv2", 32)):
            maps = linen.relu(linen.Conv(channels, (3, 3), use_bias=bias, name=name)(maps))
            maps = linen.max_pool(maps, (2, 2), (2, 2))
        units = linen.relu(linen.Dense(64, use_bias=bias, name="hidden")(maps.reshape(len(maps), -1)))
        drops = training or self.recipe.dropout_at_evaluation
        units = linen.Dropout(self.recipe.dropout_rate, deterministic=not drops)(units)
        return linen.Dense(10, use_bias=bias, name="output")(units)


def build(recipe: Recipe) -> tuple[Callable[[Any], Any], Callable[..., jax.Array]]:
    """``(init, apply)`` of the module."""
    module = ConvNet(recipe)

    def init(key: Any) -> Any:
        return module.init(key, jnp.zeros((1, 784)), False)

    def apply(weights: Any, images: jax.Array, training: bool, key: Any) -> jax.Array:
        return module.apply(weights, images, training, rngs={"dropout": key})

    return init, apply


NETWORK = Network("convnet-flax", "jax", build, FLAX, TAKES)
