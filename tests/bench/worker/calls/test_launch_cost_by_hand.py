"""Seconds beside a sample, counted: a call takes 1 s of a clock that stands still otherwise, a wait 4."""

from __future__ import annotations

from typing import Any

import pytest

from likeforlike.bench.worker.calls.launch_cost import launch_cost, waiting_seconds
from likeforlike.models.contract.kernel import Kernel, OnGpu

LONG = {"not_measurable": "a call takes more than 20 ms: its launch is no part of it worth telling"}
COLD = {"not_measurable": "calls back to back find their operands in the caches"}
SHORT = 0.0015
"""Seconds of a call of which 10 ms hold 6.7: a batch has seven."""


class Hand:
    def __init__(self) -> None:
        self.now, self.log = 64.0, []

    def clock(self) -> float:
        return self.now

    def call(self) -> str:
        self.log.append("call")
        self.now += 1.0
        return "a result"

    def wait(self, result: Any) -> None:
        assert result == "a result"
        self.log.append("wait")
        self.now += 4.0

    def by_events(self, work: Any) -> float:
        self.log.append("events")
        work()
        return float(len(self.log))

    def capture(self, work: Any) -> Any:
        assert work == self.call
        self.log.append("capture")
        return self.call

    def costs(self, seconds: float = SHORT, on_gpu: bool = True, empty: Any = None, **offered: Any) -> dict:
        offers = OnGpu(lambda size: None, **offered) if offered else None
        return launch_cost(Kernel(self.call, self.wait, on_gpu=offers), on_gpu, seconds, self.clock, empty)


class TestWaiting:
    def test_is_the_median_of_thirty_after_one_that_counts_for_nothing(self):
        hand, seconds = Hand(), [100.0, *[1.0] * 14, *[3.0] * 16]
        coming = iter([50.0, *seconds])

        def wait(result: str) -> None:
            assert result == "done"
            hand.log.append("wait")
            hand.now += next(coming, 1000.0)

        # of thirty one is 100, 14 are 1 and 15 are 3: the 15th and the 16th are both 3
        assert waiting_seconds(Kernel(hand.call, wait), "done", hand.clock) == 3.0
        assert hand.log == ["wait"] * 31


class TestBackToBack:
    @pytest.mark.parametrize(("seconds", "count"), [(SHORT, 7), (0.015, 3), (0.0, 500), (1e-6, 500)])
    def test_a_batch_has_as_many_calls_as_fit_and_three_at_least(self, seconds, count):
        hand = Hand()
        # all calls of a batch and one wait, a call
        expected = {"seconds": [(count + 4.0) / count] * 5, "calls": count}
        assert hand.costs(seconds, on_gpu=False) == {"back_to_back": expected}
        assert hand.log == ["call", "wait", *(["call"] * count + ["wait"]) * 5]

    @pytest.mark.parametrize(("seconds", "told"), [(0.02, True), (0.021, False)])
    def test_calls_that_take_longer_than_twenty_milliseconds_have_none(self, seconds, told):
        hand = Hand()
        found = hand.costs(seconds, on_gpu=False)["back_to_back"]
        assert found == ({"seconds": [7.0 / 3.0] * 5, "calls": 3} if told else LONG)
        assert bool(hand.log) is told

    @pytest.mark.parametrize("seconds", [SHORT, 1.0])
    def test_nor_have_those_of_cold_caches(self, seconds):
        hand = Hand()
        assert hand.costs(seconds, on_gpu=False, empty=lambda: None) == {"back_to_back": COLD}
        assert hand.log == []

    def test_an_error_is_told_and_ends_nothing(self):
        def fails() -> None:
            raise ValueError("no")

        found = launch_cost(Kernel(fails), False, SHORT, Hand().clock)
        assert found == {"back_to_back": {"not_measurable": "ValueError: no"}}


class TestOnGpu:
    def test_seven_by_events_after_one_that_counts_for_nothing(self):
        """Each adds two lines to the log and is told its length; 42 are there of calls back to back."""
        hand, before = Hand(), 42
        found = hand.costs(seconds_by_events=hand.by_events)["events"]
        assert found == {"seconds": [before + 2.0 * n for n in range(2, 9)], "calls": 1}
        assert hand.log[before:] == ["events", "call"] * 8

    def test_caches_are_emptied_before_each_that_counts(self):
        hand = Hand()
        hand.costs(seconds_by_events=hand.by_events, empty=lambda: hand.log.append("empty"))
        assert hand.log == ["events", "call", *["empty", "events", "call"] * 7]

    def test_a_graph_is_captured_once_and_launched_again_and_again(self):
        hand = Hand()
        found = hand.costs(capture=hand.capture)
        expected = {"seconds": [11.0 / 7.0] * 5, "calls": 7}
        assert (found["replayed"], found["back_to_back"]) == (expected, expected)
        batches = ["call", "wait", *(["call"] * 7 + ["wait"]) * 5]
        assert hand.log == [*batches, "capture", *batches]

    @pytest.mark.parametrize(("seconds", "empty", "why"), [(0.021, None, LONG), (SHORT, lambda: None, COLD)])
    def test_nothing_is_captured_where_nothing_follows_itself(self, seconds, empty, why):
        hand = Hand()
        assert hand.costs(seconds, empty=empty, capture=hand.capture)["replayed"] == why
        assert hand.log == []

    def test_what_is_not_offered_is_told(self):
        hand = Hand()
        found = hand.costs(no_events="none here", no_capture="not here")
        assert found["events"] == {"not_measurable": "none here"}
        assert found["replayed"] == {"not_measurable": "not here"}

    def test_a_kernel_that_offers_nothing_on_a_gpu(self):
        found = Hand().costs()
        assert list(found) == ["back_to_back", "events", "replayed"]
        assert found["events"] == {"not_measurable": "the kernel offers no events"}
        assert found["replayed"] == {"not_measurable": "the kernel offers no capture"}

    def test_a_processor_has_neither(self):
        hand = Hand()
        found = hand.costs(on_gpu=False, seconds_by_events=hand.by_events, capture=hand.capture)
        assert list(found) == ["back_to_back"]

    def test_an_error_of_one_leaves_the_others(self):
        def fails(work: Any) -> float:
            raise RuntimeError("no events\nhere")

        hand = Hand()
        found = hand.costs(seconds_by_events=fails, capture=hand.capture)
        assert found["events"] == {"not_measurable": "RuntimeError: no events"}
        assert found["replayed"]["calls"] == 7
