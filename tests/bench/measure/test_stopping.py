from __future__ import annotations

import random
from typing import Any

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


def judged(limits: Limits, **cells: list[float]) -> dict[str, str]:
    """Why each cell would end after these samples; "interrupted" for one that would go on."""
    rule = GroupStopping(limits)
    rule.initialise(list(cells))
    for cell, samples in cells.items():
        for number, seconds in enumerate(samples):
            rule.add(cell, number, seconds, 0.0)
    rule.finished()
    return {cell: rule.stop(cell).reason for cell in cells}


def test_precision_is_the_half_width_and_reached_when_equal() -> None:
    """Six samples' interval at 0.95 is from the least to the largest: (1.25 - 0.75) / 2 of a median of 1."""
    samples = [1.0, 0.75, 1.0, 1.25, 1.0, 1.0]
    assert judged(Limits(6, 9.0, 0.25, 0.95), a=samples)["a"] == "precision"
    assert judged(Limits(6, 9.0, 0.2499, 0.95), a=samples)["a"] == "interrupted"
    assert judged(Limits(7, 9.0, 0.25, 0.95), a=samples)["a"] == "interrupted"


def test_a_ratio_s_half_width_by_hand() -> None:
    """The ratio b : a goes from 1/4 to 1, a half-width of log 2, that is 100 %; b alone is within 25 %."""
    a, b = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
    assert judged(Limits(6, 9.0, 0.99, 0.95), a=a, b=b)["b"] == "interrupted"
    assert judged(Limits(6, 9.0, 1.01, 0.95), a=a, b=b)["b"] == "precision"


def test_a_round_that_took_no_time_in_one_of_both_has_no_ratio() -> None:
    """Nine samples' interval at 0.95 leaves out the least and the largest."""
    ones, gap = [1.0] * 9, [0.0] + [1.0] * 8
    for a, b in ((ones, gap), (gap, ones)):
        assert judged(Limits(7, 9.0, 0.01, 0.95), a=a, b=b)["b"] == "precision"


def test_the_interval_is_told_relative_to_the_median_where_there_is_one() -> None:
    rule = GroupStopping(Limits(2, 9.0, None, 0.5))
    rule.initialise(["two", "none"])
    for number, seconds in enumerate((1.0, 3.0)):
        rule.add("two", number, seconds, 0.0)
        rule.add("none", number, 0.0, 0.0)
    assert rule.stop("two").median_interval == (0.5, 1.5)
    assert rule.stop("none").median_interval is None


def rounds_until_settled(
    monkeypatch, min_rounds: int, width_after: dict[int, float]
) -> tuple[int, list[int]]:
    """After how many rounds a cell is settled whose width is as told from a round on, and when it was asked."""
    asked = []

    def width(self: GroupStopping, cell: str, series: Any) -> float:
        asked.append(len(series.seconds))
        return [value for start, value in width_after.items() if asked[-1] >= start][-1]

    monkeypatch.setattr(GroupStopping, "_width", width)
    rule = GroupStopping(Limits(min_rounds, 1e9, 1e-9, 0.95))
    rounds = run(rule, {"a": [1.0] * 2000})
    assert rule.stop("a").reason == "settled"
    return rounds, asked


def test_it_is_asked_at_every_round_and_from_twenty_on_at_every_tenth_more(monkeypatch) -> None:
    _, asked = rounds_until_settled(monkeypatch, 17, {0: 1.0})
    assert asked[:16] == [17, 18, 19, 20, 22, 24, 26, 28, 30, 33, 36, 39, 42, 46, 50, 55]


def test_settled_is_what_twice_the_samples_narrowed_twice_by_less_than_a_tenth(monkeypatch) -> None:
    """Looked at from 30 rounds on, then at twice as many; asked at 30, 33 ... 60 ... 113, 124 rounds."""
    assert rounds_until_settled(monkeypatch, 30, {0: 1.0})[0] == 124
    assert rounds_until_settled(monkeypatch, 30, {0: 1.0, 31: 0.95})[0] == 124
    # at 29 rounds nothing is looked at yet: the first width seen is that of 31 rounds, then 62 and 127
    assert rounds_until_settled(monkeypatch, 29, {0: 10.0, 30: 1.0})[0] == 127
    # narrowed by just a tenth at 60 rounds: seen to stand still at 124 and 259 only
    assert rounds_until_settled(monkeypatch, 30, {0: 1.0, 60: 0.9})[0] > 240
