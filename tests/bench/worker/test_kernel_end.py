"""What a kernel's worker does after its last turn: proves again, judges clocks and readings, tells what stands beside."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from kernel_by_hand import READY, Hand, placed, with_calls, workload

from likeforlike.bench.worker import measure_kernel
from likeforlike.bench.worker.calls.cold_cache import Emptying
from likeforlike.bench.worker.calls.timed_calls import TimedCalls
from likeforlike.bench.worker.measure_kernel import (
    Placed,
    closing_facts,
    launch_facts,
    of_several,
    take_sample,
)
from likeforlike.bench.worker.messages import Ready
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.last_cache import LastCache
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Verification


def test_the_last_answer_is_waited_for_and_proven() -> None:
    hand = Hand()
    facts = closing_facts(placed(hand), READY)
    assert hand.log == ["call", "wait", "read"]
    assert facts["verified"] == {"error": 0.25, "tolerance": 1.0}
    assert facts.keys() == {"verified", "peak_memory_bytes", "device_peak_memory_bytes"}
    with pytest.raises(CellFailed, match="error 2 against the reference"):
        closing_facts(replace(placed(hand), workload=workload(Verification(2.0, 1.0))), READY)


@pytest.mark.parametrize(("first", "worse"), [(0.5, 0.5), (0.125, 0.25), (0.0, 0.25), (None, 0.25)])
def test_the_worse_of_the_first_and_the_last_answer_is_told(first: float | None, worse: float) -> None:
    ready = Ready(0.5, 0.75, first, 1.0, 3, {})
    assert closing_facts(placed(Hand()), ready)["verified"]["error"] == worse


def test_what_could_not_be_proven_is_told() -> None:
    unproven = Verification(0.25, 1.0, unproven="no reference of so large a size")
    facts = closing_facts(replace(placed(Hand()), workload=workload(unproven)), READY)
    assert facts["unproven"] == "no reference of so large a size"


def test_at_the_end_of_a_queueing_time_the_median_of_five_synchronised_ones_is_told() -> None:
    hand = Hand([0.25, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    facts = closing_facts(placed(hand, timing="unsynchronised"), READY)
    assert facts["synchronised_median_seconds"] == 3.0


def test_operands_are_the_problem_s_own_again_for_the_last_answer() -> None:
    hand = Hand()
    made = with_calls(placed(hand, hand.kernel(supply=hand)), hand)
    facts = closing_facts(made, READY)
    assert hand.log == ["restore", "call", "wait", "read"]
    assert facts["timed_calls"] == "not proven: no call was timed"
    assert facts["probed"] == {"calls": 0}


def test_clocks_that_disagree_end_the_cell() -> None:
    hand = Hand()
    made = with_calls(placed(hand), hand, seconds=[1.0] * 4, witnessed=[2.0] * 4)
    with pytest.raises(CellFailed, match="two clocks disagree"):
        closing_facts(made, READY)


def test_a_clock_that_was_replaced_ends_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    made = placed(Hand())
    with monkeypatch.context() as replaced:
        replaced.setattr(time, "perf_counter", lambda: 0.0)
        with pytest.raises(CellFailed, match="time.perf_counter was replaced"):
            closing_facts(made, READY)


def read_slowly(timing: str) -> tuple[Placed, TimedCalls]:
    """A sample was taken whose result took half a second to read, the call itself a quarter."""
    hand = Hand()

    def to_numpy(result: Any) -> Any:
        hand.now += 0.5
        return result

    def probe(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        kernel.to_numpy(result)
        return Verification(0.0, 1.0)

    made = with_calls(placed(hand, replace(hand.kernel(), to_numpy=to_numpy), timing=timing), hand, probe)
    take_sample(made)
    assert made.calls is not None
    return made, made.calls


def test_where_reading_is_slow_more_samples_are_taken_before_it_is_judged() -> None:
    made, calls = read_slowly("synchronised")
    with pytest.raises(CellFailed, match="a call returns before its work is done"):
        closing_facts(made, READY)
    assert len(calls.reading) == 8


class Device:
    """A runtime whose device has that much left to do after each call; asking takes a 64th of a second."""

    def __init__(self, hand: Hand, left: float) -> None:
        self.hand, self.left = hand, left

    def synchronise(self, device: str) -> None:
        assert device == "gpu:0"
        self.hand.now += 1 / 64 + (self.left if self.hand.log[-1] == "wait" else 0.0)
        self.hand.log.append("idle")

    def device_peak_bytes(self, device: str) -> None:
        return None


def sampled_on_gpu(left: float, samples: int = 8, timing: str = "synchronised") -> Placed:
    hand = Hand([1.0])
    made = with_calls(placed(hand, timing=timing, device="gpu:0"), hand)
    made = replace(made, runtime=Device(hand, left))  # type: ignore[arg-type]
    for _ in range(samples):
        take_sample(made)
    return made


@pytest.mark.parametrize(
    ("left", "samples", "refused"),
    [
        # a fifth of the call, and three times what asking takes, of which it took one
        (0.2 + 2 / 64, 8, False),
        (0.21 + 2 / 64, 8, True),
        (9.0, 7, False),
    ],
)
def test_a_gpu_that_goes_on_working_after_a_call_ends_the_cell(
    left: float, samples: int, refused: bool
) -> None:
    made = sampled_on_gpu(left, samples)
    if not refused:
        closing_facts(made, READY)
        return
    with pytest.raises(CellFailed, match="works for 0.257 s after a call of 1 s; does Kernel.wait wait"):
        closing_facts(made, READY)


def test_of_queueing_times_it_may() -> None:
    made = sampled_on_gpu(9.0, timing="unsynchronised")
    assert made.calls is not None
    assert made.calls.left == []
    closing_facts(made, READY)


def test_of_queueing_times_reading_may_wait_for_the_work() -> None:
    made, calls = read_slowly("unsynchronised")
    facts = closing_facts(made, READY)
    assert len(calls.reading) == 1
    assert facts["probed"] == {"calls": 1, "error": 0.0, "tolerance": 1.0}


# --- what stands beside the samples ---


def timed(hand: Hand, kernel: Kernel | None = None, **asked: Any) -> Placed:
    return with_calls(placed(hand, kernel, **asked), hand, seconds=[1 / 64], witnessed=[1 / 64])


def test_calls_back_to_back_stand_beside_the_samples_of_a_kernel() -> None:
    """Of calls of 1/64 s three are the fewest of a batch."""
    found = closing_facts(timed(Hand([1 / 64])), READY)["launch_cost"]
    assert found == {"back_to_back": {"seconds": [1 / 64] * 5, "calls": 3}}
    on_gpu = launch_facts(timed(Hand([1 / 64]), device="gpu:0"))["launch_cost"]
    assert on_gpu.keys() == {"back_to_back", "events", "replayed"}


@pytest.mark.parametrize(
    ("seconds", "device", "cold", "woken"),
    [
        (1 / 64, "cpu:0", False, [0.25]),
        (0.02, "cpu:0", False, [0.25]),
        (1 / 32, "cpu:0", False, []),  # longer than 20 ms: no calls back to back
        (1 / 64, "cpu:0", True, []),
        (1 / 64, "gpu:0", False, []),
    ],
)
def test_calls_come_before_those_back_to_back_on_a_processor(
    monkeypatch: pytest.MonkeyPatch, seconds: float, device: str, cold: bool, woken: list[float]
) -> None:
    """Behind the proof NumPy's threads spin: a product of 4.5 ms took 8.7 ms while they did."""
    done: list[object] = []
    monkeypatch.setattr(measure_kernel, "wake", lambda placed, asked: done.append(asked))
    monkeypatch.setattr(measure_kernel, "launch_cost", lambda *_: done.append("launch cost"))
    hand = Hand([1 / 64])
    emptied = Emptying(LastCache(2**20, "told"), lambda: None) if cold else None
    calls = with_calls(placed(hand, device=device), hand, seconds=[seconds], witnessed=[seconds])
    launch_facts(replace(calls, emptying=emptied))
    assert done == [*woken, "launch cost"]


def test_calls_back_to_back_tell_nothing_of_cold_caches() -> None:
    emptied = Emptying(LastCache(2**20, "told"), lambda: None)
    found = launch_facts(replace(timed(Hand([1 / 64])), emptying=emptied))
    assert "in the caches" in found["launch_cost"]["back_to_back"]["not_measurable"]


def test_without_samples_and_of_floors_and_of_several_calls_nothing_stands_beside_them() -> None:
    hand = Hand()
    nothing = [
        placed(hand),
        with_calls(placed(hand), hand),
        replace(timed(hand), workload=workload(kind="noise floor")),
        timed(hand, hand.kernel(calls=lambda: 1)),
    ]
    assert [launch_facts(made) for made in nothing] == [{}] * 4


def test_of_several_calls_whose_wait_is_not_known_none_is_told() -> None:
    hand = Hand()
    made = placed(hand, hand.kernel(calls=lambda: 2))
    found = of_several(made, Ready(0.5, 0.75, 0.0, 0.0, 1, {}))
    assert found == {"calls_in_a_sample": 2, "waiting_seconds": None}
    assert of_several(placed(hand, hand.kernel(calls=lambda: 1)), READY) == {}
