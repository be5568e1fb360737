"""What is done around timed calls, on a clock moved by hand: changes, draws, readings, and how many calls a turn has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.bench.worker.timed_calls import TimedCalls
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Verification

ROWS = 40


@dataclass
class Hand:
    """Takes note of what is asked of a kernel; its draws take a second each on the clock."""

    now: float = 100.0
    asked: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def change(self, rows: slice, factors: np.ndarray) -> None:
        self.asked.append("all" if len(factors) == ROWS else "one")

    def draw(self) -> Callable[[], None]:
        self.asked.append("drawn")
        self.now += 0.5
        return lambda: self.asked.append("used")

    def draw_further(self) -> None:
        self.asked.append("further")

    def restore(self) -> None:
        self.asked.append("restored")


def calls(hand: Hand, supplied: bool = False, probe: Any = None, **more: Any) -> TimedCalls:
    how: dict[str, Any] = {"supply": hand} if supplied else {"change": hand.change}
    factors = Factors(ROWS, False, "float32", np.random.default_rng(5))
    return TimedCalls(Kernel(lambda: 7.0, **how), probe, factors, hand.clock, **more)


def test_before_the_first_call_every_row_changes_and_before_each_one_of_them() -> None:
    hand = Hand()
    timed = calls(hand)
    last = timed.before_waking()
    assert hand.asked == ["all"]
    last()
    assert hand.asked == ["all", "one"]
    timed.seconds.append(1.0)
    timed.before_waking()()
    assert hand.asked == ["all", "one", "one"]


def test_between_two_calls_of_a_turn_one_row_changes_and_both_clocks_are_noted() -> None:
    hand = Hand()
    timed = calls(hand)
    timed.between(0.25, 0.5)
    assert hand.asked == ["one"]
    assert (timed.seconds, timed.witnessed) == ([0.25], [0.5])


def test_operands_that_are_supplied_are_drawn_between_two_calls_too() -> None:
    hand = Hand()
    timed = calls(hand, supplied=True)
    timed.before_waking()()
    assert timed.draw_seconds == 0.5
    timed.between(0.25, 0.5)
    assert hand.asked == ["drawn", "used", "drawn", "used"]
    timed.restore()
    assert hand.asked[-1] == "restored"


def test_what_can_t_change_is_left_alone() -> None:
    timed = TimedCalls(Kernel(lambda: 7.0), None, Factors(ROWS, False, "float32", np.random.default_rng(5)))
    timed.before_waking()()
    timed.between(0.25, 0.5)
    assert timed.further_in_a_turn() == 0


@pytest.mark.parametrize(
    ("seconds", "drawing", "most"),
    [(0.01, 0.0, 5), (0.01, 0.01, 2), (0.001, 0.0, 8), (0.0, 0.0, 8), (0.04, 0.02, 0)],
)
def test_further_calls_fill_a_twentieth_of_a_second_with_their_draws(
    seconds: float, drawing: float, most: int
) -> None:
    """A drawn number fewer, a quarter at most; eight at most."""
    found = set()
    for number in range(60):
        timed = calls(Hand(), supplied=True, seconds=[seconds, 9.0, seconds])
        timed.draw_seconds, timed.factors.random = drawing, np.random.default_rng(number)
        found.add(timed.further_in_a_turn())
    assert found == set(range(most - most // 4, most + 1))


def test_before_any_draw_was_timed_none_is_counted() -> None:
    timed = calls(Hand(), supplied=True, seconds=[0.01])
    assert 4 <= timed.further_in_a_turn() <= 5
    assert calls(Hand(), supplied=True).further_in_a_turn() == 0


def test_the_worst_of_the_probes_is_told_the_first_of_those_alike() -> None:
    told = iter(
        [Verification(0.1, 1.0), Verification(0.3, 1.0), Verification(0.3, 2.0), Verification(0.2, 1.0)]
    )
    timed = calls(Hand(), probe=lambda kernel, result, factors: next(told))
    for _ in range(4):
        timed.after(7.0, 0.25, 0.5)
    assert timed.facts()["probed"] == {"calls": 4, "error": 0.3, "tolerance": 1.0}


def read(answer: Any, reading: float) -> tuple[TimedCalls, Hand]:
    """After one probe in which reading the answer took so long; a call took 0.1 ms."""
    hand = Hand()

    def to_numpy(result: Any) -> Any:
        hand.now += reading
        return answer

    def probe(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        kernel.to_numpy(result)
        return Verification(0.0, 1.0)

    timed = TimedCalls(
        Kernel(lambda: 7.0, to_numpy=to_numpy),
        probe,
        Factors(ROWS, False, "float32", np.random.default_rng(5)),
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
        (3, 0),
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

    def probe(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        assert kernel.sketch is not None
        kernel.sketch(result, None)
        return Verification(0.0, 1.0)

    factors = Factors(ROWS, False, "float32", np.random.default_rng(5))
    timed = TimedCalls(Kernel(lambda: None, sketch=sketch), probe, factors, hand.clock)
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
