"""The convolutional network in plain JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.tasks.convnet.names import TAKES
from likeforlike.models.tasks.convnet.oracle import initial_weights
from likeforlike.models.tasks.oracle.jax_layers import Weights, dense, dropout, with_bias

Layer = Callable[[Weights, str, jax.Array], jax.Array]


def convolution(weights: Weights, name: str, maps: jax.Array) -> jax.Array:
    """Over [n, height, width, channels], to the same height and width, by XLA's own convolution."""
    kernel, layout = weights[f"{name}_kernel"], ("NHWC", "HWIO", "NHWC")
    sums = lax.conv_general_dilated(maps, kernel, (1, 1), "SAME", dimension_numbers=layout)
    return with_bias(weights, name, sums)


def pooled(maps: jax.Array) -> jax.Array:
    """The largest of each 2x2."""
    least, window = -jnp.inf, (1, 2, 2, 1)
    return lax.reduce_window(maps, jnp.array(least, maps.dtype), lax.max, window, window, "VALID")


def apply(
    recipe: Recipe, convolve: Layer, pool: Callable[[jax.Array], jax.Array],
    weights: Weights, images: jax.Array, training: bool, key: Any,
) -> jax.Array:  # fmt: skip
    """Logits [n, 10] of images [n, 784]."""
    maps = images.reshape(-1, 28, 28, 1)
    # the largest of four is the same before ReLU as after it
    maps = jax.nn.relu(pool(convolve(weights, "conv1", maps)))
    maps = jax.nn.relu(pool(convolve(weights, "conv2", maps)))
    units = jax.nn.relu(dense(weights, "hidden", maps.reshape(len(maps), -1)))
    return dense(weights, "output", dropout(recipe, units, training, key))


def build(recipe: Recipe) -> tuple[Callable[[Any], Weights], Callable[..., jax.Array]]:
    """``(init, apply)`` as a user writes them."""
    return lambda key: initial_weights(recipe), partial(apply, recipe, convolution, pooled)


NETWORK = Network("convnet-jax", "jax", build, takes=TAKES)
