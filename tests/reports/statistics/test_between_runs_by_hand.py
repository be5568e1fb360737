"""Ratios over several runs figure by figure: by hand, against SciPy's Student and Fisher."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.between_runs import _beyond_launches, over_runs
from likeforlike.reports.statistics.launches import Unit, over_launches
from likeforlike.reports.statistics.moderated_variance import Spread

NEAR = ((0.10, 0.12, 0.14), (0.13, 0.15, 0.17))
"""Of a run's mean the launches make a variance of 0.0004 / 3, the means 0.12 and 0.15 have 0.00045."""
FAR = ((0.10, 0.11, 0.12), (0.20, 0.21, 0.22))
"""0.0001 / 3 and 0.005."""


def runs_of(runs, squared_error=0.0):
    return [[Unit(log, squared_error, 7) for log in run] for run in runs]


def flat(runs):
    return [unit for run in runs for unit in run]


def interval(centre, squared_error, freedom, confidence=0.95):
    error = math.sqrt(squared_error)
    arm = stats.t.ppf((1.0 + confidence) / 2.0, freedom) * error
    return math.exp(centre - arm), math.exp(centre + arm), 2.0 * stats.t.sf(abs(centre) / error, freedom)


def told(estimate):
    return estimate.low, estimate.high, estimate.p_value


class TestAsOverLaunches:
    @pytest.mark.parametrize("runs", [FAR[:1], ((0.1,), (0.3,), (0.2,)), NEAR])
    def test_one_run_runs_of_one_launch_and_runs_that_launches_explain(self, runs):
        given = runs_of(runs)
        assert asdict(over_runs(given)) == asdict(over_launches(flat(given)))

    @pytest.mark.parametrize("runs", [FAR[:1], ((0.1,), (0.3,), (0.2,))])
    def test_whatever_all_entrants_show(self, runs):
        given, wide = runs_of(runs), Spread(0.09, 7.0, most=20.0)
        assert asdict(over_runs(given, None, wide)) == asdict(over_launches(flat(given)))

    def test_the_edge_is_where_fishers_f_has_one_in_twenty(self):
        """Of two runs of three launches it is 7.71: means 0.0453 apart, whose variance is 0.00103."""
        edge = stats.f.ppf(0.95, 1, 4)
        for step, wider in ((0.99, False), (1.01, True)):
            apart = math.sqrt(2.0 * edge * 0.0004 / 3.0 * step)
            given = runs_of((NEAR[0], tuple(log + apart for log in NEAR[0])))
            plain = over_launches(flat(given))
            assert (over_runs(given).high > plain.high) == wider

    def test_runs_of_unlike_lengths_are_held_against_the_mean_of_what_their_launches_make(self):
        """Within: (0.0002 + 0.0008) / (1 + 2), of a mean (1/2 + 1/3) / 2 of that."""
        made = 0.001 / 3.0 * (1.0 / 2.0 + 1.0 / 3.0) / 2.0
        edge = stats.f.ppf(0.95, 1, 3)
        for step, wider in ((0.99, False), (1.01, True)):
            apart = math.sqrt(2.0 * edge * made * step)
            given = runs_of(((0.11, 0.13), tuple(apart + log for log in NEAR[0])))
            assert (over_runs(given).high > over_launches(flat(given)).high) == wider

    def test_what_all_entrants_show_counts_only_from_four_degrees_of_freedom_on(self):
        given = runs_of(NEAR)
        wide = Spread(0.04, 7.0, most=3.0)
        assert asdict(over_runs(given, None, wide)) == asdict(over_launches(flat(given)))
        assert over_runs(given, None, Spread(0.04, 7.0, most=4.0)).high > over_launches(flat(given)).high

    def test_runs_that_have_one_launch_each_are_beyond_none(self):
        """As where all the others were left out: nothing says what launches make."""
        assert _beyond_launches(1.0, runs_of(((0.1,), (0.9,)))) is False

    def test_a_narrower_interval_over_runs_is_not_taken(self):
        given = runs_of(NEAR)
        small = Spread(1e-9, math.inf, most=20.0)
        assert asdict(over_runs(given, None, small)) == asdict(over_launches(flat(given)))


class TestOverRuns:
    def test_of_runs_far_apart_each_counts_once(self):
        """Means of 0.11 and 0.21: a variance of 0.005, half of it of their mean, one degree of freedom."""
        found = over_runs(runs_of(FAR))
        assert found.ratio == pytest.approx(math.exp(0.16))
        assert told(found) == pytest.approx(interval(0.16, 0.0025, 1))
        # all launches: 0.0004 within and 6 times 0.05² between, over 5 and 6
        by_launches = (0.0004 + 0.015) / 30.0
        assert found.fixed_variance == pytest.approx(0.0025 - by_launches)
        assert (found.launches, found.pairs, found.paired, found.freedom) == (6, 42, True, 1.0)
        assert (found.between_share, found.left_out) == (pytest.approx(1.0), 0)

    def test_at_another_confidence(self):
        assert told(over_runs(runs_of(FAR), confidence=0.8)) == pytest.approx(interval(0.16, 0.0025, 1, 0.8))

    def test_rounds_are_a_part_of_the_variance(self):
        """Launches of a squared error of 0.0003 each: 0.00005 of six, of 0.0025."""
        found = over_runs(runs_of(FAR, 0.0003))
        assert found.between_share == pytest.approx(1.0 - 0.00005 / 0.0025)

    def test_as_all_that_was_measured_there_shows_it(self):
        """(9 · 0.002 + 1 · 0.005) / 10, of which two runs have a half; 9 + 1 degrees of freedom."""
        found = over_runs(runs_of(FAR), None, Spread(0.002, 9.0, most=20.0))
        low, high, _ = interval(0.16, 0.0023 / 2.0, 10)
        *_, by_launches = interval(0.16, (0.0004 + 0.015) / 30.0, 5)  # the larger one: 0.00088, not 0.00082
        assert told(found) == pytest.approx((low, high, by_launches))
        assert found.freedom == 10.0

    def test_launches_that_rounds_explain_are_rounds_all_of_them(self):
        """Squared errors of 0.01 are more than launches show: 0.01 / 6 of (7 · 0.04 + 1 · 0.00045) / 8 / 2."""
        found = over_runs(runs_of(NEAR, 0.01), None, Spread(0.04, 7.0, most=20.0))
        assert found.between_share == pytest.approx(1.0 - (0.01 / 6.0) / ((0.28 + 0.00045) / 16.0))

    def test_launches_that_are_all_alike_leave_all_to_what_entrants_show(self):
        found = over_runs(runs_of(((0.1, 0.1), (0.1, 0.1))), None, Spread(0.04, 7.0, most=20.0))
        assert told(found)[:2] == pytest.approx(interval(0.1, 0.28 / 8.0 / 2.0, 8)[:2])
        assert found.between_share == 1.0

    def test_a_smaller_variance_that_is_less_known_has_nothing_that_launches_would_not_lessen(self):
        """20 · 0.0023 / 23 of four launches, 23 degrees; 4 · 0.00104 / 5 of two runs, 4 degrees at most."""
        spread, run_spread = Spread(0.0023, 20.0), Spread(0.00104, 4.0, most=4.0)
        found = over_runs(runs_of(((0.1, 0.1), (0.1, 0.1))), spread, run_spread)
        assert told(found)[:2] == pytest.approx(interval(0.1, 4.0 * 0.00104 / 5.0 / 2.0, 4)[:2])
        assert found.fixed_variance == 0.0

    def test_a_run_of_more_launches_counts_no_more(self):
        found = over_runs(runs_of(((0.10, 0.11, 0.12, 0.11), FAR[1])))
        assert found.ratio == pytest.approx(math.exp(0.16))

    def test_a_launch_that_lies_apart_is_left_out_of_its_run(self):
        """Variance at most 0.0004: apart from 0.05 on, by 2.5 deviations; 0.31 is, of six one may be."""
        runs = runs_of(((0.10, 0.11, 0.12), (0.13, 0.14, 0.31)))
        spread = Spread(0.0004, math.inf, most=20.0)
        found = over_runs(runs, spread, Spread(0.002, 9.0, most=20.0))
        own = float(np.var([0.11, 0.135], ddof=1))
        assert told(found) == pytest.approx(interval(0.1225, (9.0 * 0.002 + own) / 10.0 / 2.0, 10))
        assert (found.left_out, found.launches) == (1, 5)

    def test_a_run_whose_launches_all_lie_apart_stays(self):
        runs = runs_of(((0.10, 0.11, 0.12, 0.11, 0.10), (0.31,)))
        spread = Spread(0.0004, math.inf, most=20.0)
        found = over_runs(runs, spread, Spread(0.002, 9.0, most=20.0))
        assert found.ratio == pytest.approx(math.exp((0.108 + 0.31) / 2.0))


class TestCoverage:
    """What runs differ by, twice what launches do: three runs of three launches, six entrants."""

    def made_up(self, draw, of_runs):
        return 0.01 * (of_runs * draw.normal(size=(3, 1)) + draw.normal(size=(3, 3)))

    @pytest.mark.parametrize(("of_runs", "least"), [(0.0, 0.93), (2.0, 0.93)])
    def test_with_what_entrants_show_the_interval_holds_the_truth(self, of_runs, least):
        draw = np.random.default_rng(5)
        held = 0
        for _ in range(400):
            means = draw.normal(size=10) * 0.01 * math.sqrt(of_runs**2 + 1.0 / 3.0)
            shown = float(np.mean(means**2))
            found = over_runs(runs_of(self.made_up(draw, of_runs)), None, Spread(shown, 10.0, most=10.0))
            held += found.low <= 1.0 <= found.high
        assert held / 400 >= least

    def test_launches_alone_held_it_far_less_often(self):
        draw = np.random.default_rng(5)
        found = [over_launches(flat(runs_of(self.made_up(draw, 2.0)))) for _ in range(400)]
        assert sum(each.low <= 1.0 <= each.high for each in found) / 400 < 0.85
