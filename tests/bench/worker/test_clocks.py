"""When two clocks disagree too often to be believed, at the edges."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from likeforlike.bench.worker import clocks
from likeforlike.bench.worker.outcomes import CellFailed


def refused(seconds: Sequence[float], witnessed: Sequence[float]) -> str | None:
    try:
        clocks.refuse_disagreement(seconds, witnessed)
    except CellFailed as failure:
        return failure.reason
    return None


@pytest.mark.parametrize(
    ("seconds", "apart"),
    [(1e-5, False), (-1e-5, False), (1.1e-5, True), (-1.1e-5, True)],
)
def test_ten_microseconds_are_the_reading_s(seconds: float, apart: bool) -> None:
    assert (refused([seconds] * 3, [0.0] * 3) is not None) == apart


@pytest.mark.parametrize(("seconds", "apart"), [(0.91, False), (0.89, True), (1.1, False), (1.12, True)])
def test_a_tenth_of_either_is_none(seconds: float, apart: bool) -> None:
    assert (refused([seconds] * 3, [1.0] * 3) is not None) == apart


def test_three_calls_are_the_fewest() -> None:
    assert refused([1.0] * 2, [2.0] * 2) is None
    told = "two clocks disagree: 1 s a call by the clock, 2 s by an independent one"
    assert refused([1.0] * 3, [2.0] * 3) == told


@pytest.mark.parametrize(("lying", "refuses"), [(9, True), (8, False)])
def test_nine_of_ten_calls_are_enough(lying: int, refuses: bool) -> None:
    seconds = [1.0] * lying + [2.0] * (10 - lying)
    assert (refused(seconds, [2.0] * 10) is not None) == refuses


@pytest.mark.skipif(not hasattr(time, "CLOCK_MONOTONIC_RAW"), reason="no raw clock here")
def test_the_witness_is_a_clock_that_no_option_names() -> None:
    told = clocks._read_nanoseconds
    assert told is not time.perf_counter_ns
    before = time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    assert before <= clocks.witness() <= before + 60.0
