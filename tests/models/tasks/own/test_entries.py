"""Which loops train which of the models, under which names, and what they are made of."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from likeforlike.models.contract.training.recipe import MATCHED, RecipeRefused
from likeforlike.models.inference.own.workload import declared as asked
from likeforlike.models.tasks.own import networks
from likeforlike.models.tasks.own.entries import entries_of
from likeforlike.models.tasks.own.given import (
    POINTERS,
    Asked,
    Brought,
    DataTold,
    MatchTold,
    ModelTold,
    Refused,
)
from likeforlike.models.tasks.own.task import task_of
from likeforlike.models.tasks.own.workload import workload_name


def brought(**families: str) -> Brought:
    models = tuple(
        ModelTold(name, f"mine:{name}", family, "sparse-crossentropy", (), (), (4,), ("0",))
        for name, family in families.items()
    )
    asked = Asked(tuple(m.target for m in models), "data:some", (9, 9), (1,), (asdict(MATCHED),))
    return Brought(Path("folder"), asked, models, DataTold("data:some", 9, 9, 9, (3,)))


def names(**families: str) -> list[str]:
    return [entry.name for entry in entries_of(brought(**families), "net")]


def test_a_model_is_trained_by_all_loops_of_its_framework() -> None:
    on_keras = names(net="keras")
    assert {"keras-fit", "keras-fit-tuned", "train-on-batch", "eager-loop", "graph-loop", "tf-epoch"} < set(
        on_keras
    )
    assert {"keras-fit-jax", "keras-fit-torch"} < set(on_keras)
    assert on_keras[-2:] == ["floor-tf", "floor-keras-jax"]
    assert names(net="torch") == ["torch-loop", "torch-compiled", "floor-torch"]
    assert names(net="jax") == ["jax-step", "jax-scan", "floor-jax"]


def test_models_of_one_framework_are_told_apart_by_name() -> None:
    assert names(small="torch", large="torch", other="jax") == [
        "torch-loop-small",
        "torch-compiled-small",
        "floor-torch-small",
        "torch-loop-large",
        "torch-compiled-large",
        "floor-torch-large",
        "jax-step",
        "jax-scan",
        "floor-jax",
    ]


def test_a_worker_is_told_the_folder_and_the_model_and_a_resumed_run_the_modules() -> None:
    *_, last = entries_of(brought(first="keras", second="torch"), "net")
    told = dict(last.environment)
    assert [told[name] for name in POINTERS] == ["folder", "1", "net"]
    assert last.modules == ("mine", "data")
    assert last.workload == "net"


@pytest.mark.parametrize(("here", "skipped"), [("tensorflow", False), ("jax", True)])
def test_a_model_of_one_backend_alone_is_skipped_on_others(
    monkeypatch: pytest.MonkeyPatch, here: str, skipped: bool
) -> None:
    """With layers of TensorFlow's own a Keras model is none of JAX's: no fault of a loop."""

    def built(build: object, precision: str) -> None:
        raise Refused("--model: mine:net failed: ValueError: only on TensorFlow")

    monkeypatch.setattr(networks, "tools_of", lambda family: SimpleNamespace(built=built))
    monkeypatch.setattr(networks, "backend_of", lambda family: here)
    told = replace(brought(net="keras").models[0], backend="tensorflow")
    with pytest.raises(RecipeRefused if skipped else Refused, match="only on TensorFlow") as error:
        networks.network_of(told).build(MATCHED)
    if skipped:
        assert str(error.value).startswith("net refuses keras_backend='jax': on tensorflow it can be built")


def test_operations_are_told_where_all_models_are_one_network() -> None:
    """A cell is counted by its workload: of another network beside the first nobody knows whose it would be."""
    two = brought(keras="keras", other="torch")
    counted = tuple(replace(m, flop=(1.0, 2.0), inference_flop=(1.0, 2.0)) for m in two.models)
    matched = (counted[0], replace(counted[1], matches=(MatchTold("w", "w"),)))
    recipe = replace(MATCHED, batch_size=4)
    for models, training, inference in ((counted, None, None), (matched, 3 + 2 * 9, 1 + 2 * 8)):
        some = replace(two, models=models)
        assert task_of(some, 0, "net").flop(recipe, 9) == training
        assert asked(some, "net-inference").flop({"batch": 8}) == inference


def test_the_workload_is_named_by_what_the_models_names_begin_with() -> None:
    assert workload_name(brought(resnet_keras="keras", resnet_torch="torch")) == "resnet"
    assert workload_name(brought(mine="keras", theirs="torch")) == "mine"
    assert workload_name(brought(training="keras"), {"training"}) == "training-own"
