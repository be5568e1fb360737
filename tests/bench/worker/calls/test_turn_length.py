"""Turns of many timed calls: their number is fixed beforehand, their operands change, the last one is probed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from command import PLUGINS
from worker_line import Line, spec

from likeforlike.bench.worker import measure_kernel
from likeforlike.bench.worker.calls.turn_length import TurnLength, turn_length
from likeforlike.bench.worker.measure_kernel import length_of_turns, prepare, take_sample
from likeforlike.bench.worker.messages import Finish, Finished, Go, Sample
from likeforlike.bench.worker.outcomes import CellFailed

CALLS = 8


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.setattr(time, "perf_counter", time.perf_counter)
    monkeypatch.setattr(measure_kernel, "_WAKING_SECONDS", 0.0)


def many(**changes: Any) -> Any:
    return spec(**{"target": "deceives:honest", "calls": CALLS, "statistic": "p99", **changes})


def samples_of(line: Line) -> list[Sample]:
    return [answer for answer in line.answers if isinstance(answer, Sample)]


def measured(name: str, rounds: int = 4, **changes: Any) -> Line:
    line = Line(*[Go()] * rounds, Finish())
    measure_kernel.measure(many(target=f"deceives:{name}", **changes), line, {})  # type: ignore[arg-type]
    return line


def test_a_turn_tells_every_timed_call_and_its_sample_is_the_last() -> None:
    line = measured("honest", rounds=30)
    found = samples_of(line)
    assert all(sample.call_seconds[-1] == sample.seconds for sample in found)
    lengths = {len(sample.call_seconds) for sample in found}
    assert lengths == {CALLS, CALLS + 1, CALLS + 2}, "at least as many as asked for, a quarter more at most"
    assert all(sample.calls > len(sample.call_seconds) for sample in found), "untimed calls count, too"


def test_every_timed_call_is_proven_by_changes_and_the_last_by_its_answer() -> None:
    line = measured("honest")
    finished = line.answers[-1]
    assert isinstance(finished, Finished)
    assert finished.facts["timed_calls"] == "proven"
    assert finished.facts["probed"]["calls"] == 4, "one a turn"


def test_without_a_quantile_a_turn_is_what_it_was() -> None:
    line = Line(Go(), Finish())
    measure_kernel.measure(spec(target="deceives:honest"), line, {})  # type: ignore[arg-type]
    assert samples_of(line)[0].call_seconds == ()


@pytest.mark.parametrize(
    "name",
    ["keeps_its_answer", "keeps_it_between_changes", "returns_early", "is_lazy", "is_wrong_when_timed"],
)
def test_who_deceives_is_found_in_a_turn_of_many_calls_too(name: str) -> None:
    with pytest.raises(CellFailed, match="a timed call's result is wrong"):
        measured(name)


def test_an_answer_kept_from_the_first_timed_call_of_a_turn_is_wrong_in_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the change between two calls it would pass."""
    placed, _ = prepare(many())
    kernel, kept, changes = placed.kernel, [], [0]

    def change(rows: slice, factors: np.ndarray) -> None:
        kernel.change(rows, factors)  # type: ignore[misc]
        changes[0] += 1
        if changes[0] <= 2:  # all rows, then one: the turn begins
            kept.clear()

    def call() -> Any:
        if not kept:
            kept.append(kernel.call())
        return kept[0]

    deceiving = replace(kernel, call=call, change=change)
    assert placed.calls is not None
    placed.calls.kernel = deceiving
    with pytest.raises(CellFailed, match="a timed call's result is wrong"):
        take_sample(replace(placed, kernel=deceiving))


class Steps:
    """A clock that a call moves; the harness's own work takes no time."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.now, self.calls, self.seconds = 0.0, 0, seconds

    def __call__(self) -> float:
        return self.now

    def call(self, real: Callable[[], Any]) -> Any:
        self.now += self.seconds(self.calls)
        self.calls += 1
        return real()


def turns(seconds: Callable[[int], float], number: int, **changes: Any) -> list[Sample]:
    """So many turns on a clock that only calls move, by what the n-th one of them takes."""
    placed, _ = prepare(many(**changes))
    clock, real = Steps(seconds), placed.kernel.call
    kernel = replace(placed.kernel, call=lambda: clock.call(real))
    assert placed.calls is not None
    placed.calls.kernel = kernel
    placed = replace(placed, kernel=kernel, clock=clock, witness=clock)
    placed = replace(placed, length=length_of_turns(placed))
    clock.calls = 0
    return [take_sample(placed) for _ in range(number)]


def test_the_calls_of_a_turn_are_timed_one_by_one_and_in_order() -> None:
    (sample,) = turns(lambda n: 0.001 * (n + 1), 1)
    first = 0.002  # the first call of all woke the threads
    expected = [first + 0.001 * n for n in range(len(sample.call_seconds))]
    assert sample.call_seconds == pytest.approx(expected)


def test_a_slow_kernel_takes_fewer_calls_a_turn_and_one_at_least() -> None:
    assert all(len(s.call_seconds) in (4, 5) for s in turns(lambda n: 0.25, 6, turn_seconds=1.0))
    assert all(len(s.call_seconds) == 1 for s in turns(lambda n: 3.0, 4, turn_seconds=1.0))
    assert all(len(s.call_seconds) >= CALLS for s in turns(lambda n: 3.0, 4)), "no bound was asked for"


def test_a_slow_call_does_not_shorten_its_own_turn_or_a_later_one() -> None:
    """Else turns with slow calls had fewer calls, and slow calls a larger share than is theirs."""
    found = turns(lambda n: 5.0 if n % 7 == 6 else 0.01, 20, turn_seconds=1.0)
    assert all(CALLS <= len(sample.call_seconds) <= CALLS + 2 for sample in found)


def test_the_length_of_a_turn_is_drawn_and_never_below_what_is_asked() -> None:
    length = TurnLength(100)
    drawn = [length.drawn(np.random.default_rng(seed)) for seed in range(300)]
    assert min(drawn) == 100
    assert max(drawn) == 125
    assert len(set(drawn)) > 20
    assert TurnLength(1).drawn(np.random.default_rng(1)) == 1


@pytest.mark.parametrize(
    ("asked", "seconds", "call", "expected"),
    [(92, 0.1, 1e-5, 92), (92, 0.1, 0.01, 10), (92, 0.1, 5.0, 1), (92, 0.0, 5.0, 92), (92, 0.1, 0.0, 92)],
)
def test_calls_that_fit_into_a_turn(asked: int, seconds: float, call: float, expected: int) -> None:
    assert turn_length(asked, seconds, call) == TurnLength(expected)


def test_the_length_goes_by_a_few_calls_or_by_one_that_takes_long() -> None:
    placed, _ = prepare(many(turn_seconds=1.0))
    clock, real = Steps(lambda n: 20.0 if n == 0 else 0.01), placed.kernel.call
    kernel = replace(placed.kernel, call=lambda: clock.call(real))
    assert length_of_turns(replace(placed, kernel=kernel, clock=clock)) == TurnLength(1)
    slow_later = Steps(lambda n: 0.9 if n == 2 else 0.01)
    kernel = replace(placed.kernel, call=lambda: slow_later.call(real))
    assert length_of_turns(replace(placed, kernel=kernel, clock=slow_later)) == TurnLength(CALLS)


def test_what_is_timed_several_calls_at_once_has_no_tail_to_tell() -> None:
    placed, _ = prepare(many())
    with pytest.raises(CellFailed, match="the mean of 20 calls, .*: nothing tells their p99") as failure:
        length_of_turns(replace(placed, kernel=replace(placed.kernel, calls=lambda: 20)))
    assert failure.value.outcome == "skipped"


def test_caches_are_emptied_before_every_timed_call_of_a_turn() -> None:
    placed, _ = prepare(many())
    log: list[str] = []
    real = placed.kernel.call

    class Emptied:
        def empty(self) -> None:
            log.append("empty")

    kernel = replace(placed.kernel, call=lambda: (log.append("call"), real())[1])
    sample = take_sample(replace(placed, kernel=kernel, emptying=Emptied()))  # type: ignore[arg-type]
    timed = log[log.index("empty") :]
    assert timed == ["empty", "call"] * len(sample.call_seconds)


def test_arguments_that_are_supplied_are_others_for_every_timed_call() -> None:
    """Of functions that somebody compares: no fraction multiplies them, they are drawn anew."""
    placed, _ = prepare(many())
    drawn, found = [0], []

    class Supply:
        def draw(self) -> Callable[[], None]:
            def switch() -> None:
                drawn[0] += 1

            return switch

    assert placed.calls is not None
    real = placed.kernel.call
    kernel = replace(
        placed.kernel,
        change=None,
        supply=Supply(),  # type: ignore[arg-type]
        call=lambda: (found.append(drawn[0]), real())[1],
    )
    placed.calls.kernel, placed.calls.probe = kernel, None
    sample = take_sample(replace(placed, kernel=kernel))
    timed = found[-len(sample.call_seconds) :]
    assert timed == list(range(1, len(timed) + 1))
