"""The transformer in plain JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.blocks.by_hand import EPSILON
from likeforlike.models.tasks.blocks.with_jax import blocks
from likeforlike.models.tasks.oracle.jax_layers import Weights, dense, dropout, norm
from likeforlike.models.tasks.transformer.names import TAKES
from likeforlike.models.tasks.transformer.oracle import initial_weights


def apply(recipe: Recipe, weights: Weights, images: jax.Array, training: bool, key: Any) -> jax.Array:
    """Logits [n, 10] of images [n, 784]."""
    stream = dense(weights, "embedding", images.reshape(-1, 28, 28)) + weights["positions"]
    units = norm(weights, "norm", blocks(weights, stream).mean(axis=1), EPSILON)
    return dense(weights, "output", dropout(recipe, units, training, key))


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., jax.Array]]:
    """``(init, apply)`` as a user writes them."""
    return lambda key: initial_weights(recipe), partial(apply, recipe)


NETWORK = Network("transformer-jax", "jax", build, takes=TAKES)
