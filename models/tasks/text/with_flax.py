"""The network of characters in Flax's Linen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.with_flax import Positions, blocks, norm
from likeforlike.models.tasks.text.names import FLAX, TAKES
from likeforlike.models.tasks.text.oracle import WIDTHS


class Characters(linen.Module):
    """From the numbers of characters to the logits of those that follow each."""

    recipe: Recipe

    @linen.compact
    def __call__(self, numbers: jax.Array, training: bool) -> jax.Array:
        """Logits [n, context, characters]."""
        bias = self.recipe.bias
        stream = linen.Embed(WIDTHS.characters, 64, name="embedding")(numbers)
        stream = blocks(Positions(name="positions")(stream), bias, causal=True)
        units = norm("norm", bias)(stream)
        drops = training or self.recipe.dropout_at_evaluation
        units = linen.Dropout(self.recipe.dropout_rate, deterministic=not drops)(units)
        return linen.Dense(WIDTHS.characters, use_bias=bias, name="output")(units)


def build(recipe: Recipe) -> tuple[Callable[[Any], Any], Callable[..., jax.Array]]:
    """``(init, apply)`` of the module."""
    module = Characters(recipe)

    def init(key: Any) -> Any:
        return module.init(key, jnp.zeros((1, WIDTHS.context), jnp.int32), False)

    def apply(weights: Any, numbers: jax.Array, training: bool, key: Any) -> jax.Array:
        return module.apply(weights, numbers, training, rngs={"dropout": key})

    return init, apply


NETWORK = Network("text-flax", "jax", build, FLAX, TAKES)
