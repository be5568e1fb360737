"""What is done around timed calls, on a clock moved by hand: changes, draws, probes, and how many calls a turn has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import TimedCalls, timed_calls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification, WrongAnswer
from likeforlike.models.registry import kernel_workloads

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
    [(0.01, 0.0, 5), (0.008, 0.0, 6), (0.01, 0.01, 2), (0.001, 0.0, 8), (0.0, 0.0, 8), (0.04, 0.02, 0)],
)
def test_further_calls_fill_a_twentieth_of_a_second_with_their_draws(
    seconds: float, drawing: float, most: int
) -> None:
    """A drawn number fewer, a quarter at most or one; eight at most."""
    found = set()
    for number in range(60):
        timed = calls(Hand(), supplied=True, seconds=[seconds, 9.0, seconds])
        timed.draw_seconds, timed.factors.random = drawing, np.random.default_rng(number)
        found.add(timed.further_in_a_turn())
    assert found == set(range(most - max(most // 4, min(most, 1)), most + 1))


def test_before_any_draw_was_timed_none_is_counted() -> None:
    timed = calls(Hand(), supplied=True, seconds=[0.01])
    assert 4 <= timed.further_in_a_turn() <= 5
    assert calls(Hand(), supplied=True).further_in_a_turn() == 0


@pytest.mark.parametrize(
    ("left", "count", "call", "idle", "refused"),
    [
        (0.50001, 8, 1.0, 0.1, False),  # three times what asking takes, a fifth of the call, 20 µs
        (0.50003, 8, 1.0, 0.1, True),
        (9.0, 7, 1.0, 0.1, False),  # too few to judge
        (1.9e-5, 9, 0.0, 0.0, False),
        (2.1e-5, 9, 0.0, 0.0, True),
    ],
)
def test_a_device_that_works_on_after_a_call_was_waited_for(
    left: float, count: int, call: float, idle: float, refused: bool
) -> None:
    timed = calls(Hand(), seconds=[call] * 3, left=[left] * count)
    if not refused:
        timed.refuse_unwaited(idle)
        return
    with pytest.raises(CellFailed, match="returns before its work is done: the device works for") as caught:
        timed.refuse_unwaited(idle)
    assert caught.value.outcome == "wrong-answer"


@pytest.mark.parametrize("passes", [True, False])
def test_an_answer_kept_from_operands_of_before_is_tried(passes: bool) -> None:
    hand, probed = Hand(), list[tuple[Any, np.ndarray]]()

    def probe(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        probed.append((result, factors))
        return Verification(0.0 if passes else 2.0, 1.0)

    timed = calls(hand, probe=probe)
    timed.after(7.0, 0.25, 0.5) if passes else timed.between(0.25, 0.5)
    probed.clear()
    timed.try_a_kept_answer(lambda: 8.0)
    ((result, factors),) = probed
    assert result == 8.0
    assert np.array_equal(factors, timed.factors.now)
    assert hand.asked[-1] == "all"
    told = "not proven: the answer is the same whatever its operands are multiplied by"
    assert timed.facts()["timed_calls"] == (told if passes else "proven")


def test_a_wrong_answer_told_in_words_is_no_kept_one() -> None:
    def probe(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        raise WrongAnswer("another")

    timed = calls(Hand(), probe=probe)
    timed.try_a_kept_answer(lambda: 8.0)
    assert not timed.kept_passes


def test_where_nothing_changes_or_nothing_is_probed_none_is_tried() -> None:
    for timed in (calls(Hand(), supplied=True, probe=lambda *_: Verification(0.0, 1.0)), calls(Hand())):
        timed.try_a_kept_answer(lambda: pytest.fail("called"))
        assert not timed.kept_passes


def test_a_kernel_that_knows_better_says_why_nothing_is_proven() -> None:
    hand = Hand()
    for why, told in (("it is empty", "not proven: it is empty"), ("", "proven")):
        timed = calls(hand, supplied=True, probe=lambda *_: Verification(0.0, 1.0), seconds=[1.0])
        timed.kernel = replace(timed.kernel, unproven=lambda why=why: why)  # type: ignore[misc]
        assert timed.facts()["timed_calls"] == told


def test_the_worst_of_the_probes_is_told_the_first_of_those_alike() -> None:
    told = iter(
        [Verification(0.1, 1.0), Verification(0.3, 1.0), Verification(0.3, 2.0), Verification(0.2, 1.0)]
    )
    timed = calls(Hand(), probe=lambda kernel, result, factors: next(told))
    for _ in range(4):
        timed.after(7.0, 0.25, 0.5)
    assert timed.facts()["probed"] == {"calls": 4, "error": 0.3, "tolerance": 1.0}


class Probe:
    """Tells so large an error of every result, and keeps what it was asked."""

    def __init__(self, hand: Hand, error: float = 0.25) -> None:
        self.hand, self.error = hand, error
        self.seen: list[Any] = []

    def __call__(self, kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        self.seen.append((result, factors, [*self.hand.asked]))
        return Verification(self.error, 0.5)


def test_after_a_call_the_operands_change_before_its_result_is_held_against_the_earlier_ones() -> None:
    hand = Hand()
    probe = Probe(hand)
    timed = calls(hand, probe=probe)
    timed.before_waking()()
    factors = timed.factors.now
    timed.after(7.0, 0.25, 0.5)
    ((result, expected, asked),) = probe.seen
    assert (result, asked) == (7.0, ["all", "one", "all"])
    np.testing.assert_array_equal(expected, factors)
    assert (timed.factors.now != factors).all()
    assert (timed.seconds, timed.witnessed) == ([0.25], [0.5])


@pytest.mark.parametrize(
    ("error", "outcome", "told"), [(0.75, "wrong-answer", "0.75"), (float("nan"), "non-finite", "nan")]
)
def test_a_wrong_result_of_a_timed_call_ends_the_cell(error: float, outcome: str, told: str) -> None:
    hand = Hand()
    timed = calls(hand, probe=Probe(hand, error))
    with pytest.raises(CellFailed) as failure:
        timed.after(7.0, 0.25, 0.5)
    assert failure.value.outcome == outcome
    assert failure.value.reason == (
        f"a timed call's result is wrong, its untimed ones were right: error {told}, tolerance 0.5"
    )


def test_without_a_probe_operands_change_and_nothing_is_read() -> None:
    hand = Hand()
    timed = calls(hand)
    timed.after(7.0, 0.25, 0.5)
    assert hand.asked == ["all"]
    assert timed.facts()["probed"] == {"calls": 0}


def test_at_the_end_every_row_is_the_problem_s_own_again() -> None:
    found = []
    kernel = Kernel(lambda: 7.0, change=lambda rows, factors: found.append((rows, factors)))
    timed = TimedCalls(kernel, None, Factors(ROWS, False, "float32", np.random.default_rng(5)))
    timed.before_waking()()
    timed.restore()
    rows, factors = found[-1]
    assert rows == slice(0, ROWS)
    assert factors.tolist() == [1.0] * ROWS
    TimedCalls(Kernel(lambda: 7.0), None, timed.factors).restore()


def test_two_clocks_that_disagree_over_timed_calls_end_the_cell() -> None:
    timed = calls(Hand())
    for _ in range(4):
        timed.after(7.0, 0.25, 0.25)
    timed.refuse_false_clocks()
    for _ in range(4):
        timed.between(0.25, 0.5)
    timed.refuse_false_clocks()  # of every second call
    timed.seconds, timed.witnessed = timed.seconds[4:], timed.witnessed[4:]
    with pytest.raises(CellFailed, match="two clocks disagree"):
        timed.refuse_false_clocks()


def test_before_the_first_call_nothing_is_known() -> None:
    timed = calls(Hand())
    assert timed.facts() == {"timed_calls": "not proven: no call was timed", "probed": {"calls": 0}}
    assert (timed.read_bytes, timed.result_bytes) == (0, 0)


@pytest.mark.parametrize(
    ("kernel", "probed", "told"),
    [
        ({"change": lambda *how: None}, True, "proven"),
        ({"change": lambda *how: None, "calls": lambda: 1}, True, "proven"),
        ({"supply": Hand()}, True, "proven"),
        ({"change": lambda *how: None}, False, "not proven: the workload has no quick check"),
        ({}, True, "not proven: the kernel has no way to change its operands"),
        ({"change": lambda *how: None, "calls": lambda: 2}, True, "not proven: a sample is several calls"),
    ],
)
def test_whether_timed_calls_are_proven_is_told(kernel: dict[str, Any], probed: bool, told: str) -> None:
    probe = Probe(Hand()) if probed else None
    factors = Factors(ROWS, False, "float32", np.random.default_rng(5))
    timed = TimedCalls(Kernel(lambda: 7.0, **kernel), probe, factors)
    timed.after(7.0, 0.25, 0.5)
    assert timed.facts()["timed_calls"].startswith(told)


@pytest.mark.parametrize(
    ("operands", "rows"),
    [
        ((np.ones((3, 2), np.float32),), 3),
        ((np.ones(5), np.arange(4)), 5),
        ((np.arange(4), np.ones(4)), 0),
        ((np.float64(1.0) * np.ones(()),), 0),
        ((), 0),
    ],
)
def test_what_no_fraction_can_multiply_is_never_changed(operands: tuple[np.ndarray, ...], rows: int) -> None:
    problem = Problem(operands, "float32", "cpu:0")
    changed: list[Any] = []
    kernel = Kernel(call=lambda: None, change=lambda *how: changed.append(how))
    workload = replace(kernel_workloads()["eigen"], probe=lambda axes, problem, random: lambda *of: None)
    made = timed_calls(workload, {}, problem, kernel)
    made.before_waking()()
    assert bool(changed) is bool(rows)
    assert len(made.factors.now) == rows
    assert made.probe is not None
    assert timed_calls(replace(workload, probe=None, reference=None), {}, problem, kernel).probe is None
