"""How two measurements' ratio is estimated: in pairs, without, and from summaries; by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import report_plain as plain
import report_samples as samples
from report_launched import cell, document, steady
from report_studies import study_of
from scipy import stats

from likeforlike.reports.judge.estimates import (
    allowing_for_choice,
    estimate_ratio,
    twin_drift,
    unpaired_estimate,
    widest,
)
from likeforlike.reports.statistics.launches import ASSUMED_RUN_SPREAD, widened
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.ratios import RatioEstimate, unpaired_ratio

NORMAL = 1.959964
"""Standard deviations of a 95 % interval whose variance is known."""
RUNS = 2.0 * ASSUMED_RUN_SPREAD["kernels"] ** 2
"""What two runs differ by, of the log-ratio, where nothing shows it."""


ONCE = Spread(0.0004, 8.0, assumed=True)
"""What is assumed of one launch."""


@dataclass(frozen=True)
class Known:
    """Grounds that are given: spreads between launches, as surely known as can be."""

    time: float = 0.0004
    once: Spread = ONCE

    def ratio_run_spread(self, item):
        return None

    def ratio_spread(self, item):
        return None

    def time_spread(self, item):
        return Spread(self.time, math.inf)

    def one_launch_spread(self, item):
        return self.once


def measured(*documents):
    """What a study of these files has, in their order."""
    return study_of(*documents).measurements


def in_turns(first, second, **extra):
    return measured(document(cell("a", first, **extra), cell("b", second)))


def calls(*launches, statistic="p99"):
    """A cell's timed calls: of each launch all of one length, 400 unless told."""
    told = [(one, 400) if isinstance(one, float) else one for one in launches]
    times = [{"launch": n, "seconds": [seconds] * count} for n, (seconds, count) in enumerate(told)]
    return {"statistic": statistic, "call_times": times}


def summary(name, median, rounds=None, **told):
    """A cell whose samples were not saved."""
    made = cell(name, steady(median), round_numbers=None, launch_numbers=None)
    made["stats"] = {"median": median, "rounds": rounds, "iterations": 1} | told
    return made


class TestPaired:
    def test_two_launches_are_two_figures(self):
        """Log-ratios 0.1 and 0.3: Student's interval of one degree of freedom, t = 12.706."""
        second = [[0.01 * math.exp(0.1)] * 8, [0.01 * math.exp(0.3)] * 8]
        estimate = estimate_ratio(*in_turns(steady(0.01, 2), second), Known())
        assert math.log(estimate.ratio) == pytest.approx(0.2)
        assert math.log(estimate.high) == pytest.approx(0.2 + 12.7062 * 0.1, rel=1e-5)
        assert (estimate.launches, estimate.paired, estimate.assumed) == (2, True, False)

    def test_one_launch_is_widened_by_how_far_others_would_lie(self):
        estimate = estimate_ratio(*in_turns(steady(0.01), steady(0.02)), Known())
        assert estimate.ratio == pytest.approx(2.0)
        assert (estimate.launches, estimate.paired, estimate.assumed) == (1, True, True)
        assert (estimate.spread, estimate.spread_assumed) == (pytest.approx(0.02), True)

    def test_without_a_round_in_common_they_are_no_pairs(self):
        estimate = estimate_ratio(*in_turns(steady(0.01), steady(0.02), group="another"), Known())
        assert (estimate.ratio, estimate.paired) == (pytest.approx(2.0), False)

    @pytest.mark.parametrize(
        ("launches", "in_turns_of", "paired"), [(5, 3, True), (8, 4, True), (7, 3, False), (5, 2, False)]
    )
    def test_of_which_most_launches_took_no_turns_all_launches_count(self, launches, in_turns_of, paired):
        """Rungs of a ladder turn with its first; retried together they turn with each other: 3 pairs of 15."""
        rounds = [n + (500 if n >= 8 * in_turns_of else 0) for n in range(8 * launches)]
        seconds = [[0.02] * 8] * in_turns_of + [[0.03] * 8] * (launches - in_turns_of)
        base, other = cell("a", steady(0.01, launches)), cell("b", seconds, round_numbers=rounds)
        estimate = estimate_ratio(*measured(document(base, other)), Known())
        mean = 2.0 if paired else 2.0 ** (in_turns_of / launches) * 3.0 ** (1 - in_turns_of / launches)
        assert estimate.ratio == pytest.approx(mean)
        assert (estimate.paired, estimate.launches) == (paired, in_turns_of if paired else launches)

    @pytest.mark.parametrize("first", [0.0, 0.01])
    def test_without_times_there_is_none(self, first):
        assert estimate_ratio(*in_turns(steady(first), steady(0.0)), Known()) is None

    def test_a_quantile_of_one_launch(self):
        base, other = cell("a", steady(0.01), **calls(0.01)), cell("b", steady(0.01), **calls(0.03))
        estimate = estimate_ratio(*measured(document(base, other)), Known())
        assert estimate.ratio == pytest.approx(3.0)
        assert (estimate.launches, estimate.paired, estimate.assumed) == (1, True, True)

    def test_a_quantile_that_calls_are_too_few_for_has_no_figure(self):
        base, other = cell("a", steady(0.01), **calls(0.01)), cell("b", steady(0.01), **calls((0.03, 40)))
        estimate = estimate_ratio(*measured(document(base, other)), Known())
        assert (estimate.untold, estimate.hindrance) == (
            True,
            "p99 needs 368 calls a launch, 40 were timed",
        )

    def test_a_quantile_on_two_devices_is_of_no_pairs(self):
        base = cell("a", steady(0.01), **calls(0.01))
        other = cell("a", steady(0.01), device="gpu:0", **calls(0.03))
        estimate = estimate_ratio(*measured(document(base, other)), Known())
        assert (estimate.ratio, estimate.paired, estimate.assumed) == (pytest.approx(3.0), False, True)


class TestUnpaired:
    def test_over_launches_each_side_has_its_variance(self):
        base, other = in_turns(steady(0.01, 2), steady(0.02, 2))
        estimate = unpaired_estimate(base, other, Known(0.0016), of_base=Known(0.0009))
        assert (estimate.ratio, estimate.paired) == (pytest.approx(2.0), False)
        arm = NORMAL * math.sqrt(0.0016 / 2 + 0.0009 / 2)
        assert math.log(estimate.high / estimate.ratio) == pytest.approx(arm, rel=1e-5)
        assert (estimate.launches, estimate.assumed, estimate.fixed_variance) == (2, False, 0.0)
        alike = unpaired_estimate(base, other, Known(0.0016))
        assert math.log(alike.high / alike.ratio) == pytest.approx(NORMAL * 0.04, rel=1e-5)

    @pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1), (1, 1)])
    def test_where_a_side_was_launched_once_rounds_are_widened(self, first, second):
        estimate = unpaired_estimate(*in_turns(steady(0.01, first), steady(0.02, second)), Known())
        assert (estimate.launches, estimate.assumed) == (1, True)
        assert estimate.spread == pytest.approx(0.02)

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_cell_that_stands_twice_was_launched_once_all_the_same(self, turned):
        twice = document(cell("a", steady(0.01)), cell("a", steady(0.01)))
        first, second = measured(twice, document(cell("b", steady(0.02, 2)), run_id="other"))
        assert (len(first.runs), first.launches, second.launches) == (2, 1, 2)
        sides = (second, first) if turned else (first, second)
        estimate = unpaired_estimate(*sides, Known())
        assert (estimate.launches, estimate.assumed) == (1, True)

    @pytest.mark.parametrize("which", [(), (0,), (1,), (0, 1)])
    def test_what_another_tool_launched_is_assumed(self, which):
        sides = [
            replace(item, runs=tuple(replace(run, cell=replace(run.cell, plain=True)) for run in item.runs))
            if n in which
            else item
            for n, item in enumerate(in_turns(steady(0.01, 2), steady(0.02, 2)))
        ]
        estimate = unpaired_estimate(*sides, Known())
        assert (estimate.launches, estimate.assumed) == (2, bool(which))

    @pytest.mark.parametrize("launches", [1, 2])
    def test_what_runs_differ_by(self, launches):
        base, other = in_turns(steady(0.01, launches), steady(0.02, launches))
        shown = Spread(0.01, math.inf)
        fixed = [
            unpaired_estimate(base, other, Known(), **told).fixed_variance
            for told in (
                {"one_run": True, "between_runs": shown},
                {"one_run": False},
                {"one_run": False, "between_runs": shown},
            )
        ]
        assert fixed == pytest.approx([0.0, RUNS, 0.02])

    def test_of_which_run_they_are_the_files_tell(self):
        def between(first, second):
            return unpaired_estimate(*measured(first, second), Known()).fixed_variance

        def own(name, **more):
            return document(cell(name, steady(0.01)), **more)

        other = samples.fingerprint("b" * 12)
        bench = [plain.file_of(plain.bench(name, [0.01] * 8)) for name in "ab"]
        assert unpaired_estimate(*in_turns(steady(0.01), steady(0.01)), Known()).fixed_variance == 0.0
        assert between(own("a", run_id="x"), own("b", run_id="x")) == 0.0
        assert between(own("a", run_id="x"), own("b", run_id="y")) == pytest.approx(RUNS)
        assert between(own("a", run_id="x"), own("a", run_id="x", machine=other)) == pytest.approx(RUNS)
        assert between(*bench) == pytest.approx(RUNS)

    def test_quantiles_over_launches(self):
        base = cell("a", steady(0.01, 2), **calls(0.01, 0.01))
        other = cell("a", steady(0.01, 2), device="gpu:0", **calls(0.03, 0.03))
        estimate = unpaired_estimate(*measured(document(base, other)), Known(0.0016))
        assert (estimate.ratio, estimate.launches) == (pytest.approx(3.0), 2)
        assert (estimate.paired, estimate.assumed) == (False, False)
        assert math.log(estimate.high / estimate.ratio) == pytest.approx(NORMAL * 0.04, rel=1e-5)

    @pytest.mark.parametrize(
        ("first", "second", "ratio"),
        [
            ((0.01,), (0.03,), 3.0),
            ((0.01, 0.02), (0.03,), 3.0 / math.sqrt(2.0)),
            ((0.03,), (0.01, 0.02), math.sqrt(2.0) / 3.0),
        ],
    )
    def test_quantiles_where_a_side_was_launched_once(self, first, second, ratio):
        """Of two launches the geometric mean of the quantiles counts."""
        base = cell("a", steady(0.01, len(first)), **calls(*first))
        other = cell("a", steady(0.01, len(second)), device="gpu:0", **calls(*second))
        estimate = unpaired_estimate(*measured(document(base, other)), Known())
        assert estimate.ratio == pytest.approx(ratio)
        assert (estimate.launches, estimate.paired, estimate.assumed) == (1, False, True)

    @pytest.mark.parametrize("few", [0, 1])
    def test_quantiles_of_too_few_calls_on_one_side(self, few):
        told = [calls((0.01, 40)) if n == few else calls(0.01) for n in range(2)]
        cells = [cell("a", steady(0.01), device=f"gpu:{n}", **one) for n, one in enumerate(told)]
        estimate = unpaired_estimate(*measured(document(*cells)), Known())
        assert (estimate.untold, estimate.has_interval) == (True, False)
        assert estimate.hindrance == "p99 needs 368 calls a launch, 40 were timed"


class TestAtTheSameTimes:
    """Two that took no turns in several runs of both: each run gives a ratio, whatever its own pace."""

    PACES = (0.01, 0.03)

    def sides(self, *ratios):
        """Runs of two launches in which b takes so much of a's time, of the log."""
        files = []
        for number, log in enumerate(ratios):
            pace = self.PACES[number]
            first = cell("a", steady(pace, 2), group="another")
            second = cell("b", steady(pace * math.exp(log), 2))
            files.append(document(first, second, run_id=f"run {number}"))
        return measured(*files)

    def arm(self, estimate):
        return math.log(estimate.high / estimate.ratio)

    def test_what_is_alike_in_both_runs_is_known_by_what_is_assumed_of_either(self):
        """Variance between the ratios 0, of one degree, drawn to twice that of a side, of eight: 8/9 of it."""
        base, other = self.sides(0.2, 0.2)
        estimate = unpaired_estimate(base, other, Known())
        assert math.log(estimate.ratio) == pytest.approx(0.2)
        assert (estimate.launches, estimate.paired, estimate.fixed_variance) == (2, False, 0.0)
        assert self.arm(estimate) == pytest.approx(stats.t.ppf(0.975, 9) * math.sqrt(8 / 9 * RUNS / 2))

    @pytest.mark.parametrize(("share", "scattered"), [(3.9, False), (4.0001, True)])
    def test_runs_four_times_as_far_apart_as_assumed_tell_by_themselves(self, share, scattered):
        """Of two the variance is half the square of their difference."""
        apart = math.sqrt(2 * share * RUNS)
        estimate = unpaired_estimate(*self.sides(0.2, 0.2 + apart), Known())
        assert math.log(estimate.ratio) == pytest.approx(0.2 + apart / 2)
        freedom, variance = (1, share * RUNS) if scattered else (9, (8 + share) / 9 * RUNS)
        assert self.arm(estimate) == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(variance / 2))

    def test_of_one_run_in_common_the_sides_launches_count(self):
        base, other = self.sides(0.2)
        estimate = unpaired_estimate(base, other, Known())
        assert self.arm(estimate) == pytest.approx(NORMAL * math.sqrt(2 * 0.0004 / 2), rel=1e-5)

    @pytest.mark.parametrize("lacking", ["a", "b"])
    def test_a_run_in_which_one_has_no_time_above_zero_gives_no_ratio(self, lacking):
        """One is left, and of one nothing is known over runs: each side's launches count."""
        told = [
            document(
                cell("a", steady(0.0 if number and lacking == "a" else 0.01, 2), group="another"),
                cell("b", steady(0.0 if number and lacking == "b" else 0.02, 2)),
                run_id=f"run {number}",
            )
            for number in range(2)
        ]
        estimate = unpaired_estimate(*measured(*told), Known())
        assert (estimate.ratio, estimate.launches) == (pytest.approx(2.0), 2)

    def test_asked_as_of_two_runs_nothing_is_held_against_the_same_time(self):
        estimate = unpaired_estimate(*self.sides(0.2, 0.2), Known(), one_run=False)
        assert estimate.fixed_variance > 0.0


def test_samples_of_two_devices_have_the_interval_of_their_medians_with_what_launches_add():
    """Two interpolated ranks, as ``test_ratios`` holds them against SciPy, and 2 % of a launch."""
    first = [0.01, 0.02, 0.02, 0.021, 0.022, 0.03, 0.04, 0.05]
    second = [0.03, 0.03, 0.031, 0.05, 0.06, 0.08, 0.09, 0.11]
    estimate = unpaired_estimate(*in_turns([first], [second]), Known())
    assert estimate == widened(unpaired_ratio(first, second), Known().one_launch_spread(None))


QUARTILES = {"q1": 0.0099, "q3": 0.0101, "min": 0.009, "max": 0.012, "mean": 0.01, "stddev": 0.0002}
UNKNOWN = "the samples were not saved, nor how many rounds there were"
NO_SCATTER = "the samples were not saved, nor anything that says how far they scatter"


class TestSummaries:
    def pair(self, first, second):
        return measured(document(first, second))

    def test_quartiles_make_an_interval_whether_one_side_or_both_lack_samples(self):
        bare, full = summary("a", 0.01, 20, **QUARTILES), cell("b", steady(0.02, rounds=20))
        for sides in ((bare, full), (full, bare), (bare, summary("b", 0.02, 30, **QUARTILES))):
            estimate = unpaired_estimate(*self.pair(*sides), Known())
            assert (estimate.has_interval, estimate.paired, estimate.pairs) == (True, False, 20)

    def test_samples_of_several_runs_count_together_beside_a_summary(self):
        bare, full = self.pair(summary("a", 0.01, 20, **QUARTILES), cell("b", steady(0.02, rounds=20)))
        estimate = unpaired_estimate(bare, replace(full, runs=full.runs * 2), Known())
        assert (estimate.has_interval, estimate.pairs) == (True, 20)

    def test_of_several_runs_no_more_is_known_than_their_number(self):
        first, second = self.pair(summary("a", 0.01, 20, **QUARTILES), summary("b", 0.02, 20, **QUARTILES))
        estimate = unpaired_estimate(first, replace(second, runs=second.runs * 2), Known())
        assert (estimate.has_interval, estimate.hindrance, estimate.pairs) == (False, NO_SCATTER, 20)
        three = unpaired_estimate(
            replace(first, runs=first.runs * 3), replace(second, runs=second.runs * 2), Known()
        )
        assert (three.has_interval, three.pairs) == (False, 40)

    @pytest.mark.parametrize("rounds", [(None, 20), (20, None), (None, None)])
    def test_without_their_number_there_is_a_ratio_alone(self, rounds):
        sides = summary("a", 0.02, rounds[0], **QUARTILES), summary("b", 0.01, rounds[1], **QUARTILES)
        estimate = unpaired_estimate(*self.pair(*sides), Known())
        assert estimate.ratio == pytest.approx(0.5)
        assert (estimate.hindrance, estimate.has_interval, estimate.paired) == (UNKNOWN, False, False)
        assert (estimate.pairs, estimate.confidence) == (0, 0.95)

    @pytest.mark.parametrize("rounds", [None, 20])
    @pytest.mark.parametrize("medians", [(0.0, 0.01), (0.01, 0.0), (0.0, 0.0)])
    def test_without_times_there_is_none(self, medians, rounds):
        sides = [summary(name, median, rounds) for name, median in zip("ab", medians, strict=True)]
        assert unpaired_estimate(*self.pair(*sides), Known()) is None


def test_a_base_chosen_as_the_fastest_of_four_makes_small_p_values_twice_as_large():
    found = RatioEstimate(1.2, 1.1, 1.3, 9, True, 1e-9)
    assert allowing_for_choice(found, 4).p_value == pytest.approx(2e-9, abs=0.0)
    assert allowing_for_choice(found, 4).apart_p_value is None
    apart = allowing_for_choice(replace(found, apart_p_value=1e-8), 4)
    assert apart.apart_p_value == pytest.approx(2e-8, abs=0.0)
    assert allowing_for_choice(found, 2) == found


def test_the_widest_of_several_intervals():
    assert widest([None, (0.9, 1.0), (0.95, 1.2), None]) == (0.9, 1.2)
    assert widest([(0.95, 1.2), (0.9, 1.0)]) == (0.9, 1.2)
    assert widest([None, None]) is None


class TestTwinDrift:
    @staticmethod
    def twin(name, seconds):
        return SimpleNamespace(key=SimpleNamespace(implementation=name), samples=[seconds] * 8)

    @pytest.mark.parametrize(("now", "drift"), [(0.014, (1.0, 1.4)), (0.007, (0.7, 1.0)), (0.01, (1.0, 1.0))])
    def test_is_their_ratio_and_1(self, now, drift):
        before = [self.twin("twin-a", 0.01), self.twin("twin-b", 0.01), self.twin("nothing", 5.0)]
        after = [self.twin("nothing", 1.0), self.twin("twin-a", now), self.twin("twin-b", now)]
        assert twin_drift(before, after) == pytest.approx(drift)

    def test_is_unknown_where_a_side_has_none(self):
        some, none = [self.twin("twin-b", 0.01)], [self.twin("nothing", 0.01)]
        assert twin_drift(some, none) is None
        assert twin_drift(none, some) is None
        assert twin_drift([], []) is None
