"""The ways that loops declare: each is gone, as seen from outside, and changes nothing of what is trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.trainer import Epoch
from likeforlike.models.tasks.epoch_faults import metrics_fault
from likeforlike.models.tasks.oracle.proof import TOLERANCES

HERE = Path(__file__).parent
EPOCHS, STEPS = 2, 4
"""Of the proof's problem."""


def examined(backend: str) -> Any:
    if lacking := missing(("tensorflow", "keras", backend)):
        pytest.skip(lacking)
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *filter(None, sys.path)]),
    }
    command = [sys.executable, str(HERE / "examine_ways.py"), backend]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    return examined("tensorflow")


def test_every_way_follows_the_oracle(seen: dict[str, Any]) -> None:
    errors = {name: found["error"] for name, found in seen.items() if "error" in found}
    assert len(errors) == 10
    assert {name: error for name, error in errors.items() if not error <= TOLERANCES["float32"]} == {}


def test_fit_by_itself_is_called_for_each_step_and_reads_what_it_gives_back(seen: dict[str, Any]) -> None:
    """On TensorFlow itself, before it goes on."""
    found = seen["fit"]
    assert found["calls"] == found["read by the loop"] == EPOCHS * STEPS
    assert "read beside" not in found
    assert (found["dataset"], found["metrics"]) == ("ndarray", ["accuracy", "loss"])


def test_steps_in_one_call(seen: dict[str, Any]) -> None:
    """Of four steps the calls take 3 and 1, or all."""
    assert seen["fit untuned"]["calls"] == EPOCHS * 2
    assert seen["fit gathered"]["calls"] == EPOCHS
    assert seen["graph"]["calls"] == EPOCHS * STEPS
    assert seen["graph arrays"]["calls"] == EPOCHS * 2
    assert seen["graph gathered"]["calls"] == EPOCHS


def test_logs_are_read_as_the_recipe_says(seen: dict[str, Any]) -> None:
    assert seen["fit tf.data"]["read by the loop"] == EPOCHS * STEPS
    assert "read beside" not in seen["fit tf.data"]
    for once in ("fit gathered", "fit without metrics"):
        assert not {"read beside", "read by the loop"} & seen[once].keys()
    assert seen["fit without metrics"]["calls"] == EPOCHS * STEPS
    # loss and accuracy: at the end of an epoch, and after each step
    assert seen["graph"]["numbers read"] == 2 * EPOCHS
    assert seen["graph untuned"]["numbers read"] == 2 * EPOCHS * (STEPS + 1)
    assert seen["eager"]["numbers read"] == 2 * EPOCHS * (STEPS + 1)


def test_batches_come_as_the_recipe_says(seen: dict[str, Any]) -> None:
    assert seen["fit untuned"]["autotuned"] is False
    assert seen["fit tf.data"]["dataset"] == "_BatchDataset"
    assert seen["fit gathered"]["dataset"] == "_AssertCardinalityDataset"
    ways = {"graph": "tf.data", "graph arrays": "arrays", "graph gathered": "gathered"}
    for name, way in {**ways, "graph untuned": "arrays-untuned", "eager": "arrays"}.items():
        assert [key for key in seen[name] if key.startswith("fed by")] == [f"fed by {way}"]


@pytest.mark.parametrize(
    "how",
    [
        "keras-fit arrays-untuned",
        "keras-fit tf.data",
        "keras-fit gathered",
        "graph-loop arrays",
        "graph-loop gathered",
    ],
)
def test_every_epoch_has_a_fresh_order_whatever_it_is_fed_by(how: str, seen: dict[str, Any]) -> None:
    assert seen["orders"][how] == {"shuffled": True, "fresh": True}


def test_metrics_are_computed_by_whom_the_recipe_says(seen: dict[str, Any]) -> None:
    assert seen["fit without metrics"]["metrics"] == ["loss"]
    objects = {name: found["metric objects"] for name, found in seen.items() if "metric objects" in found}
    assert objects == {
        "graph": False,
        "graph arrays": True,
        "graph untuned": False,
        "graph gathered": False,
        "eager": True,
    }


def test_layers_are_whose_the_recipe_says(seen: dict[str, Any]) -> None:
    found = {name: found["family"] for name, found in seen.items() if "family" in found}
    assert [name for name, family in found.items() if family == "keras"] == ["graph untuned", "eager"]


def test_what_a_loop_can_t_do_beside_another_field_is_refused_by_name(seen: dict[str, Any]) -> None:
    assert seen["refused"] == {
        "fit untuned": "remainder",
        "graph arrays": "remainder",
        "fit eager": "steps_per_call",
    }


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_fit_reads_its_logs_as_it_is_told_on_other_backends_too(backend: str) -> None:
    told = examined(backend)
    found, loader = told["fit"], told["loader"]
    if loader:
        assert loader["processes"] == [0, 0, 2]
        assert max(loader["errors"].values()) <= TOLERANCES["float32"]
    for one in found.values():
        assert one["error"] <= TOLERANCES["float32"]
        assert one["calls"] == EPOCHS * STEPS
    assert found["itself"]["read beside"] == EPOCHS * STEPS
    assert "read by the loop" not in found["itself"]
    assert found["each-step"]["read by the loop"] == EPOCHS * STEPS
    assert not {"read beside", "read by the loop"} & found["each-epoch-none"].keys()
    assert found["each-epoch-none"]["metrics"] == ["loss"]


def test_an_accuracy_told_though_there_are_no_metrics_is_a_fault() -> None:
    bare, told = Epoch(1, 1.0, 0.1, 0.0, 2.0, None, 2.1, None), Epoch(1, 1.0, 0.1, 0.0, 2.0, None, 2.1, 0.5)
    none = replace(MATCHED, metrics="none")
    assert metrics_fault(none, bare) is None
    assert metrics_fault(MATCHED, told) is None
    assert metrics_fault(none, told) == "epoch 1 tells an accuracy, 0.5, though the recipe has no metrics"


def test_the_proof_refuses_a_trainer_that_computes_metrics_all_the_same() -> None:
    from likeforlike.models.tasks.mlp.loops.numpy_loop import ORACLE, NumpyLoop
    from likeforlike.models.tasks.oracle.proof import parity_error

    recipe = replace(MATCHED, batch_size=16)
    assert parity_error(ORACLE, NumpyLoop, recipe, "cpu:0") < 1e-3
    assert parity_error(ORACLE, NumpyLoop, replace(recipe, metrics="none"), "cpu:0") == np.inf
