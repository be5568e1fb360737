"""The transformer in Flax's Linen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.transformer.names import BLOCKS, FLAX, TAKES
from likeforlike.models.tasks.transformer.oracle import EPSILON


class Positions(linen.Module):
    """Adds what it learns of each row's place."""

    @linen.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """[n, rows, width], the same shape."""
        start = linen.initializers.glorot_uniform()
        return inputs + self.param("positions", start, inputs.shape[1:]).astype(inputs.dtype)


class Transformer(linen.Module):
    """From rows of 784 pixels to logits."""

    recipe: Recipe

    @linen.compact
    def __call__(self, images: jax.Array, training: bool) -> jax.Array:
        """Logits [n, 10]."""
        bias = self.recipe.bias

        def norm(name: str) -> linen.LayerNorm:
            return linen.LayerNorm(EPSILON, use_bias=bias, name=name)

        def dense(name: str, width: int) -> linen.Dense:
            return linen.Dense(width, use_bias=bias, name=name)

        stream = Positions(name="positions")(dense("embedding", 64)(images.reshape(-1, 28, 28)))
        for block in BLOCKS:
            attention = linen.MultiHeadDotProductAttention(4, use_bias=False, name=f"{block}_attention")
            stream += attention(norm(f"{block}_norm1")(stream))
            inner = dense(f"{block}_inner", 256)(norm(f"{block}_norm2")(stream))
            stream += dense(f"{block}_outer", 64)(linen.gelu(inner, approximate=False))
        units = norm("norm")(stream.mean(axis=1))
        drops = training or self.recipe.dropout_at_evaluation
        units = linen.Dropout(self.recipe.dropout_rate, deterministic=not drops)(units)
        return dense("output", 10)(units)


def build(recipe: Recipe) -> tuple[Callable[[Any], Any], Callable[..., jax.Array]]:
    """``(init, apply)`` of the module."""
    module = Transformer(recipe)

    def init(key: Any) -> Any:
        return module.init(key, jnp.zeros((1, 784)), False)

    def apply(weights: Any, images: jax.Array, training: bool, key: Any) -> jax.Array:
        return module.apply(weights, images, training, rngs={"dropout": key})

    return init, apply


NETWORK = Network("transformer-flax", "jax", build, FLAX, TAKES)
