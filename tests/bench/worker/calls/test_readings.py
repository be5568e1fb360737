"""How long reading a result takes tells whether a call waited for its work; on a clock moved by hand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import TimedCalls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Verification

ROWS = 40


def factors() -> Factors:
    return Factors(ROWS, False, "float32", np.random.default_rng(5))


@dataclass
class Hand:
    """Moves the clock."""

    now: float = 100.0

    def clock(self) -> float:
        return self.now


def read(answer: Any, reading: float) -> tuple[TimedCalls, Hand]:
    """After one probe in which reading the answer took so long; a call took 0.1 ms."""
    hand = Hand()

    def to_numpy(result: Any) -> Any:
        hand.now += reading
        return answer

    def probe(kernel: Kernel, result: Any, expected: np.ndarray) -> Verification:
        kernel.to_numpy(result)
        return Verification(0.0, 1.0)

    timed = TimedCalls(
        Kernel(lambda: 7.0, to_numpy=to_numpy),
        probe,
        factors(),
        hand.clock,
    )
    timed.after(7.0, 1e-4, 1e-4)
    return timed, hand


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (np.zeros(1000), 8000),
        ((np.zeros(1000), np.zeros(10)), 8080),
        ((np.zeros(1000), 3), 8000),
        (np.float64(3.0), 8),
        (3, 0),
        (SimpleNamespace(shape=(3,), dtype=SimpleNamespace(size=abs)), 0),  # a size that is no number
    ],
)
def test_the_bytes_of_an_answer_are_those_of_its_arrays(answer: Any, count: int) -> None:
    assert read(answer, 0.001)[0].read_bytes == count


@pytest.mark.parametrize(
    ("numbers", "reading", "early"),
    [
        (0, 0.0019, False),
        (0, 0.0021, True),
        (500_000, 0.0099, False),  # 4 MB, that may take 8 ms, and the 2 ms
        (500_000, 0.0101, True),
    ],
)
def test_reading_longer_than_any_copy_is_suspicious_from_the_first_time_on(
    numbers: int, reading: float, early: bool
) -> None:
    timed, _ = read(np.zeros(numbers), reading)
    assert timed.wants_readings() == early
    timed.reading = [reading, *[1.0] * 7]
    assert not timed.wants_readings()
    if not early:
        timed.refuse_early_returns()
        return
    with pytest.raises(
        CellFailed, match=rf"reading its result takes {reading:.3g} s, the call itself 0.0001 s"
    ):
        timed.refuse_early_returns()


def test_reading_that_takes_no_longer_than_the_call_is_none() -> None:
    timed, _ = read(3, 0.5)
    timed.seconds = [0.5]
    timed.reading = [0.5] * 8
    timed.refuse_early_returns()


class Tensor:
    """A result on a device, as any framework describes it; reading waits for work that is left."""

    def __init__(self, left_seconds: float, size: int = 8000, word: str = "itemsize") -> None:
        self.shape = (size, size)
        self.dtype = type("DType", (), {word: 2})()
        self.left_seconds = left_seconds


def sketched(
    left: float, sketching: float, call: float = 1.5e-3, again: float = 0.0, **tensor: Any
) -> TimedCalls:
    """After eight probes by a sketch; ``left``: seconds of work when a call returned, ``again``: at each reading."""
    hand = Hand()

    def sketch(result: Tensor, vectors: Any) -> np.ndarray:
        hand.now += sketching + result.left_seconds + again
        result.left_seconds = 0.0
        return np.zeros((8000, 9))

    def probe(kernel: Kernel, result: Any, expected: np.ndarray) -> Verification:
        assert kernel.sketch is not None
        kernel.sketch(result, None)
        return Verification(0.0, 1.0)

    timed = TimedCalls(Kernel(lambda: None, sketch=sketch), probe, factors(), hand.clock)
    for _ in range(8):
        timed.after(Tensor(left, **tensor), call, call)
    return timed


@pytest.mark.parametrize("word", ["itemsize", "size"])
@pytest.mark.parametrize("sketching", [0.0015, 0.0048, 0.1])
def test_a_sketch_of_a_large_result_may_take_longer_than_the_product(sketching: float, word: str) -> None:
    """On an H200 8000 x 8000 numbers in bfloat16 were multiplied in 1.5 ms, and sketched in 2.5 to 5.5."""
    timed = sketched(0.0, sketching, word=word)
    assert timed.result_bytes == 128_000_000
    timed.refuse_early_returns()


@pytest.mark.parametrize("left", [0.0022, 0.06, 1.0])
def test_a_sketch_that_waits_for_work_is_found_whatever_it_takes_itself(left: float) -> None:
    with pytest.raises(CellFailed, match="a call returns before its work is done"):
        sketched(left, 0.0048, call=2e-5).refuse_early_returns()


def test_work_that_is_done_anew_at_each_reading_is_found_once_no_device_is_so_slow() -> None:
    with pytest.raises(CellFailed, match="a call returns before its work is done"):
        sketched(0.0, 0.0048, call=2e-5, again=0.3).refuse_early_returns()


def test_a_second_reading_is_taken_of_suspicious_ones_alone() -> None:
    assert sketched(0.0, 0.001).reading_again == []
    suspicious = sketched(0.01, 0.0048)
    assert suspicious.reading == pytest.approx([0.0148] * 8)
    assert suspicious.reading_again == pytest.approx([0.0048] * 8)


def test_a_reading_that_takes_as_long_as_a_call_is_not_repeated() -> None:
    assert timed_by([0.5], call=0.5).reading_again == []


def test_whether_a_reading_is_repeated_goes_by_itself_and_not_by_the_first() -> None:
    timed = timed_by([0.25, 0.125, 0.001], call=1e-4)
    assert timed.reading == pytest.approx([0.25, 0.001])
    assert timed.reading_again == [0.125]


def timed_by(readings: list[float], call: float) -> TimedCalls:
    """After as many probes as these readings, the repeated ones among them, are enough for."""
    hand, coming = Hand(), iter(readings)
    read: list[float] = []

    def to_numpy(result: Any) -> np.ndarray:
        read.append(next(coming))
        hand.now += read[-1]
        return np.ones(4)

    def probe(kernel: Kernel, result: Any, expected: np.ndarray) -> Verification:
        return Verification(float(kernel.to_numpy(result)[0] - 1), 0.0)

    timed = TimedCalls(Kernel(lambda: None, to_numpy=to_numpy), probe, factors(), hand.clock)
    while len(read) < len(readings):
        timed.after(None, call, call)
    return timed


def calls_with(reading: list[float], seconds: list[float], read_bytes: int, **more: Any) -> TimedCalls:
    made = TimedCalls(Kernel(lambda: None), None, factors(), **more)
    return replace(made, reading=reading, seconds=seconds, read_bytes=read_bytes)


@pytest.mark.parametrize(
    ("reading", "seconds", "read_bytes", "early"),
    [
        ([0.5] * 8, [0.001] * 8, 8_000_000, True),
        ([0.5] * 7 + [0.01], [0.001] * 8, 8_000_000, False),  # one quick reading: the others were disturbed
        ([0.5] * 7, [0.001] * 7, 8_000_000, False),  # too few to judge
        ([0.5] * 8, [0.6] * 8, 8_000_000, False),  # less than a call
        ([0.5] * 8, [0.001] * 8, 400_000_000, False),  # so much takes so long to copy
        ([0.0019] * 8, [0.00001] * 8, 0, False),
    ],
)
def test_a_reading_that_takes_the_works_time_is_found(
    reading: list[float], seconds: list[float], read_bytes: int, early: bool
) -> None:
    calls = calls_with(reading, seconds, read_bytes)
    if not early:
        calls.refuse_early_returns()
        return
    with pytest.raises(
        CellFailed, match="a call returns before its work is done: reading its result takes 0.5"
    ):
        calls.refuse_early_returns()


@pytest.mark.parametrize(
    ("reading", "seconds", "wanted"),
    [
        ([0.5] * 3, [0.001] * 3, True),
        ([0.5, 0.5, 0.0015], [0.001] * 3, False),  # of a quick reading no more need be known
        ([0.5] * 3, [0.6] * 3, False),
        ([0.5] * 8, [0.001] * 8, False),  # enough
        ([], [0.001] * 3, False),  # nothing is read
    ],
)
def test_of_few_slow_readings_more_are_taken(
    reading: list[float], seconds: list[float], wanted: bool
) -> None:
    assert calls_with(reading, seconds, 0).wants_readings() is wanted


@pytest.mark.parametrize(
    ("reading", "again", "seconds", "early"),
    [
        ([2e-3 + 0.256] * 8, [2e-3 + 0.256] * 8, [0.001] * 8, False),  # as long as the slowest copy
        ([0.1] * 8, [0.0999, 0.005, 0.0999], [0.001] * 8, True),  # others of the repeated were disturbed
        ([0.25] * 8, [0.125] * 8, [0.125] * 8, False),  # waited as long as a call
        ([0.0068] * 8, [0.005] * 8, [0.0015] * 8, False),  # 1.8 ms, which may be anything
        ([0.0088] * 8, [0.0048] * 8, [0.005] * 8, False),  # 4 ms, less than a call
        ([0.0088] * 8, [0.0048] * 8, [0.0039] * 8, True),
    ],
)
def test_of_128_megabytes_that_a_device_reads_what_a_second_reading_saves_is_judged(
    reading: list[float], again: list[float], seconds: list[float], early: bool
) -> None:
    """At 0.5 GB/s they take 256 ms, and 2 ms on top of it."""
    timed = calls_with(reading, seconds, 0, reading_again=again, result_bytes=128_000_000)
    if not early:
        timed.refuse_early_returns()
        return
    with pytest.raises(CellFailed, match="a call returns before its work is done"):
        timed.refuse_early_returns()


def test_reading_is_timed_where_the_result_is_read() -> None:
    ticks = itertools.count()
    calls = TimedCalls(
        Kernel(lambda: np.ones(4), change=lambda rows, factors: None),
        lambda kernel, result, expected: Verification(float(kernel.to_numpy(result)[0] - 1), 0.0),
        factors(),
        clock=lambda: float(next(ticks)),
    )
    calls.after(np.ones(4), 2.0, 2.0)
    assert calls.reading == [2.0]  # from the call's end, with a look at the clock before it is read
    assert calls.read_bytes == 32
