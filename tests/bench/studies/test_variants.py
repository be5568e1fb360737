"""Variants of trainers: each keeps to the oracle of what it varies."""

from __future__ import annotations

import importlib
from dataclasses import replace

import pytest

from likeforlike.bench.studies.variants import IMPLEMENTATIONS
from likeforlike.bench.worker.measure_trainer import Trains
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.tasks.convnet.task import CONVNET

OF_CONVNET = [entry for entry in IMPLEMENTATIONS if entry.workload == "convnet"]


@pytest.mark.parametrize("entry", OF_CONVNET, ids=lambda entry: entry.name)
def test_a_variant_of_the_convnet_keeps_to_the_oracle(entry):
    pytest.importorskip("tensorflow")
    if pytest.importorskip("keras").backend.backend() != "tensorflow":
        pytest.skip("this process has loaded Keras on another backend")
    module, _, attribute = entry.network.partition(":")
    network = getattr(importlib.import_module(module), attribute)
    recipe = replace(MATCHED, batch_size=16, dropout_rate=0.0)
    assert CONVNET.verify(Trains(entry.load(), network), recipe, "cpu:0").ok
