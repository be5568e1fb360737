"""Quantiles of many calls while they are measured: how many are asked for, when they are enough, what is kept."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from likeforlike.bench.keep.call_times import call_facts, launch_seconds
from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.held_records import HeldRecords
from likeforlike.bench.keep.journal import differences
from likeforlike.bench.keep.launch_records import launches_joined
from likeforlike.bench.measure.launches import enough
from likeforlike.bench.measure.many_calls import calls_of_a_turn, limits_of, with_calls
from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import GroupStopping, Limits
from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.asked.presets import PRESETS
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Context
from likeforlike.bench.worker.messages import (
    Answer,
    CellSpec,
    Finish,
    Finished,
    Go,
    Load,
    Loaded,
    Order,
    Prepare,
    Ready,
    Sample,
)
from likeforlike.models.contract.implementation import Implementation
from likeforlike.reports.statistics.quantiles import MOST_KEPT, Calls, quantile_of

CONTEXT = Context({"cpu": {}, "gpus": [], "precision_mode": "ieee"}, {}, 0.9, {})


def options(preset: str, **asked: Any) -> Options:
    of = PRESETS[preset]
    limits = {name: getattr(of, name) for name in ("min_rounds", "max_seconds", "precision", "confidence")}
    nothing = dict.fromkeys(Options.__dataclass_fields__)
    return Options(**{**nothing, "preset_name": preset, **limits, "statistic": "p99", **asked})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("preset", "statistic", "calls", "seconds"),
    [
        ("quick", "p99", 92, 2.0),  # 368 calls in ⌈10 / 3⌉ rounds of a launch
        ("quick", "p95", 18, 2.0),
        ("smoke", "p99", 62, 2.0),
        ("published", "p99", 92, 0.0),  # four rounds, however long they take
        ("quick", "p50", 2, 2.0),
    ],
)
def test_the_fewest_rounds_of_a_launch_hold_the_calls_that_it_needs(
    preset: str, statistic: str, calls: int, seconds: float
) -> None:
    assert calls_of_a_turn(statistic, options(preset)) == (calls, pytest.approx(seconds))


def test_the_median_takes_one_call_a_turn() -> None:
    assert calls_of_a_turn("median", options("quick")) == (1, 0.0)


def test_of_three_to_ten_launches_each_has_a_third_of_the_time() -> None:
    """And four of the ten rounds."""
    asked = options("quick", launches=(3, 10))
    assert limits_of(asked) == Limits(4, pytest.approx(1 / 3), 0.02, 0.95)  # type: ignore[arg-type]
    assert limits_of(asked, 0.07).precision == 0.07
    assert calls_of_a_turn("p99", asked) == (92, 2.0)  # slow calls get two seconds a turn
    assert calls_of_a_turn("p99", options("quick", launches=(3, 10), max_seconds=30.0)) == (92, 2.5)


def test_without_a_precision_the_fewest_launches_share_the_rounds() -> None:
    """Nothing asks for more of them then."""
    assert limits_of(options("published", launches=(2, 10))).min_rounds == 5
    assert limits_of(options("quick", launches=(2, 10))).min_rounds == 4


def test_more_confidence_needs_more_calls() -> None:
    """0.99**528 = 0.00496, at most half of 1 %."""
    assert with_calls(limits_of(options("quick")), "p99", options("quick", confidence=0.99)).calls == 528


def test_calls_are_enough_for_what_the_report_tells_whatever_the_run_s_confidence() -> None:
    """At 90 % 299 calls would do, of which the report, at 95 %, could tell no quantile."""
    asked = options("quick", confidence=0.9)
    assert calls_of_a_turn("p99", asked)[0] == 92
    limits = with_calls(limits_of(asked), "p99", asked)
    assert (limits.quantile, limits.calls, limits.confidence) == (0.99, 368, 0.95)
    assert with_calls(limits_of(asked), "median", asked) == limits_of(asked)


def steady(calls: int) -> tuple[float, ...]:
    """Of two hundred calls one takes 4 % longer."""
    return tuple(1.04e-3 if n % 200 == 7 else 1e-3 for n in range(calls))


def test_precision_waits_for_calls_enough() -> None:
    rule = GroupStopping(Limits(3, 60.0, 0.02, 0.95, 0.99, 368))
    rule.initialise(["a"])
    for number in range(10):
        rule.add("a", number, 1e-3, 0.01, [1e-3] * 50)
        if rule.finished():
            break
    assert number == 7, "8 turns of 50 calls"
    assert rule.stop("a").reason == "precision"


@pytest.mark.parametrize(("precision", "turns"), [(0.041, 4), (0.039, 40)])
def test_half_the_width_of_the_quantile_s_interval_relative_to_it_is_what_counts(
    precision: float, turns: int
) -> None:
    """368 calls of 100 s, the slowest of which takes 108 s: p99 lies between 100 and 108 s."""
    rule = GroupStopping(Limits(1, 4.0, precision, 0.95, 0.99, 368))
    rule.initialise(["a"])
    calls = [[108.0, *[100.0] * 91], *[[100.0] * 92] * 3]
    for number in range(100):
        rule.add("a", number, 100.0, 0.1, calls[number] if number < 4 else [])
        if rule.finished():
            break
    assert number + 1 == turns


def test_calls_too_short_for_the_clock_are_precise() -> None:
    rule = GroupStopping(Limits(1, 60.0, 0.02, 0.95, 0.5, 6))
    rule.initialise(["a"])
    rule.add("a", 0, 0.0, 0.1, [0.0] * 6)
    assert rule.finished()


def test_without_an_interval_nothing_is_precise() -> None:
    """Asked for fewer calls than the quantile needs."""
    rule = GroupStopping(Limits(1, 60.0, 0.02, 0.95, 0.99, 10))
    rule.initialise(["a"])
    rule.add("a", 0, 1.0, 0.1, [1.0] * 20)
    assert not rule.finished()


def test_a_tail_that_is_not_known_well_enough_goes_on_until_it_is() -> None:
    """One call in 50 takes from 1 to 3 times as long: after 400 calls nobody knows the p99."""
    draw = np.random.default_rng(1)
    rule = GroupStopping(Limits(3, 1e9, 0.1, 0.95, 0.99, 368))
    rule.initialise(["a"])
    every: list[float] = []
    number = 0
    while not rule.finished():
        turn = np.where(draw.random(100) < 0.02, draw.uniform(1, 3, 100), 1.0)
        every += turn.tolist()
        rule.add("a", number, 1.0, 0.01, turn.tolist())
        number += 1
    found = quantile_of(Calls(tuple(sorted(every))), 0.99)
    assert found is not None
    assert len(every) > 800
    assert (found.high - found.low) / 2 / found.seconds <= 0.1


def test_a_cell_whose_time_is_used_up_ends_with_too_few_calls() -> None:
    rule = GroupStopping(Limits(3, 0.5, 0.02, 0.95, 0.99, 368))
    rule.initialise(["a"])
    for number in range(20):
        rule.add("a", number, 0.1, 0.1, [0.1])
        if rule.finished():
            break
    assert (number, rule.stop("a").reason) == (4, "max-time")


def test_a_repeated_round_takes_the_place_of_its_calls() -> None:
    rule = GroupStopping(Limits(1, 60.0, 0.02, 0.95, 0.5, 12))
    rule.initialise(["a"])
    rule.add("a", 0, 1.0, 0.1, [1.0] * 6)
    rule.add("a", 0, 1.0, 0.0, [1.0] * 6)
    assert not rule.finished(), "six calls, taken twice, are six"
    rule.add("a", 1, 1.0, 0.1, [1.0] * 6)
    assert rule.finished()


class Hand:
    """A worker without a process that moves its own clock: 20 ms of waking, then its timed calls."""

    pids: tuple[int, ...] = ()

    def __init__(self, clock: list[float], call: Callable[[int], float], calls: int) -> None:
        self.clock, self.call, self.calls, self.done = clock, call, calls, 0
        self.pending: Order | None = None

    def order(self, message: Order) -> None:
        self.pending = message

    def answer(self, timeout_seconds: float) -> Answer:
        match self.pending:
            case Load():
                return Loaded()
            case Prepare():
                return Ready(0.1, 0.2, 1e-9, 1e-6, 5, {})
            case Go():
                times = tuple(self.call(self.done + n) for n in range(self.calls))
                self.done += self.calls
                self.clock[0] += 0.02 + sum(times)
                return Sample(times[-1], call_seconds=times)
            case Finish():
                return Finished({})
        raise AssertionError(self.pending)

    def freeze(self) -> None:
        pass

    def kill(self) -> None:
        pass


class Unwatched:
    def before(self, cell: Cell, pids: Any) -> None:
        pass

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        return []

    def needs_load(self, cell: Cell) -> bool:
        return False

    def loaded(self, cell: Cell, calls: int) -> None:
        pass

    def pace(self, cell: Cell) -> None:
        return None

    def waited_seconds(self, cell: Cell) -> None:
        return None


def cell(name: str) -> Cell:
    return Cell(
        Implementation(name, "matmul", "numpy", "", "m:a"), "cpu:0", (("size", 4), ("dtype", "float32")), "g"
    )


def asked_spec(statistic: str = "p99", calls: int = 92) -> CellSpec:
    fixed = ("c", "m:a", "matmul", "numpy", {}, "cpu:0", 1, "float32", "synchronised")
    return CellSpec(*fixed, False, False, True, False, "t:f", calls=calls, statistic=statistic)


def measured(calls: dict[str, Callable[[int], float]], limits: Limits) -> list[Turn]:
    clock = [0.0]
    turns = [Turn(cell(name), asked_spec(), Hand(clock, call, 92), 50.0) for name, call in calls.items()]
    group = Group(turns, limits, random.Random(3), Unwatched(), lambda turn: None, 0, lambda: clock[0])
    return group.measure()


def test_a_group_in_turns_gives_every_call_of_every_turn() -> None:
    limits = Limits(4, 100.0, 0.05, 0.95, 0.99, 368)
    a, b = measured({"a": lambda n: 1e-3, "b": lambda n: steady(10**4)[n]}, limits)
    assert a.rounds == b.rounds == [0, 1, 2, 3], "four turns of 92 calls are 368"
    facts = call_facts(b)
    assert facts["statistic"] == "p99"
    (told,) = facts["call_times"]
    assert (told["launch"], told["calls"]) == (0, 368)
    assert told["seconds"] == sorted(steady(368))
    assert [sample.seconds for sample in b.samples] == [steady(368)[91 + 92 * n] for n in range(4)]


def test_the_median_keeps_no_calls() -> None:
    turn = Turn(cell("a"), asked_spec("median", 1), None, 9.0)  # type: ignore[arg-type]
    turn.samples = [Sample(1.0)]
    assert call_facts(turn) == {}


def test_what_a_launch_keeps_is_bounded() -> None:
    turn = Turn(cell("a"), asked_spec(), None, 9.0)  # type: ignore[arg-type]
    times = np.random.default_rng(1).lognormal(-9, 1, (200, 200))
    turn.samples = [Sample(row[-1], call_seconds=tuple(row)) for row in times.tolist()]
    (told,) = call_facts(turn)["call_times"]
    assert told["calls"] == sum(told["counts"]) == 40_000
    assert len(told["seconds"]) <= MOST_KEPT


def record(launch: int, calls: list[float], statistic: str = "p99", name: str = "a") -> CellRecord:
    rounds = [100 * launch, 100 * launch + 1]
    turn = Turn(cell(name), asked_spec(statistic), None, 9.0)  # type: ignore[arg-type]
    turn.launch, half = launch, len(calls) // 2
    turn.samples = [Sample(c[-1], call_seconds=tuple(c)) for c in (calls[:half], calls[half:])]
    extra: dict[str, Any] = {
        "verified": {"error": 0.0, "tolerance": 1.0},
        "warm_up_calls": 1,
        "state": {},
        "stop": {"median_interval": None},
        "round_numbers": rounds,
        "launch_numbers": [launch] * 2,
        **call_facts(turn),
    }
    return CellRecord(name, "measured", "", [c.seconds for c in turn.samples], rounds, extra, launch=launch)


def test_launches_keep_their_calls_apart_in_the_record_of_the_cell() -> None:
    whole = launches_joined(cell("a"), [record(n, [1.0 + n] * 400) for n in range(3)], None, CONTEXT)
    told = whole.extra_info["call_times"]
    assert [(item["launch"], item["calls"]) for item in told] == [(0, 400), (1, 400), (2, 400)]
    assert whole.extra_info["statistic"] == "p99"
    plain = launches_joined(cell("a"), [record(0, [1.0] * 400, "median")], None, CONTEXT).extra_info
    assert "call_times" not in plain
    assert "statistic" not in plain


def test_in_pairs_the_calls_stand_beside_the_partner_they_were_taken_with() -> None:
    held = HeldRecords()
    a, b, c = (cell(name) for name in "abc")
    held.add([a, b], a, record(0, [1.0] * 400))
    held.add([a, b], b, record(0, [2.0] * 400, name="b"))
    held.add([a, c], c, record(0, [3.0] * 400, name="c"))
    held.add([a, c], a, record(0, [1.5] * 400))
    kept = next(found for of, found in held.all() if of.id == a.id)
    assert kept.extra_info["call_times"][0]["seconds"][0] == 1.0
    assert kept.extra_info["beside"][c.id]["call_times"][0]["seconds"][0] == 1.5
    twice = launches_joined(a, [kept, kept], None, CONTEXT).extra_info
    assert len(twice["beside"][c.id]["call_times"]) == 2


def test_in_pairs_a_quantile_is_held_against_that_of_the_same_pair() -> None:
    held = HeldRecords()
    a, b, c = (cell(name) for name in "abc")
    held.add([a, b], a, record(0, [1.0] * 400))
    held.add([a, b], b, record(0, [2.0] * 400, name="b"))
    for of, seconds in ((c, 3.0), (a, 1.5)):
        later = record(0, [seconds] * 400, name=of.entry.name)
        held.add([a, c], of, msgspec.structs.replace(later, round_numbers=[10_000, 10_001]))
    found = {of.id: launch_seconds(kept) for of, kept in held.all()}
    assert found == {a.id: {0: 1.0, 1: 1.5}, b.id: {0: 2.0}, c.id: {1: 3.0}}


def test_whether_launches_are_enough_goes_by_the_quantile() -> None:
    """Medians agree between launches; p99 does not, and so a third and a fourth launch follow."""
    calls = {n: [1.0] * 380 + [2.0 + n] * 20 for n in range(4)}
    launches = [
        {"a": launch_seconds(record(n, [1.0] * 400)), "b": launch_seconds(record(n, calls[n], name="b"))}
        for n in range(3)
    ]
    assert launches[1] == {"a": {0: 1.0}, "b": {0: 3.0}}
    assert enough(launches, 2, 10, 0.05, 0.95) is None
    by_median = [
        {"a": launch_seconds(record(n, [1.0] * 400, "median")), "b": {100 * n: 1.0, 100 * n + 1: 1.0}}
        for n in range(3)
    ]
    found = enough(by_median, 2, 10, 0.05, 0.95)
    assert found is not None
    assert found.reason == "precision"


def test_a_launch_of_too_few_calls_says_nothing_of_the_quantile() -> None:
    assert launch_seconds(record(0, [1.0] * 300)) == {}
    assert launch_seconds(record(2, [1.0] * 4, "median")) == {200: 1.0, 201: 1.0}


def test_the_statistic_is_a_condition_of_resuming_and_older_journals_stand_for_the_median() -> None:
    by_median, by_p99 = (options("quick", statistic=name).conditions() for name in ("median", "p99"))
    assert differences(by_median, by_p99) == ["option statistic was None, is 'p99'"]
    assert "option statistic" not in by_median
