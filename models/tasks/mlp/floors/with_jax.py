"""JAX's products in one ``lax.scan``, compiled by XLA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from likeforlike.models.tasks.mlp.floors.floor import Floor, Job, Pass, Way, every_layout
from likeforlike.models.tasks.mlp.floors.layouts import Layout


class Operations:
    """``@``; XLA makes of a transposition what it likes."""

    @staticmethod
    def product(
        left: jax.Array,
        right: jax.Array,
        *,
        left_transposed: bool = False,
        right_transposed: bool = False,
    ) -> jax.Array:
        """``left @ right``."""
        return (left.T if left_transposed else left) @ (right.T if right_transposed else right)

    @staticmethod
    def add_product(total: jax.Array, left: jax.Array, right: jax.Array) -> jax.Array:
        """``total + left @ right``."""
        return total + left @ right


class FloorJax(Floor):
    """The whole epoch's products in one compiled call."""

    name = "floor-jax"
    library = "JAX"

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """Every layout."""
        jax.config.update("jax_enable_x64", job.images.dtype == "float64")
        kind, _, index = job.device.partition(":")
        device = jax.devices("cuda" if kind == "gpu" else kind)[int(index or 0)]
        return every_layout(partial(_pass, device, jax.device_put(job.images, device)), job)


def _pass(device: jax.Device, images: jax.Array, job: Job, layout: Layout) -> Pass:
    kernels = [jax.device_put(array, device) for array in job.laid_out(layout)]

    def epoch(images: jax.Array, kernels: list[jax.Array]) -> tuple[jax.Array, ...]:
        size = job.batch_size
        batches = images[: job.whole * size].reshape(job.whole, size, images.shape[1])
        start = tuple(map(jnp.zeros_like, kernels))
        last, _ = jax.lax.scan(
            lambda _, batch: (layout.products(Operations(), batch, kernels), None), start, batches
        )
        # XLA leaves out what is not returned, a whole scan too
        return (
            last if job.rest is None else (*layout.products(Operations(), images[job.rest], kernels), *last)
        )

    with jax.default_matmul_precision("tensorfloat32" if job.tf32 else "highest"):
        function = jax.jit(epoch).lower(images, kernels).compile()

    def once() -> Sequence[Any]:
        return jax.block_until_ready(function(images, kernels))[: len(kernels)]

    return once
