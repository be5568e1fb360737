"""What launches would show that were not measured: by hand, with SciPy's Student, and by counting up."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, replace

import pytest
from scipy import stats

from likeforlike.reports.statistics.launches import (
    Unit,
    at_confidence,
    further_launches,
    interval_squared_error,
    over_launches,
    widened,
)
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE
from likeforlike.reports.statistics.ratios import RatioEstimate, paired_ratio

ANY_RATIO = RatioEstimate(1.5, 1.3, 1.6, 9, True, 0.001)


def units(*logs):
    return [Unit(log, 0.0, 7) for log in logs]


def satterthwaite(*parts):
    return sum(square for square, _ in parts) ** 2 / sum(square**2 / freedom for square, freedom in parts)


class TestWidened:
    LAUNCHES, RUNS = Spread(0.0025, 8.0, assumed=True), Spread(0.0009, 5.0)
    SLOWER, FASTER = ANY_RATIO, RatioEstimate(0.9, 0.7, 0.95, 9, False, 0.01)

    @pytest.mark.parametrize("estimate", [SLOWER, FASTER])
    @pytest.mark.parametrize("runs", [None, RUNS])
    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    def test_every_figure(self, estimate, runs, confidence):
        fixed = 0.0018 if runs else 0.0
        spread, normal, centre = 0.0025 + fixed, stats.norm.ppf(0.975), math.log(estimate.ratio)
        below, above = math.log(estimate.ratio / estimate.low), math.log(estimate.high / estimate.ratio)
        own = (max(below, above) / normal) ** 2
        freedom = satterthwaite((own, 8.0), (0.0025, 8.0), *([(fixed, 10.0)] if runs else []))
        low, high = (math.sqrt((arm / normal) ** 2 + spread) for arm in (below, above))
        t = stats.t.ppf((1.0 + confidence) / 2.0, freedom)
        expected = replace(
            estimate,
            low=math.exp(centre - t * low),
            high=math.exp(centre + t * high),
            p_value=2.0 * stats.t.sf(abs(centre) / (low if centre > 0.0 else high), freedom),
            launches=1,
            assumed=True,
            spread=math.sqrt(spread),
            spread_assumed=True,
            freedom=freedom,
            between_share=spread / (spread + own),
            fixed_variance=fixed,
        )
        found = widened(estimate, self.LAUNCHES, runs, confidence)
        assert asdict(found) == pytest.approx(asdict(expected))
        if confidence == 0.95:
            assert widened(estimate, self.LAUNCHES, runs) == found

    @pytest.mark.parametrize(("pairs", "freedom"), [(1, 1.0), (2, 1.0), (3, 2.0), (9, 8.0)])
    def test_rounds_count_less_one_and_one_at_least(self, pairs, freedom):
        own = (math.log(1.5 / 1.3) / stats.norm.ppf(0.975)) ** 2
        found = widened(replace(self.SLOWER, pairs=pairs), self.LAUNCHES)
        assert found.freedom == pytest.approx(satterthwaite((own, freedom), (0.0025, 8.0)))

    def test_of_what_launches_showed_none_is_assumed(self):
        assert not widened(self.SLOWER, Spread(0.0025, 8.0)).spread_assumed

    def test_launches_that_differ_by_as_much_as_rounds_leave_open(self):
        own = ((math.log(1.5) - math.log(1.3)) / float(stats.norm.ppf(0.975))) ** 2
        assert widened(self.SLOWER, Spread(own, 8.0)).between_share == pytest.approx(0.5)

    def test_without_an_interval_it_has_none_still(self):
        few = RatioEstimate(2.0, 0.0, math.inf, 3, False, 1.0, apart_p_value=0.3, hindrance="too few")
        expected = replace(few, launches=1, assumed=True, spread=0.05, spread_assumed=True)
        assert asdict(widened(few, self.LAUNCHES, None)) == pytest.approx(asdict(expected))
        assert widened(replace(self.SLOWER, apart_p_value=0.3), self.LAUNCHES).apart_p_value is None

    def test_where_nothing_scatters(self):
        """As a mean of launches that all agree: sure of any difference but none."""
        sure, none = (widened(RatioEstimate(r, r, r, 9, True, 0.5), Spread(0.0, 8.0)) for r in (1.5, 1.0))
        assert (sure.low, sure.p_value, sure.between_share) == (pytest.approx(1.5), LEAST_P_VALUE, 0.0)
        assert (none.p_value, none.between_share) == (1.0, 0.0)


class TestAtConfidence:
    def test_it_is_the_interval_that_launches_have_there(self):
        found = at_confidence(over_launches(units(0.1, 0.2, 0.4)), 0.99)
        assert asdict(found) == pytest.approx(asdict(over_launches(units(0.1, 0.2, 0.4), confidence=0.99)))

    def test_both_ends_of_one_that_is_not_symmetrical(self):
        found = at_confidence(replace(ANY_RATIO, freedom=4.0), 0.99)
        longer = stats.t.ppf(0.995, 4) / stats.t.ppf(0.975, 4)
        assert (found.low, found.high) == pytest.approx(
            (1.5 * (1.3 / 1.5) ** longer, 1.5 * (1.6 / 1.5) ** longer)
        )

    def test_what_has_no_students_interval_stays_as_it_is(self):
        over = over_launches(units(0.1, 0.2, 0.4))
        assert at_confidence(over, 0.95) is over
        assert at_confidence(ANY_RATIO, 0.99) is ANY_RATIO
        without = replace(over, low=0.0)
        assert at_confidence(without, 0.99) is without


class TestFurtherLaunches:
    LOGS = (0.1, 0.2, 0.4)

    def test_squared_error_from_the_interval(self):
        for confidence in (0.9, 0.95):
            found = interval_squared_error(over_launches(units(*self.LOGS), confidence=confidence))
            assert found == pytest.approx(statistics.variance(self.LOGS) / 3)
        with pytest.raises(ValueError, match="expected an interval over launches"):
            interval_squared_error(ANY_RATIO)

    @pytest.mark.parametrize("launches", [4, 5, 6, 7, 8, 11, 20, 57, 333, 501, 502, 503, 999, 1000])
    def test_as_many_as_bring_the_arm_there_and_no_more_than_a_thousand_in_all(self, launches):
        arm = stats.t.ppf(0.975, launches - 1) * statistics.stdev(self.LOGS) / math.sqrt(launches)
        estimate = over_launches(units(*self.LOGS))
        assert further_launches(estimate, arm * 1.000001) == launches - 3
        needed = None if launches == 1000 else launches + 1 - 3
        assert further_launches(estimate, arm * 0.999999) == needed

    def test_one_more_at_least_and_of_one_launch_two(self):
        assert further_launches(over_launches(units(*self.LOGS)), 99.0) == 1
        assert further_launches(widened(ANY_RATIO, Spread(0.0025, 8.0)), 99.0) == 2
        alone = replace(over_launches(units(*self.LOGS)), launches=1)  # one on a side, several on the other
        assert further_launches(alone, 99.0) == 1

    @pytest.mark.parametrize("further", [3, 4, 17])
    def test_what_runs_differ_by_stays(self, further):
        found = widened(ANY_RATIO, Spread(0.02, 8.0), Spread(0.0009, 5.0))
        symmetrical = math.log(found.high / found.low) / 2.0 / stats.t.ppf(0.975, found.freedom)
        falling = symmetrical**2 - 0.0018
        arm = stats.t.ppf(0.975, found.freedom + further) * math.sqrt(0.0018 + falling / (1 + further))
        assert further_launches(found, arm * 1.000001) == further
        assert further_launches(found, arm * 0.999999) == further + 1

    def test_none_where_none_would_do(self):
        assert further_launches(ANY_RATIO, 0.1) is None
        alike = over_launches(units(0.1, 0.1))
        assert further_launches(alike, 0.0) is None
        assert further_launches(alike, -0.1) is None
        assert further_launches(paired_ratio([1.0] * 3, [2.0] * 3), 0.1) is None
