from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.extra_info import (
    best_epoch,
    judgement,
    lost_record,
    measured_record,
    time_to_accuracy,
    touching,
)
from likeforlike.bench.measure.rounds import Turn
from likeforlike.bench.measure.stopping import GroupStopping, Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.bench.worker.messages import CellSpec, Ready, Sample
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.limits.units import format_seconds
from likeforlike.devices.machine.environment import inherited
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.tasks.mlp.counts import flop


def epochs(*rows: tuple[float, float, float]) -> list[dict[str, Any]]:
    """(train seconds, validation loss, validation accuracy) a row."""
    return [
        {"epoch": n, "train_seconds": s, "val_loss": loss, "val_accuracy": accuracy}
        for n, (s, loss, accuracy) in enumerate(rows, 1)
    ]


def test_time_to_accuracy_sums_the_training_up_to_the_first_epoch_that_reaches_it() -> None:
    told = time_to_accuracy(epochs((5, 0.5, 0.80), (2, 0.4, 0.88), (2, 0.3, 0.87), (2, 0.3, 0.90)), 0.88)
    assert told == {"target": 0.88, "seconds": 7, "epoch": 2}


def test_an_accuracy_never_reached_is_none() -> None:
    assert time_to_accuracy(epochs((5, 0.5, 0.80)), 0.88) == {"target": 0.88, "seconds": None, "epoch": None}


def test_the_best_epoch_is_that_of_least_validation_loss() -> None:
    assert best_epoch(epochs((1, 0.5, 0.9), (1, 0.3, 0.8), (1, 0.4, 0.95))) == {
        "epoch": 2,
        "val_loss": 0.3,
        "val_accuracy": 0.8,
    }
    assert best_epoch([{"epoch": 1, "train_seconds": 1.0, "val_loss": None, "val_accuracy": None}]) is None


def ended(entry: Implementation, epochs: int, warm: int) -> dict[str, Any]:
    """What is recorded of a training of so many epochs that took so many warm turns."""
    cell = Cell(entry, "cpu:0", (("recipe", "matched"), ("run", 0)), "g", replace(MATCHED, epochs=epochs))
    spec = CellSpec(
        cell.id,
        "m:a",
        "training",
        "numpy",
        {},
        "cpu:0",
        1,
        "float32",
        "synchronised",
        False,
        False,
        True,
        False,
        "t:f",
    )
    turn = Turn(cell, spec, None, 9.0)  # type: ignore[arg-type]
    turn.ready = Ready(0.1, None, 0.0, 1.0, 0, {"data": {"train_samples": 640}})
    turn.samples, turn.rounds = [Sample(1.0)] * warm, list(range(warm))
    turn.repeated = 2
    stopping = GroupStopping(Limits(1, 1.0, None, 0.95))
    return measured_record(turn, stopping, CONTEXT, {}, None).extra_info


def test_a_floor_says_that_it_is_one_and_why_it_ended() -> None:
    floor = Implementation("floor-x", "training", "numpy", "", "m:a", role="floor")
    told = ended(floor, 9, 3)
    assert (told["role"], told["repeated"]) == ("floor", 2)
    assert told["stop"] == {"reason": "far from the fastest floor", "median_interval": None, "rounds": 3}
    assert ended(floor, 9, 8)["stop"]["reason"] == "epochs"
    assert ended(floor, 1, 0)["stop"]["reason"] == "epochs"
    assert ended(replace(floor, role="contestant"), 9, 8)["role"] == "contestant"


CONTEXT = Context({}, {}, 0.88, {"training": "generated"})


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.714, "4.71 s"), (0.0032, "3.2 ms"), (85e-6, "85 µs"), (40e-9, "40 ns")]
)
def test_seconds_a_person_reads(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def trained(
    cold: bool,
    warm: int = 2,
    target: float | None = 0.87,
    workload: str = "training",
    waits: Sequence[float | None] = (),
    **facts: Any,
) -> dict[str, Any]:
    """What is recorded of a training: 5, 2 and 2 s of training an epoch, 0.5 s of evaluation, 0.25 s of logging."""
    entry = Implementation("t", workload, "numpy", "", "m:a", environment={"SWITCH": "1"})
    cell = Cell(entry, "cpu:0", (("recipe", "matched"), ("run", 0)), "g", replace(MATCHED, epochs=3))
    told = [
        {"epoch": n, "train_seconds": s, "evaluation_seconds": 0.5, "logging_seconds": 0.25}
        | {"loss": 1.0, "accuracy": 0.8, "val_loss": 1.0 / n, "val_accuracy": 0.85 + n / 100}
        for n, s in ((1, 5.0), (2, 2.0), (3, 2.0))
    ]
    turn = Turn(cell, SPEC, None, 9.0)  # type: ignore[arg-type]
    turn.ready = Ready(0.125, None, 1e-4, 1e-3, 0, {"data": {"train_samples": 640, "source": "theirs"}})
    turn.cold = Sample(5.0, told[0]) if cold else None
    turn.samples = [Sample(epoch["train_seconds"], epoch) for epoch in told[1 : 1 + warm]]
    turn.rounds, turn.facts, turn.waits = list(range(warm)), facts, list(waits)
    context = replace(CONTEXT, target_accuracy=target)
    return measured_record(turn, GroupStopping(Limits(1, 1.0, None, 0.95)), context, {}, "logs/t").extra_info


SPEC = CellSpec(
    "c", "m:a", "training", "numpy", {}, "cpu:0", 1, "float32", "synchronised", False, False, True, False, "t:f"
)  # fmt: skip


def test_a_sample_carries_what_its_worker_waited() -> None:
    assert trained(cold=True, waits=(0.25, None))["waited_seconds"] == [0.25, None]
    assert trained(cold=True, waits=(None, None))["waited_seconds"] is None


def test_an_accuracy_to_be_reached_is_asked_for_or_one_of_known_data() -> None:
    """What is usual on Fashion-MNIST says nothing of a text, nor of anyone's own data."""
    assert trained(cold=True, target=None)["time_to_accuracy"] == {"target": 0.88, "seconds": 9.0, "epoch": 3}
    assert trained(cold=True, target=None, workload="text")["time_to_accuracy"] is None
    asked = trained(cold=True, target=0.86, workload="text")
    assert asked["time_to_accuracy"] == {"target": 0.86, "seconds": 5.0, "epoch": 1}


def test_a_training_is_told_whole() -> None:
    told = trained(cold=True, terms={"execution": "graph"})
    assert told["total_seconds"] == 0.125 + 5 + 2 + 2 + 3 * (0.5 + 0.25)
    assert told["cold_seconds"] == 5.0
    assert [epoch["epoch"] for epoch in told["epochs"]] == [1, 2, 3]
    assert told["time_to_accuracy"] == {"target": 0.87, "seconds": 7.0, "epoch": 2}
    assert told["best_epoch"]["epoch"] == 3
    assert told["data"] == {"train_samples": 640, "source": "generated"}
    assert told["terms"] == {"execution": "graph", "SWITCH": "1"}
    assert told["recipe"]["epochs"] == 3
    assert told["flop"] == flop(MATCHED, 640)
    assert told["tensorboard"] == "logs/t"
    assert told["verified"] == {"error": 1e-4, "tolerance": 1e-3}
    assert told["stop"] == {"reason": "epochs", "median_interval": None, "rounds": 2}
    assert "transfer" not in told


def test_without_a_cold_epoch_none_is_told() -> None:
    told = trained(cold=False, warm=1)
    assert told["cold_seconds"] is None
    assert [epoch["epoch"] for epoch in told["epochs"]] == [2]
    assert told["stop"]["reason"] == "far from the fastest floor"
    assert told["terms"] == {"SWITCH": "1"}


def multiplied(
    seconds: list[float], spec: CellSpec = SPEC, launch: int = 0, twin_of: str = "", **facts: Any
) -> dict[str, Any]:
    """What is recorded of products of 1000 x 1000 on an unknown processor."""
    entry = Implementation("p", "matmul", "numpy", "", "m:a", origin="somewhere")
    cell = Cell(entry, "cpu:0", (("size", 1000), ("dtype", "float32")), "g", twin_of=twin_of)
    turn = Turn(cell, spec, None, 9.0, launch=launch, start={"position": 3})  # type: ignore[arg-type]
    turn.ready = Ready(0.5, 0.25, 0.0, 1.0, 7, {"import_seconds": 2.0})
    turn.samples = [
        Sample(value, None, 0.1, 0.2) if facts.get("copied") else Sample(value) for value in seconds
    ]
    turn.rounds, turn.facts = list(range(len(seconds))), facts
    stopping = GroupStopping(Limits(2, 1.0, None, 0.5))
    stopping.initialise([cell.id])
    for number, value in enumerate(seconds):
        stopping.add(cell.id, number, value, 9.0)
    stopping.finished()
    state = {"disturbances": ["another program"]}
    context = replace(CONTEXT, device_names={"cpu:0": "a processor"})
    return measured_record(turn, stopping, context, state, None).extra_info


def test_the_memory_of_a_device_is_told_where_bytes_are_counted() -> None:
    """Of one that is not known the source and the caches, and no bandwidth: nobody's is not its own."""
    unknown = multiplied([1.0, 3.0])["memory_ceiling"]
    assert (unknown["bytes_per_second"], unknown["cache_bytes"]) == (None, None)
    assert unknown["source"].startswith("memory not known")
    assert trained(cold=True)["memory_ceiling"] is None
    h200 = {"gpus": [{"index": 0, "name": "NVIDIA H200", "memory_bytes": 150e9}]}
    cell = Cell(
        Implementation("p", "matmul", "jax", "", "m:a"), "gpu:0", (("size", 9), ("dtype", "float32")), "g"
    )
    told = judgement(cell, {}, [1.0], replace(CONTEXT, fingerprint=h200))["memory_ceiling"]
    assert told == {"bytes_per_second": 4.8e12, "source": told["source"], "cache_bytes": 60 * 2**20}
    assert "NVIDIA H200 datasheet" in told["source"]


def test_a_kernel_is_told_with_its_launch() -> None:
    told = multiplied([1.0, 3.0], launch=2, twin_of="q")
    assert told["launches"] == [
        {
            "launch": 2,
            "rounds": 2,
            "import_seconds": 2.0,
            "setup_seconds": 0.5,
            "cold_seconds": 0.25,
            "warm_up_calls": 7,
            "position": 3,
            "disturbances": ["another program"],
        }
    ]
    assert told["launch_numbers"] == [2, 2]
    assert told["stop"] == {"reason": "max-time", "median_interval": [0.5, 1.5], "rounds": 2}
    assert (told["role"], told["twin_of"]) == ("twin", "q")
    assert (told["flop"], told["device_name"]) == (2e9, "a processor")
    assert told["plausible"] == {"ok": True, "reasons": []}
    assert "recipe" not in told
    assert (multiplied([1.0])["role"], multiplied([1.0])["twin_of"]) == ("contestant", None)
    assert multiplied([1.0])["stop"]["median_interval"] is None


def test_the_median_is_judged_and_so_is_a_queueing_time() -> None:
    assert multiplied([1e-9, 1e-9, 1.0])["plausible"]["ok"] is False
    assert multiplied([1.0, 1.0, 1e-9])["plausible"]["ok"] is True
    queued = multiplied([1.0, 1.0], synchronised_median_seconds=9.0)["plausible"]
    assert (queued["ok"], len(queued["reasons"])) == (False, 1)
    assert multiplied([])["plausible"] == {"ok": True, "reasons": []}
    assert multiplied([])["stop"] == {"reason": "once", "median_interval": None, "rounds": 0}
    assert "transfer" not in multiplied([])
    assert multiplied([1.0])["ceiling"]["flop_per_second"] > 1e12


def test_copies_are_told_beside_their_calls() -> None:
    assert multiplied([1.0, 2.0], copied=True)["transfer"] == {
        "to_device_seconds": [0.1, 0.1],
        "to_host_seconds": [0.2, 0.2],
    }
    assert "transfer" not in multiplied([1.0, 2.0])


def test_an_epoch_without_an_accuracy_reaches_none_and_just_the_target_is_enough() -> None:
    rows = epochs((5, 0.5, 0.80), (2, 0.4, 0.88))
    rows[0]["val_accuracy"] = None
    assert time_to_accuracy(rows, 0.88) == {"target": 0.88, "seconds": 7, "epoch": 2}


def test_variables_are_told_to_whom_they_touch_and_who_does_not_set_them() -> None:
    context = replace(CONTEXT, environment=inherited({"OPENBLAS_NUM_THREADS": "1", "XLA_FLAGS": "x"}))
    numpy = Implementation("p", "matmul", "numpy", "", "m:a")
    cell = Cell(numpy, "cpu:0", (("size", 4), ("dtype", "float32")), "g")
    assert set(touching(cell, context)) == {"OPENBLAS_NUM_THREADS"}
    own = replace(cell, entry=replace(numpy, environment={"OPENBLAS_NUM_THREADS": "2"}))
    assert touching(own, context) == {}
    other_blas = replace(context, fingerprint={"blas": ["mkl 2024"]})
    assert touching(cell, other_blas) == {}
    gpu_alone = replace(CONTEXT, environment=inherited({"NVIDIA_TF32_OVERRIDE": "0"}))
    torch = replace(cell, entry=replace(numpy, framework="torch"))
    assert touching(torch, gpu_alone) == {}
    assert touching(replace(torch, device="gpu:0"), gpu_alone) == {"NVIDIA_TF32_OVERRIDE": "0"}


def test_a_lost_cell_keeps_how_it_was_lost() -> None:
    cell = Cell(
        Implementation("p", "matmul", "numpy", "", "m:a"), "cpu:0", (("size", 4), ("dtype", "float32")), "g"
    )
    turn = Turn(cell, SPEC, None, 9.0, failure=CellFailed("crashed", "gone"))  # type: ignore[arg-type]
    assert lost_record(turn) == CellRecord(cell.id, "crashed", "gone")
