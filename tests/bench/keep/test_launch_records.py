from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.launch_records import launches_in_turns, launches_joined
from likeforlike.bench.measure.launches import Enough
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

CELL = Cell(
    Implementation("mine", "matmul", "numpy", "", "m:a"), "cpu:0", (("size", 10), ("dtype", "float32")), "g"
)
CONTEXT = Context({"cpu": {}, "gpus": [], "precision_mode": "ieee"}, {}, 0.9, {})


def record(launch: int, seconds: list[float], cold: float, error: float, **more: Any) -> CellRecord:
    rounds = [100 * launch + n for n in range(len(seconds))]
    extra: dict[str, Any] = {
        "implementation": "mine",
        "import_seconds": cold / 10,
        "setup_seconds": cold / 100,
        "cold_seconds": cold,
        "warm_up_calls": 10 + launch,
        "verified": {"error": error, "tolerance": 1e-5},
        "round_numbers": rounds,
        "launch_numbers": [launch] * len(seconds),
        "launches": [{"launch": launch, "cold_seconds": cold}],
        "disturbed": [{"round": rounds[-1], "reason": "throttled"}] if launch == 1 else [],
        "repeated": launch,
        "state": {
            "before": f"b{launch}",
            "after": f"a{launch}",
            "disturbances": [f"noise {launch % 2} %", f"load {launch}"],
        },
        "stop": {"reason": "precision", "median_interval": [0.9, 1.1], "rounds": len(seconds)},
        "peak_memory_bytes": 1000 + launch,
        "device_peak_memory_bytes": None,
        **more,
    }
    return CellRecord("cell", "measured", "", seconds, rounds, extra, launch=launch)


THREE = [
    record(0, [1.0, 1.1], 9.0, 1e-7),
    record(1, [2.0], 5.0, 4e-6),
    record(2, [3.0, 3.1, 3.2], 7.0, 1e-8),
]


def test_samples_stand_in_the_order_of_launches_each_with_its_own() -> None:
    joined = launches_joined(CELL, THREE, Enough("precision", 3, 0.01), CONTEXT)
    assert joined.launch is None
    assert joined.seconds == [1.0, 1.1, 2.0, 3.0, 3.1, 3.2]
    assert joined.round_numbers == joined.extra_info["round_numbers"] == [0, 1, 100, 200, 201, 202]
    assert joined.extra_info["launch_numbers"] == [0, 0, 1, 2, 2, 2]
    assert [told["cold_seconds"] for told in joined.extra_info["launches"]] == [9.0, 5.0, 7.0]


def test_the_whole_tells_medians_of_first_calls_the_worst_check_and_the_most_memory() -> None:
    told = launches_joined(CELL, THREE, Enough("launches", 3, 0.2), CONTEXT).extra_info
    assert (told["import_seconds"], told["setup_seconds"], told["cold_seconds"]) == (0.7, 0.07, 7.0)
    assert told["warm_up_calls"] == 11
    assert told["verified"] == {"error": 4e-6, "tolerance": 1e-5}
    assert told["peak_memory_bytes"] == 1002
    assert told["device_peak_memory_bytes"] is None
    assert told["disturbed"] == [{"round": 100, "reason": "throttled"}]
    assert told["repeated"] == 0 + 1 + 2
    assert told["state"] == {"before": "b0", "after": "a2", "disturbances": ["noise 1 %", "load 2"]}
    assert told["stop"] == {
        "reason": "launches",
        "median_interval": None,
        "rounds": 6,
        "launches": 3,
        "ratio_half_width": 0.2,
    }
    assert told["flop"] == 2 * 10**3


def test_one_launch_ends_as_its_rounds_did() -> None:
    told = launches_joined(CELL, THREE[:1], Enough("launches", 1, None), CONTEXT).extra_info
    assert told["stop"] == {
        "reason": "precision",
        "median_interval": [0.9, 1.1],
        "rounds": 2,
        "launches": 1,
    }


def test_a_run_that_was_ended_says_so() -> None:
    told = launches_joined(CELL, THREE[:2], None, CONTEXT).extra_info
    assert (told["stop"]["reason"], told["stop"]["launches"]) == ("interrupted", 2)


def test_copies_back_and_forth_are_joined() -> None:
    transfer = {"to_device_seconds": [0.1], "to_host_seconds": [0.2]}
    parts = [
        msgspec.structs.replace(part, extra_info={**part.extra_info, "transfer": transfer}) for part in THREE
    ]
    told = launches_joined(CELL, parts, None, CONTEXT).extra_info
    assert told["transfer"] == {"to_device_seconds": [0.1] * 3, "to_host_seconds": [0.2] * 3}


def with_info(part: CellRecord, **changes: Any) -> CellRecord:
    return msgspec.structs.replace(part, extra_info={**part.extra_info, **changes})


def test_the_worst_check_is_the_one_nearest_to_its_own_tolerance() -> None:

    def worst(*checks: tuple[float, float]) -> float:
        parts = [
            with_info(part, verified={"error": error, "tolerance": tolerance})
            for part, (error, tolerance) in zip(THREE, checks, strict=True)
        ]
        error: float = launches_joined(CELL, parts, None, CONTEXT).extra_info["verified"]["error"]
        return error

    assert worst((1e-3, 1e-2), (9e-7, 1e-6), (0.05, 0.0)) == 9e-7
    # no tolerance at all counts as one of 1
    assert worst((0.5, 0.0), (0.8, 1.0), (0.0, 1.0)) == 0.8
    assert worst((0.5, 0.0), (0.4, 1.0), (0.0, 1.0)) == 0.5


def test_what_is_the_same_in_all_is_told_as_the_first_tells_it() -> None:
    parts = [with_info(part, origin=f"origin {n}") for n, part in enumerate(THREE)]
    assert launches_joined(CELL, parts, None, CONTEXT).extra_info["origin"] == "origin 0"


def test_what_one_launch_doesn_t_know_the_others_tell() -> None:
    parts = [with_info(THREE[0], cold_seconds=None, peak_memory_bytes=None), *THREE[1:]]
    told = launches_joined(CELL, parts, None, CONTEXT).extra_info
    assert (told["cold_seconds"], told["peak_memory_bytes"]) == (6.0, 1002)
    nobody = [with_info(part, cold_seconds=None) for part in THREE]
    assert launches_joined(CELL, nobody, None, CONTEXT).extra_info["cold_seconds"] is None
    assert "synchronised_median_seconds" not in told
    assert "transfer" not in told
    assert "beside" not in told
    queued = [with_info(part, synchronised_median_seconds=float(n)) for n, part in enumerate(THREE)]
    assert launches_joined(CELL, queued, None, CONTEXT).extra_info["synchronised_median_seconds"] == 1.0


def test_of_sentences_alike_the_one_with_the_largest_number_is_told() -> None:
    said = (["12 % of 3 s", "no number"], ["9 % of 5 s", "no number"], ["11 % of 4 s"])
    parts = [with_info(part, state={"disturbances": told}) for part, told in zip(THREE, said, strict=True)]
    told = launches_joined(CELL, parts, None, CONTEXT).extra_info["state"]
    assert told["disturbances"] == ["12 % of 3 s", "no number"]


def test_timed_calls_are_proven_where_every_launch_s_were() -> None:
    def told(*words: str) -> Any:
        parts = [with_info(part, timed_calls=word) for part, word in zip(THREE, words, strict=True)]
        return launches_joined(CELL, parts, None, CONTEXT).extra_info["timed_calls"]

    assert told("proven", "proven", "proven") == "proven"
    assert told("proven", "not proven: no call", "not proven: no check") == "not proven: no call"
    assert "timed_calls" not in launches_joined(CELL, THREE, None, CONTEXT).extra_info


def test_the_device_s_pace_stays_beside_the_samples() -> None:
    paces = [{"celsius": [40.0, 41.0]}, None, {"celsius": [50.0, None, 52.0], "clock_hertz": [1e9, 2e9, 3e9]}]
    parts = [with_info(part, pace=pace) for part, pace in zip(THREE, paces, strict=True)]
    assert launches_joined(CELL, parts, None, CONTEXT).extra_info["pace"] == {
        "celsius": [40.0, 41.0, None, 50.0, None, 52.0],
        "clock_hertz": [None, None, None, 1e9, 2e9, 3e9],
    }
    assert launches_joined(CELL, THREE, None, CONTEXT).extra_info["pace"] is None


def test_what_launching_costs_is_told_of_all_launches_or_why_nobody_knows() -> None:
    costs: list[dict[str, Any]] = [
        {
            "events": {"reason": "no events"},
            "queued": {"seconds": [0.1, 0.2], "calls": 100},
            "graph": {"reason": "a"},
        },
        {"events": {"seconds": [0.4], "calls": 7}, "queued": {"seconds": [0.3], "calls": 200}},
        {"events": {"seconds": [0.5], "calls": 8}, "graph": {"reason": "b"}},
    ]
    parts = [with_info(part, launch_cost=told) for part, told in zip(THREE, costs, strict=True)]
    expected = {
        "events": {"seconds": [0.4, 0.5], "calls": 7},
        "queued": {"seconds": [0.1, 0.2, 0.3], "calls": 100},
        "graph": {"reason": "a"},
    }
    assert launches_joined(CELL, parts, None, CONTEXT).extra_info["launch_cost"] == expected
    some = [THREE[0], *parts[1:]]
    told = launches_joined(CELL, some, None, CONTEXT).extra_info["launch_cost"]
    assert told["queued"] == {"seconds": [0.3], "calls": 200}
    assert "launch_cost" not in launches_joined(CELL, THREE, None, CONTEXT).extra_info


def test_what_samples_waited_stays_beside_them() -> None:
    counts = [len(part.seconds) for part in THREE]
    parts = [with_info(THREE[0], waited_seconds=None)]
    parts += [with_info(part, waited_seconds=[0.5] * len(part.seconds)) for part in THREE[1:]]
    told = launches_joined(CELL, parts, None, CONTEXT).extra_info["waited_seconds"]
    assert told == [None] * counts[0] + [0.5] * sum(counts[1:])
    assert launches_joined(CELL, THREE, None, CONTEXT).extra_info["waited_seconds"] is None


def test_a_run_ended_in_its_first_launch_tells_that_launch_s_interval() -> None:
    told = launches_joined(CELL, THREE[:1], None, CONTEXT).extra_info
    assert told["stop"] == {
        "reason": "interrupted",
        "median_interval": [0.9, 1.1],
        "rounds": 2,
        "launches": 1,
        "ratio_half_width": None,
    }
    told = launches_joined(CELL, THREE[:2], Enough("launches", 2, None), CONTEXT).extra_info
    assert (told["stop"]["reason"], told["stop"]["launches"]) == ("launches", 2)
    assert told["state"]["after"] == "a1"


def test_a_training_s_one_launch_is_its_record() -> None:
    training = replace(CELL, recipe=MATCHED)
    joined = launches_joined(training, THREE[1:2], None, CONTEXT)
    assert joined == msgspec.structs.replace(THREE[1], launch=None)


def test_states_that_tell_nothing_are_no_trouble() -> None:
    parts = [with_info(part, state={"disturbances": None} if n else {}) for n, part in enumerate(THREE)]
    told = launches_joined(CELL, parts, None, CONTEXT).extra_info
    assert told["state"] == {"after": None, "disturbances": []}


def test_who_tells_of_no_repeated_samples_has_none() -> None:
    silent = [
        msgspec.structs.replace(
            part, extra_info={k: v for k, v in part.extra_info.items() if k != "repeated"}
        )
        for part in THREE
    ]
    assert launches_joined(CELL, silent, None, CONTEXT).extra_info["repeated"] == 0


def of_rounds(*numbers: int) -> CellRecord:
    return CellRecord("c", "measured", "", [1.0] * len(numbers), list(numbers))


def test_launches_are_turns_as_far_as_all_have_them() -> None:
    first, second = of_rounds(0, 1), of_rounds(1_000_000)
    assert launches_in_turns([{0: first, 1: second}, {0: first, 1: second}]) == 2
    assert launches_in_turns([{0: first, 1: second}, {0: first}]) == 1
    assert launches_in_turns([{1: second}, {1: second}]) == 0
    assert launches_in_turns([]) == 0


def test_a_launch_of_two_sessions_is_none_that_cells_took_turns_in() -> None:
    """The second session's rounds are numbered from a hundred million on."""
    first, second, anew = of_rounds(0, 1), of_rounds(1_000_000), of_rounds(101_000_000, 101_000_001)
    assert launches_in_turns([{0: first, 1: second}, {0: first, 1: anew, 2: anew}]) == 1
    assert launches_in_turns([{0: first, 1: anew}, {0: first, 1: anew}]) == 2
    assert launches_in_turns([{0: of_rounds(0)}, {0: of_rounds(99_999_999)}]) == 1
    assert launches_in_turns([{0: of_rounds(0)}, {0: of_rounds(100_000_000)}]) == 0
