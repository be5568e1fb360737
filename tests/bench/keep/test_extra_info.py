from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.extra_info import best_epoch, measured_record, time_to_accuracy
from likeforlike.bench.keep.run_facts import judge_together, noise_facts
from likeforlike.bench.measure.rounds import Turn
from likeforlike.bench.measure.stopping import GroupStopping, Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.bench.worker.messages import CellSpec, Ready, Sample
from likeforlike.devices.limits.units import format_seconds
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.recipe import MATCHED


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
    assert ended(replace(floor, role="contestant"), 9, 8)["role"] == "contestant"


def product(size: int, device: str = "gpu:0") -> dict[str, Any]:
    return {
        "workload": "matmul",
        "implementation": "tf-eager",
        "device": device,
        "axes": {"size": size, "dtype": "float32"},
        "flop": 2 * size**3,
        "plausible": {"ok": True, "reasons": []},
        "ceiling": {"flop_per_second": 1e14, "source": "test"},
    }


CONTEXT = Context({}, {}, 0.88, "generated")


def test_the_notebooks_flat_series_marks_its_small_sizes_too() -> None:
    """Its GPU column: nowhere above any ceiling at 500, yet part of a series that can't be true."""
    sizes, seconds = (500, 1000, 5000, 10000), [0.1385e-3, 0.2542e-3, 0.3390e-3, 0.3881e-3]
    records = [product(size) for size in sizes]
    judge_together(records, seconds, CONTEXT)
    assert [record["plausible"]["ok"] for record in records] == [False] * 4
    assert "nearly flat" in records[0]["plausible"]["reasons"][0]
    before = [list(record["plausible"]["reasons"]) for record in records]
    judge_together(records, seconds, CONTEXT)
    assert [record["plausible"]["reasons"] for record in records] == before, "judging again changes nothing"


def test_the_notebooks_cpu_series_stands_and_its_best_rate_is_the_measured_ceiling() -> None:
    sizes, seconds = (500, 1000, 5000, 10000), [8.905e-3, 31.146e-3, 3.4734, 28.566]
    records = [product(size, "cpu:0") for size in sizes]
    judge_together(records, seconds, CONTEXT)
    assert all(record["plausible"]["ok"] for record in records)
    assert records[0]["ceiling"]["measured_flop_per_second"] == pytest.approx(2 * 5000**3 / 3.4734)


def record(name: str, seconds: list[float], rounds: list[int]) -> CellRecord:
    return CellRecord(name, "measured", "", seconds, rounds, {"workload": "noise", "implementation": name})


def test_the_noise_floor_comes_from_shared_rounds() -> None:
    records = {
        "a": record("twin-a", [1.0] * 8 + [50.0], [*range(8), 99]),
        "b": record("twin-b", [1.1] * 8, list(range(8))),
        "n": record("nothing", [3e-7, 1e-7, 2e-7], [0, 1, 2]),
    }
    facts = noise_facts(records)
    assert facts is not None
    assert facts["aa_pairs"] == 8
    assert facts["aa_ratio"] == pytest.approx(1.1)
    assert facts["harness_seconds_per_sample"] == 2e-7
    assert noise_facts({}) is None


def test_twins_measured_in_two_sessions_share_no_round_and_still_tell_the_noise() -> None:
    """A run killed between the twins' ends: their medians are compared, over no pairs."""
    times = [1.0, 1.1, 0.9, 1.2, 0.8, 1.0, 1.05]
    facts = noise_facts(
        {
            "a": record("twin-a", times, list(range(7))),
            "b": record("twin-b", [1.02 * t for t in times], [10**6 + n for n in range(7)]),
        }
    )
    assert facts is not None
    assert facts["aa_pairs"] == 0
    assert facts["aa_ratio"] == pytest.approx(1.02)
    low, high = facts["aa_interval"]
    assert low < 1 < high


def test_twins_of_few_samples_have_no_interval() -> None:
    facts = noise_facts({name: record(name, [1.0, 1.1], [0, 1]) for name in ("twin-a", "twin-b")})
    assert facts == {"aa_ratio": 1.0, "aa_pairs": 0}


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.714, "4.71 s"), (0.0032, "3.2 ms"), (85e-6, "85 µs"), (40e-9, "40 ns")]
)
def test_seconds_a_person_reads(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_of_several_launches_the_noise_is_what_launches_differ_by() -> None:
    """Rounds of one launch agree to the last digit; a pair's interval over them would have no width."""
    logs = [0.0, 0.03, -0.01]
    rounds = list(range(12))
    launches = [n // 4 for n in rounds]
    first = record("twin-a", [1.0] * 12, rounds)
    second = record("twin-b", [math.exp(logs[n // 4]) for n in rounds], rounds)
    for twin in (first, second):
        twin.extra_info["launch_numbers"] = launches
    facts = noise_facts({"a": first, "b": second})
    assert facts is not None
    assert facts["aa_ratio"] == pytest.approx(math.exp(np.mean(logs)))
    half = stats.t.ppf(0.975, 2) * np.std(logs, ddof=1) / math.sqrt(3)
    assert np.log(facts["aa_interval"]) == pytest.approx([np.mean(logs) - half, np.mean(logs) + half])
