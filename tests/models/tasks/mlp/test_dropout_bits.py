"""Dropout's bits: each step moves on the generators of its own rows, in XLA as in Marsaglia's paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.tasks.fashion_mnist import generate
from likeforlike.models.tasks.mlp.dropout_bits import lane_seeds
from likeforlike.models.tasks.mlp.proof import initial_parameters

RECIPE = replace(MATCHED, epochs=1, remainder="keep")
ROWS_OF_THE_REST = 10


def moved_on(lane: int, steps: int) -> int:
    """Marsaglia's xorshift32 with unbounded integers, masked by hand."""
    for _ in range(steps):
        lane = (lane ^ (lane << 13)) & 0xFFFFFFFF
        lane ^= lane >> 17
        lane = (lane ^ (lane << 5)) & 0xFFFFFFFF
    return lane


def trained(factory: Any) -> Any:
    """A trainer after two whole batches and a smaller one."""
    data = generate("synthetic", 1, 2 * RECIPE.batch_size + ROWS_OF_THE_REST, 10)
    trainer = factory(Run(RECIPE, data, initial_parameters(RECIPE), "cpu:0"))
    trainer.train_epoch()
    return trainer


def check(lanes: np.ndarray) -> None:
    seeds = lane_seeds(RECIPE.seed, RECIPE.batch_size)
    for row, steps in ((0, 3), (ROWS_OF_THE_REST - 1, 3), (ROWS_OF_THE_REST, 2), (RECIPE.batch_size - 1, 2)):
        assert lanes[row].tolist() == [moved_on(int(lane), steps) for lane in seeds[row]]


def test_the_reference_is_marsaglias() -> None:
    """The first number that the paper's start gives."""
    assert moved_on(2463534242, 1) == 723471715


def test_tf_epoch_moves_its_generators_on_with_each_step() -> None:
    pytest.importorskip("tensorflow")
    from likeforlike.models.tasks.mlp.loops.tensorflow_epoch import TensorFlowEpoch

    check(trained(TensorFlowEpoch).lanes.numpy())


def test_jax_scan_moves_its_generators_on_with_each_step() -> None:
    pytest.importorskip("jax")
    from likeforlike.models.tasks.mlp.loops.jax_scan import JaxScan

    check(np.asarray(trained(JaxScan).state.lanes))
