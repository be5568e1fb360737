"""The network of characters in plain JAX."""

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
from likeforlike.models.tasks.text.names import TAKES
from likeforlike.models.tasks.text.oracle import initial_weights


def apply(recipe: Recipe, weights: Weights, numbers: jax.Array, training: bool, key: Any) -> jax.Array:
    """Logits [n, context, characters] of whole numbers [n, context]."""
    stream = weights["embedding_kernel"][numbers] + weights["positions"]
    units = norm(weights, "norm", blocks(weights, stream, causal=True), EPSILON)
    return dense(weights, "output", dropout(recipe, units, training, key))


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., jax.Array]]:
    """``(init, apply)`` as a user writes them."""
    return lambda key: initial_weights(recipe), partial(apply, recipe)


NETWORK = Network("text-jax", "jax", build, takes=TAKES)
