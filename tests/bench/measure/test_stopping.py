from __future__ import annotations

import random

import pytest

from likeforlike.bench.measure.stopping import GroupStopping, Limits


def run(rule: GroupStopping, cells: dict[str, list[float]], turn_seconds: float = 0.01) -> int:
    """Feed rounds until the rule ends them; how many there were."""
    rule.initialise(list(cells))
    rounds = min(map(len, cells.values()))
    for number in range(rounds):
        for cell, seconds in cells.items():
            if not rule.sits_out(cell):
                rule.add(cell, number, seconds[number], turn_seconds)
        if rule.finished():
            return number + 1
    raise AssertionError("the rule did not end")


def noisy(seed: int, centre: float, spread: float, count: int = 2000) -> list[float]:
    draw = random.Random(seed)
    return [centre * (1 + spread * draw.uniform(-1, 1)) for _ in range(count)]


def test_a_steady_cell_ends_at_min_rounds_for_precision() -> None:
    rule = GroupStopping(Limits(min_rounds=8, max_seconds=60, precision=0.02, confidence=0.95))
    assert run(rule, {"a": [0.01] * 100, "b": [0.02] * 100}) == 8
    assert rule.stop("a").reason == "precision"
    assert rule.stop("a").median_interval == (1.0, 1.0)


def test_noise_needs_more_rounds_until_the_median_is_precise() -> None:
    rule = GroupStopping(Limits(8, 60, 0.02, 0.95))
    rounds = run(rule, {"a": noisy(1, 0.01, 0.2)})
    stop = rule.stop("a")
    assert rounds > 50
    assert stop.reason == "precision"
    assert stop.median_interval is not None
    assert (stop.median_interval[1] - stop.median_interval[0]) / 2 <= 0.02


def test_paired_ratios_count_besides_the_medians() -> None:
    """Each median is exact, yet the ratio flips between 1/2 and 2: precision isn't reached."""
    rule = GroupStopping(Limits(6, 0.5, 0.02, 0.95))
    a = [1.0, 1.0, 1.0, 2.0, 0.5] * 200
    b = [1.0, 2.0, 0.5, 1.0, 1.0] * 200
    run(rule, {"a": a, "b": b}, turn_seconds=0.01)
    assert rule.stop("a").reason == "precision"
    assert rule.stop("b").reason != "precision"


def test_noise_that_does_not_narrow_is_settled() -> None:
    rule = GroupStopping(Limits(6, 1e9, 0.001, 0.95))
    # two values of which neither wins: the median's interval stays between them for ever
    run(rule, {"a": [1.0, 2.0] * 1000})
    assert rule.stop("a").reason == "settled"


def test_time_used_up_counts_turns_and_min_rounds_come_first() -> None:
    rule = GroupStopping(Limits(10, 0.05, None, 0.95))
    assert run(rule, {"a": noisy(2, 0.001, 0.5)}, turn_seconds=0.02) == 10
    assert rule.stop("a").reason == "max-time"
    rule = GroupStopping(Limits(3, 0.05, None, 0.95))
    assert run(rule, {"a": noisy(2, 0.001, 0.5)}, turn_seconds=0.01) == 5


def test_a_cell_whose_time_is_up_sits_out_and_the_other_goes_on() -> None:
    rule = GroupStopping(Limits(3, 1.0, 0.001, 0.95))
    rule.initialise(["slow", "quick"])
    rounds = {"slow": 0, "quick": 0}
    draw = random.Random(3)
    for number in range(100):
        for cell, turn_seconds in (("slow", 0.5), ("quick", 0.05)):
            if not rule.sits_out(cell):
                rule.add(cell, number, turn_seconds * draw.uniform(0.5, 1.5), turn_seconds)
                rounds[cell] += 1
        if rule.finished():
            break
    assert rounds["slow"] == 3
    assert rounds["quick"] == 20


def test_a_fixed_number_of_rounds() -> None:
    rule = GroupStopping(Limits(10, 0.0, None, 0.95))
    assert run(rule, {"a": noisy(4, 1, 0.5), "b": noisy(5, 1, 0.5)}) == 10
    assert rule.stop("a").reason == "rounds"


def test_samples_below_the_clocks_resolution_do_not_break_it() -> None:
    rule = GroupStopping(Limits(6, 1.0, 0.02, 0.95))
    assert run(rule, {"a": [0.0] * 50, "b": [0.0] * 50}) == 6


def test_a_failed_cell_is_left_out() -> None:
    rule = GroupStopping(Limits(3, 1.0, 0.02, 0.95))
    rule.initialise(["a", "b"])
    rule.drop("a")
    for number in range(6):
        rule.add("b", number, 1.0, 0.1)
    assert rule.finished()
    with pytest.raises(KeyError):
        rule.stop("a")


def test_a_precise_cell_sits_out_too_when_its_time_is_used_up() -> None:
    """A slow one that was precise at once would else be sampled until its noisy neighbour ends."""
    rule = GroupStopping(Limits(min_rounds=6, max_seconds=10, precision=0.02, confidence=0.95))
    rule.initialise(["slow", "noisy"])
    noise, rounds = noisy(3, 0.001, 0.9), {"slow": 0, "noisy": 0}
    for number in range(200):
        for cell, seconds, turn in (("slow", 1.0, 1.0), ("noisy", noise[number], 0.02)):
            if not rule.sits_out(cell):
                rule.add(cell, number, seconds, turn)
                rounds[cell] += 1
        if rule.finished():
            break
    assert rule.stop("slow").reason == "precision"
    assert rounds["slow"] == 10 < 50 < rounds["noisy"]
