from __future__ import annotations

from typing import Any

import pytest

from likeforlike.bench.keep.call_times import launch_seconds
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.held_records import HeldRecords
from likeforlike.bench.keep.launch_records import launches_joined
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.models.contract.implementation import Implementation


def cell(name: str) -> Cell:
    return Cell(
        Implementation(name, "matmul", "numpy", "", "m:a"), "cpu:0", (("size", 4), ("dtype", "float32")), "g"
    )


A, B, C, D = (cell(name) for name in "abcd")
CONTEXT = Context({"cpu": {}, "gpus": [], "precision_mode": "ieee"}, {}, 0.9, {})


def record(of: Cell, seconds: list[float], first: int, launch: int = 0, **more: Any) -> CellRecord:
    rounds = list(range(first, first + len(seconds)))
    extra = {
        "verified": {"error": 0.0, "tolerance": 1.0},
        "warm_up_calls": 1,
        "state": {},
        "stop": {},
        "round_numbers": rounds,
        "launch_numbers": [launch] * len(rounds),
        **more,
    }
    return CellRecord(of.id, "measured", "", seconds, rounds, extra, launch=launch)


def in_pairs(launch: int = 0) -> dict[str, CellRecord]:
    held = HeldRecords()
    held.add([A, B], A, record(A, [1.0, 1.1], 100 * launch, launch))
    held.add([A, B], B, record(B, [2.0, 2.1], 100 * launch, launch))
    held.add([A, C], C, record(C, [3.0, 3.1], 100 * launch + 10, launch))
    held.add([A, C], A, record(A, [1.5, 1.6], 100 * launch + 10, launch))
    return {of.id: kept for of, kept in held.all()}


def test_who_took_part_twice_has_one_record_and_its_further_turns_beside() -> None:
    kept = in_pairs()
    assert list(kept) == [A.id, B.id, C.id]
    assert kept[A.id].seconds == [1.0, 1.1]
    assert kept[A.id].extra_info["beside"] == {
        C.id: {
            "seconds": [1.5, 1.6],
            "round_numbers": [10, 11],
            "launch_numbers": [0, 0],
            "disturbed": [],
        }
    }
    assert "beside" not in kept[C.id].extra_info
    # what decides whether a further launch follows
    assert launch_seconds(kept[A.id]) == {0: 1.0, 1: 1.1, 10: 1.5, 11: 1.6}
    assert launch_seconds(kept[C.id]) == {10: 3.0, 11: 3.1}


def test_what_stands_beside_is_joined_over_launches() -> None:
    launches = [in_pairs(0)[A.id], in_pairs(1)[A.id]]
    told = launches_joined(A, launches, None, CONTEXT).extra_info["beside"][C.id]
    assert told == {
        "seconds": [1.5, 1.6, 1.5, 1.6],
        "round_numbers": [10, 11, 110, 111],
        "launch_numbers": [0, 0, 1, 1],
        "disturbed": [],
    }


def test_whole_epochs_stand_beside_where_all_phases_are_told() -> None:
    epochs = [
        {"epoch": n, "train_seconds": 1.0 * n, "evaluation_seconds": 0.5, "logging_seconds": 0.25}
        for n in (1, 2, 3)
    ]
    held = HeldRecords()
    held.add([A, B], A, record(A, [1.0], 0))
    held.add([A, C], A, record(A, [2.0, 3.0], 10, epochs=epochs))
    (kept,) = [kept for _, kept in held.all()]
    assert kept.extra_info["beside"][C.id]["whole_seconds"] == [2.75, 3.75]


def test_who_failed_once_is_lost_and_a_failure_beside_costs_nothing() -> None:
    held = HeldRecords()
    held.add([A, B], A, record(A, [1.0], 0))
    held.add([A, B], B, CellRecord(B.id, "crashed", "gone"))
    held.add([A, C], A, CellRecord(A.id, "crashed", "gone"))
    assert (held.lost(A), held.lost(B), held.lost(C)) == (False, True, False)
    assert [kept.outcome for _, kept in held.all()] == ["measured", "crashed"]


@pytest.mark.parametrize("outcome", ["wrong-answer", "non-finite"])
def test_a_wrong_answer_beside_another_refutes_what_was_right_before(outcome: str) -> None:
    held = HeldRecords()
    held.add([A, B], A, record(A, [1.0], 0))
    held.add([A, C], A, CellRecord(A.id, outcome, "strays"))
    assert held.lost(A)
    held.add([A, D], A, record(A, [1.0], 20))
    assert [(kept.outcome, kept.reason) for _, kept in held.all()] == [(outcome, "strays")]


def test_an_epoch_of_which_a_phase_is_not_told_has_no_whole() -> None:
    phases = {"train_seconds": 1.0, "evaluation_seconds": 0.5, "logging_seconds": 0.25}
    for missing in phases:
        held = HeldRecords()
        held.add([A, B], A, record(A, [1.0], 0))
        epochs = [{"epoch": 1, **phases}, {"epoch": 2, **phases, missing: None}]
        held.add([A, C], A, record(A, [2.0, 3.0], 10, epochs=epochs))
        assert "whole_seconds" not in held.all()[0][1].extra_info["beside"][C.id]


def test_who_failed_has_nothing_beside_it() -> None:
    held = HeldRecords()
    held.add([A, B], A, CellRecord(A.id, "crashed", "gone"))
    held.add([A, C], A, record(A, [1.0], 10))
    (kept,) = [kept for _, kept in held.all()]
    assert (kept.outcome, kept.extra_info) == ("crashed", {})
    held = HeldRecords()
    held.add([A, B], A, record(A, [1.0], 0))
    held.add([A, C], A, CellRecord(A.id, "crashed", "gone"))
    assert "beside" not in held.all()[0][1].extra_info


def test_several_others_stand_beside_each_by_its_own() -> None:
    held = HeldRecords()
    for first, other in enumerate((B, C, cell("d"))):
        held.add([A, other], A, record(A, [1.0 + first], 10 * first))
    beside = held.all()[0][1].extra_info["beside"]
    assert {name: told["seconds"] for name, told in beside.items()} == {C.id: [2.0], cell("d").id: [3.0]}
