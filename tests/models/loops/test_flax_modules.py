"""Flax's modules as pairs, trained by JAX's loops as the network by hand is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flax")
import jax
from flax import linen, nnx

from likeforlike.models.contract.training.network import Match, Network
from likeforlike.models.loops.jax_scan import JaxScan
from likeforlike.models.loops.jax_step import JaxStep
from likeforlike.models.loops.on_jax.flax_modules import linen_pair, nnx_pair

sys.path.append(str(Path(__file__).parent))
from small_network import CHANNELS, CLASSES, EPSILON, MOMENTUM, PLAIN, SIDE, images, train

UNITS = (SIDE // 2) ** 2 * CHANNELS
KEPT = 1 - MOMENTUM


@pytest.fixture(autouse=True)
def jax_as_it_was() -> Iterator[None]:
    names = ("jax_enable_x64", "jax_default_matmul_precision")
    before = {name: getattr(jax.config, name) for name in names}
    yield
    for name, value in before.items():
        jax.config.update(name, value)


class OfLinen(linen.Module):
    rate: float

    @linen.compact
    def __call__(self, inputs: Any, train: bool) -> Any:
        maps = linen.Conv(CHANNELS, (3, 3), use_bias=False, name="conv", param_dtype=inputs.dtype)(inputs)
        maps = linen.BatchNorm(not train, momentum=KEPT, epsilon=EPSILON, name="norm")(maps)
        maps = linen.max_pool(linen.relu(maps), (2, 2), (2, 2))
        units = linen.Dropout(self.rate, deterministic=not train)(maps.reshape(len(inputs), -1))
        return linen.Dense(CLASSES, name="dense", param_dtype=inputs.dtype)(units)


class OfNnx(nnx.Module):
    def __init__(self, rate: float, rngs: nnx.Rngs) -> None:
        self.conv = nnx.Conv(1, CHANNELS, (3, 3), use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(CHANNELS, momentum=KEPT, epsilon=EPSILON, rngs=rngs)
        self.drop = nnx.Dropout(rate, rngs=rngs)
        self.dense = nnx.Linear(UNITS, CLASSES, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        maps = nnx.max_pool(nnx.relu(self.norm(self.conv(inputs))), (2, 2), (2, 2))
        return self.dense(self.drop(maps.reshape(len(inputs), -1)))


def network(kind: str) -> Network:
    example = images().train_images[:1]

    def build(recipe: Any) -> Any:
        if kind == "linen":
            return linen_pair(OfLinen(recipe.dropout_rate), example)
        return nnx_pair(lambda rngs: OfNnx(recipe.dropout_rate, rngs))

    params, stats = ("params/", "batch_stats/") if kind == "linen" else ("", "")
    matches = (
        Match("conv_kernel", f"{params}conv/kernel"),
        Match("norm_scale", f"{params}norm/scale"),
        Match("norm_shift", f"{params}norm/bias"),
        Match("norm_mean", f"{stats}norm/mean"),
        Match("norm_variance", f"{stats}norm/var"),
        Match("dense_kernel", f"{params}dense/kernel"),
        Match("dense_bias", f"{params}dense/bias"),
    )
    return Network(kind, "jax", build, matches, ("dropout_rate",))


@pytest.mark.parametrize("kind", ["linen", "nnx"])
def test_ten_steps_are_those_of_the_network_by_hand(kind: str) -> None:
    """But for the running variance, which Flax takes of the batch as it is and PyTorch by n - 1."""
    from small_network import JAX

    by_hand, found = train(JaxStep, JAX), train(JaxScan, network(kind))
    assert [e.loss for e in found.epochs] == pytest.approx([e.loss for e in by_hand.epochs], rel=1e-6)
    for name, array in by_hand.arrays.items():
        if name != "norm_variance":
            np.testing.assert_allclose(found.arrays[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
    start = 0.9 * np.ones(CHANNELS)
    moved = (found.arrays["norm_variance"] - start) / (by_hand.arrays["norm_variance"] - start)
    assert not np.allclose(found.arrays["norm_variance"], start)
    assert np.all(np.abs(moved - 1) < 0.2)


@pytest.mark.parametrize("kind", ["linen", "nnx"])
def test_dropout_is_on_in_training_alone(kind: str) -> None:
    trained = train(JaxStep, network(kind), replace(PLAIN, dropout_rate=0.5, epochs=1, precision="float32"))
    pixels = images().validation_images
    drawn = [trained.trainer.forward(pixels, training) for training in (True, True, False, False)]
    assert not np.allclose(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[2], drawn[3])
