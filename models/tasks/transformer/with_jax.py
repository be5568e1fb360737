"""The transformer in plain JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.oracle.jax_layers import Weights, dense, dropout, norm
from likeforlike.models.tasks.transformer.names import BLOCKS, TAKES
from likeforlike.models.tasks.transformer.oracle import EPSILON, initial_weights


def attention(weights: Weights, block: str, rows: jax.Array) -> jax.Array:
    """Of four heads, [n, 28, 64]."""
    query, key, value = (
        dense(weights, f"{block}_{name}", rows).reshape(-1, 28, 4, 16) for name in ("query", "key", "value")
    )
    mixed = jax.nn.dot_product_attention(query, key, value)
    return dense(weights, f"{block}_attended", mixed.reshape(-1, 28, 64))


def apply(recipe: Recipe, weights: Weights, images: jax.Array, training: bool, key: Any) -> jax.Array:
    """Logits [n, 10] of images [n, 784]."""
    stream = dense(weights, "embedding", images.reshape(-1, 28, 28)) + weights["positions"]
    for block in BLOCKS:
        stream += attention(weights, block, norm(weights, f"{block}_norm1", stream, EPSILON))
        inner = dense(weights, f"{block}_inner", norm(weights, f"{block}_norm2", stream, EPSILON))
        stream += dense(weights, f"{block}_outer", jax.nn.gelu(inner, approximate=False))
    units = norm(weights, "norm", stream.mean(axis=1), EPSILON)
    return dense(weights, "output", dropout(recipe, units, training, key))


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., jax.Array]]:
    """``(init, apply)`` as a user writes them."""
    return lambda key: initial_weights(recipe), partial(apply, recipe)


NETWORK = Network("transformer-jax", "jax", build, takes=TAKES)
