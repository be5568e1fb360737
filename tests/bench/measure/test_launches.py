from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from likeforlike.bench.measure.launches import (
    Enough,
    draw_starts,
    enough,
    first_round,
    limits_of_a_launch,
    spread_between,
)
from likeforlike.bench.measure.stopping import Limits

WHOLE = Limits(10, 1.0, 0.02, 0.95)
CELLS = ["a", "b", "c", "d"]

Launch = dict[str, dict[int, float]]


def launch(ratio: float, number: int = 0, drift: float = 1.0) -> Launch:
    """Rounds of two cells: the second takes ``ratio`` of the first one's time, whatever the drift."""
    rounds = range(first_round(number, 0), first_round(number, 0) + 5)
    return {
        "base": {n: drift * (1 + 0.1 * (n % 5)) for n in rounds},
        "other": {n: drift * ratio * (1 + 0.1 * (n % 5)) for n in rounds},
    }


def test_what_is_drawn_differs_between_processes_and_launches_and_is_the_same_for_a_seed() -> None:
    seen = [draw_starts(CELLS, k, random.Random(f"7 {k}")) for k in range(40)]
    assert seen[3] == draw_starts(CELLS, 3, random.Random("7 3"))
    assert len({start.hash_seed for starts in seen for start in starts.values()}) == 160
    assert len({start.environment_bytes for starts in seen for start in starts.values()}) > 140
    assert {next(iter(starts)) for starts in seen} == set(CELLS)
    for number, starts in enumerate(seen):
        assert [start.position for start in starts.values()] == [0, 1, 2, 3]
        assert {start.launch for start in starts.values()} == {number}


def test_a_process_gets_what_was_drawn_unless_the_run_fixes_it() -> None:
    start = draw_starts(["a"], 0, random.Random(1))["a"]
    assert start.environment["PYTHONHASHSEED"] == str(start.hash_seed)
    assert len(start.environment["LIKEFORLIKE_PADDING"]) == start.environment_bytes
    fixed = draw_starts(["a"], 0, random.Random(1), fixed_hash_seed=True)["a"]
    assert fixed.hash_seed is None
    assert "PYTHONHASHSEED" not in fixed.environment


def test_no_two_launches_and_no_two_sessions_share_a_round() -> None:
    firsts = [first_round(k, session) for session in range(5) for k in range(50)]
    assert min(abs(one - two) for n, one in enumerate(firsts) for two in firsts[:n]) >= 100_000


def test_launches_share_a_cell_s_rounds_and_time() -> None:
    assert limits_of_a_launch(WHOLE, 1) == WHOLE
    few = Limits(2, 1.0, 0.02, 0.95)
    assert limits_of_a_launch(few, 1, spread=0.5) == few
    assert limits_of_a_launch(WHOLE, 2).min_rounds == 5
    assert limits_of_a_launch(WHOLE, 3) == Limits(4, pytest.approx(1 / 3), 0.02, 0.95)  # type: ignore[arg-type]


@pytest.mark.parametrize("launches", [4, 5, 10, 100])
def test_a_launch_has_a_third_of_a_cell_s_rounds_and_time_at_least(launches: int) -> None:
    """Of ten each had a tenth: three rounds, of which one burst of another program makes two slow."""
    assert limits_of_a_launch(WHOLE, launches) == limits_of_a_launch(WHOLE, 3)


def test_within_a_launch_nobody_is_more_precise_than_launches_are_alike() -> None:
    assert limits_of_a_launch(WHOLE, 3, spread=0.08).precision == 0.08
    assert limits_of_a_launch(WHOLE, 3, spread=0.001).precision == 0.02
    assert limits_of_a_launch(Limits(10, 1.0, None, 0.95), 3, spread=0.08).precision is None


def test_the_spread_is_that_of_the_launches_ratios_and_not_of_their_times() -> None:
    ratios, drifts = [1.50, 1.56, 1.47, 1.53], [1.0, 3.0, 0.4, 9.0]
    known = [launch(r, k, d) for k, (r, d) in enumerate(zip(ratios, drifts, strict=True))]
    deviation, freedom = spread_between(known)
    assert deviation == pytest.approx(float(np.std(np.log(ratios), ddof=1)))
    assert freedom == 3


def test_several_entrants_share_what_they_show_of_the_spread() -> None:
    draw = np.random.default_rng(4)
    logs = draw.normal(0.3, 0.05, (6, 4))
    known = [
        {"base": {0: 1.0}, **{f"e{n}": {0: math.exp(value)} for n, value in enumerate(row)}} for row in logs
    ]
    deviation, freedom = spread_between(known)
    # each against the median of the others; its variance, 1.193 / 4 of one being the median's, brought to a ratio's
    every = np.column_stack([np.zeros(6), logs - logs.mean(axis=0)])
    apart = [every[:, n] - np.median(np.delete(every, n, axis=1), axis=1) for n in range(5)]
    ratios = [2.0 / (1.0 + 1.193 / 4.0) * np.var(values, ddof=1) for values in apart]
    assert deviation == pytest.approx(math.sqrt(np.median(ratios)))
    assert freedom == 4 * 5


@pytest.mark.parametrize("who", ["base", "c"])
def test_a_burst_that_one_met_in_one_launch_is_no_spread_and_no_reason_for_many_more_launches(
    who: str,
) -> None:
    draw = np.random.default_rng(6)
    known = []
    for number in range(10):
        first = first_round(number, 0)
        times = {
            name: {first + n: math.exp(effect + draw.normal(0, 0.005)) for n in range(4)}
            for name, effect in zip(["base", *"abcde"], draw.normal(0, 0.003, 6), strict=True)
        }
        known.append(times)
    calm, quiet = spread_between(known)[0], enough(known, 10, 10, 0.02, 0.95)
    known[3][who] = {n: 1.4 * time for n, time in known[3][who].items()}
    loud = enough(known, 10, 10, 0.02, 0.95)
    assert spread_between(known)[0] < calm + 0.01
    assert quiet is not None
    assert loud is not None
    assert (quiet.reason, loud.reason) == ("precision", "precision")


def test_what_few_rounds_add_is_no_spread_of_processes() -> None:
    """Else launches of few rounds would differ most, and so be given the fewest."""
    draw = np.random.default_rng(4)

    def noisy(effects: Sequence[float], number: int) -> Launch:
        first = first_round(number, 0)
        times = {"base": {first + n: 1.0 for n in range(4)}}
        for name, effect in zip("abcde", effects, strict=True):
            times[name] = {first + n: math.exp(effect + draw.normal(0, 0.06)) for n in range(4)}
        return times

    same = [noisy([0.0] * 5, k) for k in range(10)]
    apart = [noisy(draw.normal(0, 0.1, 5).tolist(), k) for k in range(10)]
    assert spread_between(same)[0] < 0.02
    assert spread_between(apart)[0] == pytest.approx(0.1 * math.sqrt(2.0), rel=0.4)


def test_an_entrant_alone_is_held_against_itself() -> None:
    known = [{"a": {0: t, 1: t}} for t in (1.0, 1.1, 0.9)]
    assert spread_between(known) == (pytest.approx(float(np.std(np.log([1.0, 1.1, 0.9]), ddof=1))), 2)


def test_of_an_entrant_alone_the_interval_is_student_s() -> None:
    times = [1.0, 1.1, 0.9]
    logs = np.log(times)
    why = enough([{"a": {0: t}} for t in times], 3, 3, 1e-9, 0.95)
    assert why is not None
    half = stats.t.ppf(0.975, 2) * logs.std(ddof=1) / math.sqrt(3)
    assert why.half_width == pytest.approx(math.expm1(half))


def test_one_launch_shows_no_spread() -> None:
    assert spread_between([launch(2.0)]) == (0.0, 0)
    assert spread_between([{"a": {0: 1.0, 1: 1.1}}]) == (0.0, 0)
    assert enough([{"a": {0: 1.0, 1: 1.1}}], 1, 1, 0.02, 0.95) == Enough("launches", 1, None)


def test_launches_are_added_until_the_ratio_is_precise() -> None:
    ratios = [1.50, 1.56, 1.47, 1.53, 1.50, 1.51]
    known = [launch(r, k) for k, r in enumerate(ratios)]
    assert enough(known[:2], 3, 6, 0.04, 0.95) is None
    for count in (3, 4):
        deviation = np.std(np.log(ratios[:count]), ddof=1)
        width = math.expm1(stats.t.ppf(0.975, count - 1) * deviation / math.sqrt(count))
        why = enough(known[:count], 3, 6, 0.04, 0.95)
        assert (why is None) == (width > 0.04)
    wide = enough(known[:4], 3, 4, 0.001, 0.95)
    assert wide is not None
    assert (wide.reason, wide.launches) == ("launches", 4)
    assert wide.half_width == pytest.approx(width)


def test_alike_launches_are_precise_at_once_and_a_single_one_is_never() -> None:
    alike = enough([launch(2.0, k) for k in range(3)], 3, 9, 0.02, 0.95)
    assert alike is not None
    assert alike.reason == "precision"
    single = enough([launch(2.0)], 1, 1, 0.02, 0.95)
    assert single is not None
    assert (single.reason, single.half_width) == ("launches", None)


def test_launches_that_agree_by_chance_are_no_better_known_than_their_rounds_say() -> None:
    """Three launches of median 2.0, whose three rounds spread: 1.346 times their variance over three."""
    rounds = [1.8, 2.0, 2.2]
    known = [
        {"base": dict.fromkeys(range(3), 1.0), "other": dict(enumerate(rounds))},
        {"base": dict.fromkeys(range(3), 1.0), "other": dict(enumerate(rounds[::-1]))},
        {"base": dict.fromkeys(range(3), 1.0), "other": dict(enumerate(rounds))},
    ]
    assert spread_between(known) == (0.0, 2)
    within = 1.346 * np.var(np.log(rounds), ddof=1) / 3
    width = math.expm1(stats.t.ppf(0.975, 2) * math.sqrt(within / 3))
    assert enough(known, 3, 9, width * 0.999, 0.95) is None
    why = enough(known, 3, 9, width * 1.001, 0.95)
    assert why is not None
    assert (why.reason, why.half_width) == ("precision", pytest.approx(width))


def test_of_several_entrants_the_one_that_its_rounds_tell_worst_counts() -> None:
    steady, restless = dict.fromkeys(range(3), 1.0), {0: 1.8, 1: 2.0, 2: 2.2}
    known = [{"base": steady, "a": steady, "b": restless} for _ in range(3)]
    alone = [{"base": steady, "b": restless} for _ in range(3)]
    three, two = (enough(group, 3, 3, None, 0.95) for group in (known, alone))
    assert three is not None
    assert two is not None
    assert three.half_width is not None
    assert three.half_width == pytest.approx(two.half_width)


def test_without_a_precision_there_are_as_many_as_asked() -> None:
    known = [launch(2.0, k) for k in range(3)]
    assert enough(known[:2], 3, 9, None, 0.95) is None
    why = enough(known, 3, 9, None, 0.95)
    assert why is not None
    assert why.reason == "launches"


def test_first_rounds_by_hand() -> None:
    assert first_round(0, 0) == 0
    assert first_round(3, 2, 4) == 203_040_000
    assert first_round(0, 0, 1) == 10_000


def test_padding_is_up_to_a_page_and_seeds_are_python_s() -> None:
    class Draw(random.Random):
        def randrange(self, *bounds: int) -> int:  # type: ignore[override]
            asked.append(bounds)
            return bounds[-1] - 1

    asked: list[tuple[int, ...]] = []
    start = draw_starts(["a"], 0, Draw())["a"]
    assert asked == [(4096,), (1, 2**32)]
    assert start.environment == {
        "LIKEFORLIKE_LAUNCH": "0",
        "LIKEFORLIKE_PADDING": "x" * 4095,
        "PYTHONHASHSEED": str(2**32 - 1),
    }
    assert draw_starts(["a"], 3, Draw())["a"].environment["LIKEFORLIKE_LAUNCH"] == "3"


def test_launches_are_precise_at_just_the_precision() -> None:
    known = [launch(r, k) for k, r in enumerate([1.5, 1.6])]
    why = enough(known, 1, 2, 0.0, 0.95)
    assert why is not None
    assert why.reason == "launches"
    width = why.half_width
    assert width is not None
    for precision, reason in ((width, "precision"), (width * 0.999, "launches")):
        why = enough(known, 2, 2, precision, 0.95)
        assert why is not None
        assert why.reason == reason


def test_more_launches_than_asked_are_enough_too() -> None:
    known = [launch(r, k) for k, r in enumerate([1.0, 2.0, 4.0])]
    why = enough(known, 1, 2, 0.001, 0.95)
    assert why is not None
    assert (why.reason, why.launches) == ("launches", 3)


def in_pairs(number: int, *ratios: float) -> Launch:
    """One launch of a group that went in pairs: each entrant beside the base in rounds of its own."""
    cells: Launch = {"base": {}}
    for part, ratio in enumerate(ratios):
        first = first_round(number, 0, part)
        times = {first + n: (1.0 + 0.7 * part) * (1.0 + 0.1 * n) for n in range(4)}
        cells["base"] |= times
        cells[f"e{part}"] = {n: ratio * time for n, time in times.items()}
    return cells


RESTLESS = [1.0, 1.3, 0.8, 1.1]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_a_group_in_pairs_the_widest_pair_decides(place: int) -> None:
    """Its first pair alone was seen: the others could be as restless as they were."""
    calm = [in_pairs(number, 2.0, 3.0, 4.0) for number in range(4)]
    found = enough(calm, 3, 9, 0.02, 0.95)
    assert found is not None
    assert found.reason == "precision"
    ratios = [[2.0, 3.0, 4.0] for _ in RESTLESS]
    for row, ratio in zip(ratios, RESTLESS, strict=True):
        row[place] = ratio
    known = [in_pairs(number, *row) for number, row in enumerate(ratios)]
    assert enough(known, 3, 9, 0.02, 0.95) is None


def test_a_pair_whose_base_took_turns_with_others_before_is_judged_by_their_common_rounds() -> None:
    """By Student's interval over the launches' ratios, as if no other pair had been there."""
    known = [in_pairs(number, 5.0, ratio) for number, ratio in enumerate(RESTLESS)]
    for cells in known:
        del cells["e0"]
    deviation = np.std(np.log(RESTLESS), ddof=1)
    width = math.expm1(stats.t.ppf(0.975, 3) * deviation / 2.0)
    found = enough(known, 3, 4, 0.02, 0.95)
    assert found is not None
    assert found.half_width == pytest.approx(width)
    assert spread_between(known) == (pytest.approx(deviation), 3)


def test_pairs_share_no_process_so_that_each_ratio_s_variance_is_its_own() -> None:
    logs = np.random.default_rng(8).normal(0.0, 0.05, (6, 4))
    known = [in_pairs(number, *np.exp(row).tolist()) for number, row in enumerate(logs)]
    deviation, freedom = spread_between(known)
    assert deviation == pytest.approx(math.sqrt(np.median(logs.var(axis=0, ddof=1))))
    assert freedom == 4 * 5


def with_twin(number: int, ratio: float, twin: float, whole: bool) -> Launch:
    """``b`` beside the base; its twin beside both, or in turns with ``b`` alone."""
    cells = in_pairs(number, ratio)
    cells = {"base": cells["base"], "b": dict(cells["e0"])}
    if whole:
        return {**cells, "b-twin": {n: twin * time for n, time in cells["b"].items()}}
    first = first_round(number, 0, 1)
    cells["b"] |= {first + n: 7.0 + n for n in range(4)}
    return {**cells, "b-twin": {first + n: twin * (7.0 + n) for n in range(4)}}


def test_a_twin_is_held_against_its_original_where_it_took_turns_with_that_alone() -> None:
    """In launches, too, in which there was memory enough for all: else two different ratios were mixed."""
    ratios, twins = [2.0, 2.2, 1.9], [1.0, 1.1, 1.0]
    rows = list(zip(ratios, twins, strict=True))
    variances = [np.var(np.log(values), ddof=1) for values in (ratios, twins)]
    for whole in ([False] * 3, [True, False, False], [False, True, True]):
        known = [with_twin(n, *rows[n], whole[n]) for n in range(3)]
        assert spread_between(known) == (pytest.approx(math.sqrt(np.median(variances))), 4)


def test_who_took_turns_with_nobody_in_a_launch_has_no_ratio() -> None:
    known = [in_pairs(number, 2.0, ratio) for number, ratio in enumerate(RESTLESS)]
    known[1]["e1"] = {first_round(1, 0, 5): 9.0}
    found = enough(known, 3, 9, 0.02, 0.95)
    assert found is not None
    assert found.reason == "precision"


def test_where_no_two_took_turns_in_all_launches_there_is_no_spread() -> None:
    turns = {0: 1.0, 1: 1.1}
    known: list[Launch] = [{"a": turns, "b": turns, "c": {}}, {"a": turns, "b": {}, "c": turns}]
    assert spread_between(known) == (0.0, 0)


def test_who_is_missing_from_a_launch_shows_no_spread() -> None:
    def both(ratio: float, other: float | None) -> Launch:
        known = {"base": {0: 1.0}, "a": {0: ratio}}
        return known if other is None else {**known, "b": {0: other}}

    deviation, freedom = spread_between([both(1.0, 5.0), both(2.0, None), both(4.0, 9.0)])
    assert (deviation, freedom) == (pytest.approx(math.log(2.0)), 2)
    assert spread_between([both(1.0, None), {"base": {0: 1.0}}, {}]) == (0.0, 0)
    assert spread_between([]) == (0.0, 0)


def test_rounds_without_a_time_in_either_have_no_ratio() -> None:
    def of(*times: tuple[float, float]) -> Launch:
        return {"base": {n: t[0] for n, t in enumerate(times)}, "a": {n: t[1] for n, t in enumerate(times)}}

    known = [of((1.0, 2.0), (0.0, 9.0), (9.0, 0.0)), of((0.5, 2.0), (0.0, 0.0))]
    assert spread_between(known) == (pytest.approx(math.log(2.0) / math.sqrt(2.0)), 1)
    assert spread_between([of((0.0, 1.0)), of((1.0, 1.0))]) == (0.0, 0)
    assert spread_between([{"a": {0: 0.0}}, {"a": {0: 1.0}}]) == (0.0, 0)
    short = [{"base": {0: 1.0}, "a": {0: 2.0, 1: 7.0}}, {"base": {0: 1.0}, "a": {0: 2.0, 1: 9.0}}]
    assert spread_between(short) == (0.0, 1)
    alone = [{"a": {0: 1.999, 1: 2.001, 2: 2.0}}, {"a": {0: 4.0}}]
    assert spread_between(alone)[0] == pytest.approx(math.log(2.0) / math.sqrt(2.0), rel=1e-4)
