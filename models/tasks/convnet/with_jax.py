"""The convolutional network in plain JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.tasks.convnet.names import TAKES
from likeforlike.models.tasks.convnet.oracle import initial_weights
from likeforlike.models.tasks.oracle.jax_layers import Weights, dense, dropout, with_bias


def convolution(weights: Weights, name: str, maps: jax.Array) -> jax.Array:
    """Over [n, height, width, channels], to the same height and width, by XLA's own convolution."""
    kernel, layout = weights[f"{name}_kernel"], ("NHWC", "HWIO", "NHWC")
    sums = lax.conv_general_dilated(maps, kernel, (1, 1), "SAME", dimension_numbers=layout)
    return with_bias(weights, name, sums)


def pooled(maps: jax.Array) -> jax.Array:
    """The largest of each 2x2."""
    window = (1, 2, 2, 1)
    return lax.reduce_window(maps, -jnp.inf, lax.max, window, window, "VALID")


def apply(recipe: Recipe, weights: Weights, images: jax.Array, training: bool, key: Any) -> jax.Array:
    """Logits [n, 10] of images [n, 784]."""
    maps = images.reshape(-1, 28, 28, 1)
    for name in ("conv1", "conv2"):
        maps = pooled(jax.nn.relu(convolution(weights, name, maps)))
    units = jax.nn.relu(dense(weights, "hidden", maps.reshape(len(maps), -1)))
    return dense(weights, "output", dropout(recipe, units, training, key))


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., jax.Array]]:
    """``(init, apply)`` as a user writes them."""
    return lambda key: initial_weights(recipe), partial(apply, recipe)


NETWORK = Network("convnet-jax", "jax", build, takes=TAKES)
