"""Steps figure by figure: outliers at their limit, noise, errors, what was searched, what is taken back."""

from __future__ import annotations

import math
import statistics
import warnings

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.change_points import (
    _LIKELY,
    _MAD_TO_SIGMA,
    HUNTER,
    Rule,
    _Search,
    energies,
    find_steps,
    inflation_of,
    noise_of,
    outliers,
)
from likeforlike.reports.statistics.moderated_variance import Spread

USUAL, BARE = Rule(), Rule(pays_for_search=False, counts_likeness=False)
ANYWHERE = range(1, 100)


def saw(count, base=0.0):
    """``base`` and one more in turns: six of them have a sum of squares of 1.5 around their mean."""
    return [base + n % 2 for n in range(count)]


def searched(values, allowed=ANYWHERE, rule=BARE, inflation=1.0, spread=None):
    return _Search(np.array(values, dtype=float), list(allowed), rule, inflation, spread)


def positions(values, rule=USUAL, **more):
    return [step.position for step in find_steps(values, rule, **{"inflation": 1.0} | more).steps]


def test_the_rules_are_those_that_are_documented():
    assert Rule() == Rule(0.05, 0.0, True, True, True, True)
    assert Rule(0.001, 0.0, False, False, True, False) == HUNTER
    assert pytest.approx(stats.chi2.ppf(0.99, 1), abs=5e-4) == _LIKELY
    assert pytest.approx(1.0 / stats.norm.ppf(0.75), abs=1e-4) == _MAD_TO_SIGMA


class TestOutliers:
    """Of a long saw the next values lie 1 from each other and most values 1 from the median of seven."""

    LIMIT = 6.0 * 1.4826

    @staticmethod
    def told(count, **values):
        series = np.array(saw(count))
        for place, value in values.items():
            series[int(place[1:])] = value
        return outliers(series)

    @pytest.mark.parametrize(("over", "found"), [(-0.02, set()), (0.02, {6})])
    def test_a_long_series_has_the_limit_of_its_distances_from_the_median_nearby(self, over, found):
        assert self.told(24, n6=1.0 + self.LIMIT + over) == found

    @pytest.mark.parametrize(("over", "found"), [(-0.02, set()), (0.02, {6})])
    def test_a_short_one_that_of_the_distances_to_the_next(self, over, found):
        """By hand: of 14 distances from the median nearby four are 0, four 1/2: their middle is 1/2."""
        assert self.told(14, n6=1.0 + self.LIMIT / math.sqrt(2.0) + over) == found

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({"n0": 20.0, "n23": 20.0}, {0, 23}),
            ({"n4": 20.0, "n6": 20.0}, {4, 6}),
            ({"n6": 20.0, "n7": 21.0}, {6, 7}),
            ({"n22": 20.0, "n23": 21.0}, {22, 23}),
            ({"n6": 20.0, "n7": 21.0, "n8": 20.0}, set()),  # what lasts for three runs is none
            ({"n0": 7.0, "n1": 15.0}, set()),  # 8 from the one before
            ({"n6": 10.5, "n7": 3.5}, set()),  # 7 from the next
            ({"n5": -6.0, "n6": 6.0, "n7": 10.0, "n8": -6.0}, set()),  # one of two 5 from the median
            ({"n5": 11.0, "n6": 11.0, "n7": 40.0}, {7}),
        ],
    )
    def test_who_lies_off_its_neighbours_on_every_side(self, values, found):
        assert self.told(24, **values) == found

    @pytest.mark.parametrize(("spike", "found"), [(2.0, set()), (2.1, {8})])
    def test_a_spike_comes_back(self, spike, found):
        """From 2 it is half as far to the 1 behind as from the 0 before; the limit is a seventh."""
        noise = [one / 64.0 for one in saw(9)]
        series = [*noise[::-1][1:], spike, *(1.0 + one for one in noise)]
        assert (series[7], series[9]) == (0.0, 1.0)
        assert outliers(np.array(series)) == found

    def test_where_most_runs_are_equal_nothing_is_known(self):
        assert outliers(np.array([0.0] * 6 + [5.0] + [0.0] * 6)) == frozenset()

    def test_of_small_figures_as_of_large_ones(self):
        series = np.array(saw(24))
        series[6] = 20.0
        assert outliers(series / 1000.0) == outliers(series) == {6}

    def test_of_none_nothing_is_computed(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert outliers(np.array([])) == outliers(np.array([1.0, 2.0, 9.0])) == frozenset()

    def test_they_stay_where_a_rule_says_so(self):
        series = saw(24)
        series[6] = 20.0
        assert find_steps(series, inflation=1.0).outliers == {6}
        assert find_steps(series, Rule(drops_outliers=False), inflation=1.0).outliers == frozenset()


class TestNoise:
    @staticmethod
    def correlations(values, lags):
        rest = np.array(values) - statistics.fmean(values)
        each = [float(np.mean(rest[lag:] * rest[:-lag]) / np.mean(rest**2)) for lag in range(1, lags + 1)]
        return pytest.approx(each + [math.nan] * (8 - lags), nan_ok=True)

    def test_of_a_saw_every_second_run_is_like_the_first(self):
        found = noise_of(saw(30))
        assert (found.runs, found.freedom) == (30, 29.0)
        assert found.variance == pytest.approx(30 * 0.25 / 29)
        assert list(found.correlations) == pytest.approx([-1.0, 1.0] * 4)

    def test_a_lag_is_told_by_three_times_as_many_runs(self):
        values = [0.0, 3.0, 1.0, 4.0, 1.0, 5.0, 2.0, 6.0, 5.0, 3.0, 5.0]
        found = noise_of(values)
        assert found.variance == pytest.approx(statistics.variance(values))
        assert list(found.correlations) == self.correlations(values, 3)

    def test_what_was_set_aside_is_none_of_it(self):
        values = saw(14)
        values[6] = 30.0
        kept = [one for one in values if one < 30.0]
        found = noise_of(values)
        assert (found.runs, found.freedom) == (13, 12.0)
        assert found.variance == pytest.approx(statistics.variance(kept))
        assert list(found.correlations) == self.correlations(kept, 4)

    @pytest.mark.parametrize(("errors", "steps"), [(5.7, 0), (5.9, 1)])
    def test_a_step_of_5_8_standard_errors_is_plain(self, errors, steps):
        """Two saws of six: a variance of 3/10, a standard error of the square root of a tenth."""
        height = errors * math.sqrt(0.1)
        values = saw(6) + saw(6, height)
        found = noise_of(values)
        assert found.freedom == 11.0 - steps
        squares = 3.0 if steps else 3.0 + 3.0 * height**2
        assert found.variance == pytest.approx(squares / (11.0 - steps))
        if steps:
            assert list(found.correlations[:4]) == pytest.approx([-1.0, 1.0, -1.0, 1.0])

    def test_constant_runs_have_none_and_resemble_nothing(self):
        found = noise_of([2.0] * 6)
        assert (found.variance, found.freedom) == (0.0, 5.0)
        assert list(found.correlations[:2]) == [0.0, 0.0]
        assert np.isnan(found.correlations[2:]).all()

    def test_small_figures_have_their_correlations_too(self):
        found = noise_of([one / 64.0 for one in saw(12)])
        assert list(found.correlations[:4]) == pytest.approx([-1.0, 1.0, -1.0, 1.0])

    def test_of_two_runs_and_of_none(self):
        assert noise_of([0.0, 1.0]).variance == 0.5
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = noise_of([])
        assert (found.variance, found.freedom, found.runs) == (0.0, -1.0, 0)
        assert np.isnan(found.correlations).all()
        assert found.correlations.size == 8


class TestInflation:
    MANY = 1e9

    @pytest.mark.parametrize(
        ("correlated", "runs", "expected"),
        [
            ([0.5, 0.25, 0.125], MANY, 2.75),
            ([0.5, math.nan, 0.25], MANY, 2.5),
            ([0.5, -0.1, 0.9], MANY, 2.0),
            ([-0.1, 0.9], MANY, 1.0),
            ([], 12, 1.0),
            ([0.99] * 8, MANY, 16.84),
            ([0.99] * 20, MANY, 20.0),
        ],
    )
    def test_once_and_twice_what_runs_share_with_later_ones(self, correlated, runs, expected):
        assert inflation_of(np.array(correlated), runs) == pytest.approx(expected, rel=1e-6)

    def test_what_the_mean_took_away_is_given_back_twelve_times(self):
        """Of L lags with the sum S: x = 1 + 2 S + q x with q = 2 (L - S) / n, which is neared by q a step."""
        for correlated, runs, lags in (([0.1, 0.1], 8, 2), ([0.5, 0.25, 0.125, 0.1, 0.1], 12, 3)):
            told = sum(correlated[:lags])
            step = 2.0 * (lags - told) / runs
            limit = (1.0 + 2.0 * told) / (1.0 - step)
            expected = limit - (limit - 1.0) * step**12
            assert inflation_of(np.array(correlated), runs) == pytest.approx(expected, rel=1e-9)

    def test_of_few_runs_one_lag_counts_and_half_is_given_back_at_most(self):
        """0.5 · 0.2 + 0.5 = 0.6, and 0.5 · -0.9 + 0.5 = 0.05."""
        assert inflation_of(np.array([0.2, 0.2]), 2) == pytest.approx(2.2)
        assert inflation_of(np.array([-0.9]), 2) == pytest.approx(1.1)

    def test_the_first_that_is_nothing_ends_it(self):
        """Figures that no series has: half of 5, -1 and 0.9 given half are 3, 0 and 0.95."""
        assert inflation_of(np.array([5.0, -1.0, 0.9]), 12) == pytest.approx(7.0)


class TestErrors:
    """Squares of 6 around 1 and of 9 around 6.5."""

    VALUES = (9, 0, 2, 0, 2, 0, 2, 5, 5, 8, 8, 7)

    def test_runs_that_resemble_each_other_count_for_less(self):
        """A variance of 15/8, of three and two runs instead of six and four: 0.625 + 0.9375 = 1.25²."""
        found = searched(self.VALUES, inflation=2.0)
        assert found._error(1, 7, 11) == pytest.approx((1.25, 3.0))
        assert found._difference(1, 7, 11) == 5.5

    def test_the_p_value_is_paid_for_every_place_searched(self):
        bare = 2.0 * stats.t.sf(4.4, 3)
        for pays, count in ((True, 5), (False, 1)):
            found = searched(self.VALUES, rule=Rule(pays_for_search=pays), inflation=2.0)
            assert found._p_value(1, 7, 11) == pytest.approx(count * bare)

    def test_one_degree_of_freedom_is_left_at_least(self):
        assert searched([0, 1, 2, 5, 6, 7], inflation=3.0)._error(0, 3, 6) == pytest.approx((2**0.5, 1.0))

    def test_a_part_more_than_four_times_as_wild_counts_with_its_own(self):
        """Variances of 1, just four times that of others, and of 1.2: 0.25 / 5 + 1.2 / 6 = 0.5²."""
        spread = Spread(0.25, math.inf, most=30.0)
        found = searched([-1, 1, -1, 1, 0, 0, 2, 0, 2, 0, 2], spread=spread)
        assert found._error(0, 5, 11) == pytest.approx((0.5, 5.0))
        tame = searched([-1, 1, -1, 1, 0] * 2, spread=spread)
        assert tame._error(0, 5, 10) == pytest.approx((0.1**0.5, 30.0))

    @pytest.mark.parametrize(("height", "p_value"), [(0.0, 1.0), (1e-12, 1.0), (2e-12, 0.0), (1.0, 0.0)])
    def test_what_rounding_makes_is_no_difference(self, height, p_value):
        assert searched([0.0] * 4 + [height] * 4)._p_value(0, 4, 8) == p_value

    def test_places_searched_lie_three_runs_from_either_end(self):
        for allowed, count in ((range(30), 5), ([5], 1), ([9], 1), ([5, 9], 2), ([4, 10], 1)):
            assert searched([0.0], allowed, USUAL)._searched(2, 12) == count


class TestSplitting:
    """Six and three runs: the last place is the only one allowed, and what follows has one end."""

    @staticmethod
    def weak(height, level):
        values = saw(6) + saw(3, height)
        found: list[int] = []
        p_value = searched(values, [6], Rule(level))._split(0, 9, found)
        assert p_value == pytest.approx(stats.ttest_ind(values[:6], values[6:]).pvalue)
        return found, p_value

    def test_up_to_ten_times_the_level_a_place_is_looked_at_again(self):
        _, p_value = self.weak(1.0, 0.05)
        assert 0.05 < p_value < 0.1
        assert self.weak(1.0, p_value / 9.99)[0] == [6]
        assert self.weak(1.0, p_value / 10.01)[0] == []

    @pytest.mark.parametrize(("height", "found"), [(0.5, [6]), (0.4, [])])
    def test_and_up_to_a_half_at_most(self, height, found):
        """By hand: t is 0.85 and 0.59 with seven degrees of freedom, a p-value of 0.43 and 0.57."""
        assert self.weak(height, 1.0)[0] == found

    def test_without_a_place_nothing_is_found(self):
        for values, places in ((saw(5), None), ([], None), (saw(12), {1, 2, 10, 11})):
            found = find_steps(values, places=places, inflation=1.0)
            assert (found.steps, found.least_p_value) == ((), 1.0)
        assert find_steps([], inflation=1.0).levels == (0.0,)

    def test_the_first_place_s_p_value_is_told_though_it_is_no_step(self):
        values = saw(6) + saw(3, 1.0)
        found = find_steps(values, places={6}, inflation=1.0)
        assert found.steps == ()
        assert found.least_p_value == pytest.approx(stats.ttest_ind(values[:6], values[6:]).pvalue)
        assert found.levels == (pytest.approx(statistics.fmean(values)),)

    def test_places_are_those_with_three_runs_on_either_side(self):
        assert [split for split, _, _ in energies(np.arange(8.0), 0, 8)] == [3, 4, 5]
        assert [end for _, end, _ in energies(np.arange(7.0), 1, 7)] == [7]

    def test_steps_on_both_sides_of_the_largest_are_found(self):
        assert positions(saw(6) + saw(6, 9.0) + saw(6, 90.0)) == [6, 12]
        assert positions(saw(6) + saw(6, 81.0) + saw(6, 90.0)) == [6, 12]

    def test_what_comes_back_is_found_although_the_whole_hides_it(self):
        assert positions(saw(6) + saw(4, 10.0) + saw(6)) == [6, 10]

    def test_exact_runs_have_no_error(self):
        (step,) = find_steps([0.0] * 6 + [1.0] * 6, Rule(level=0.0), inflation=1.0).steps
        assert (step.position, step.earliest, step.latest) == (6, 6, 6)
        assert (step.log_ratio, step.low, step.high, step.p_value) == (1.0, 1.0, 1.0, 0.0)


class TestTakenBack:
    def test_a_place_that_is_none_goes_and_a_sure_one_stays(self):
        flat, high = saw(6), saw(6, 9.0)
        assert searched(flat + high + high)._merge([6, 12]) == [6]
        assert searched(flat + flat + high)._merge([6, 12]) == [12]
        assert searched(flat + flat + flat)._merge([6, 12]) == []
        assert searched(flat + high + flat)._merge([6, 12]) == [6, 12]

    def test_the_unsure_goes_before_the_small(self):
        """9.5 are sure (t is 5) and below 10; without the unsure one before them they are 10.5."""
        parts = [base + side for base in (0.0, 2.0, 11.5) for side in (-3.0, 3.0) * 3]
        rule = Rule(threshold=10.0, pays_for_search=False)
        assert searched(parts, rule=rule)._merge([6, 12]) == [12]

    def test_the_smallest_goes_first(self):
        """Without the step of 0.5 that of 0.8 is one of 1.05."""
        parts = [base + one / 64.0 for base in (0.0, 0.5, 1.3) for one in saw(6)]
        rule = Rule(threshold=1.0, pays_for_search=False)
        assert searched(parts, rule=rule)._merge([6, 12]) == [12]

    def test_of_two_as_weak_the_smaller_goes_first(self):
        """Paid for seven places both have a p-value of 1. Without that of 0.2 the other is of 0.55: t is 2.05
        with 16 degrees of freedom, 0.057 for thirteen places; without that of 0.45 the first is none.
        """
        parts = saw(6) + saw(6, 0.2) + saw(6, 0.65)
        assert searched(parts, range(1, 18), Rule(level=0.95))._merge([6, 12]) == [12]

    @pytest.mark.parametrize(("threshold", "found"), [(4.0, []), (3.99, [6])])
    def test_a_step_is_larger_than_the_threshold(self, threshold, found):
        assert positions(saw(6) + saw(6, 4.0), Rule(threshold=threshold)) == found


class TestStep:
    def test_every_figure(self):
        values = saw(6) + saw(6, 3.0)
        test = stats.ttest_ind(values[6:], values[:6])
        low, high = test.confidence_interval(0.95)
        (step,) = find_steps(values, inflation=1.0).steps
        assert (step.position, step.log_ratio) == (6, 3.0)
        assert (step.low, step.high, step.p_value) == pytest.approx((low, high, 7 * test.pvalue))
        assert find_steps(values, inflation=1.0).levels == (0.5, 3.5)

    def test_where_it_may_lie_too(self):
        """By hand: one run further the squares grow from 3 to 4.04, 12 log 1.35 = 3.6; two further 11.1."""
        values = [50.0, 50.0, *saw(6), *saw(6, 1.75), 70.0]
        assert searched(values)._likely(2, 8, 14) == (7, 9)

    def test_not_outside_its_parts_nor_where_it_may_not_begin(self):
        values = [9.0, 9.0, *(one / 2.0 for one in saw(10)), 9.0]
        assert searched(values)._likely(2, 7, 12) == (4, 10)
        assert searched(values, [5, 8])._likely(2, 7, 12) == (5, 8)

    def test_positions_count_what_was_set_aside(self):
        values = saw(12) + saw(12, 5.0)
        values[4] = 30.0
        found = find_steps(values, inflation=1.0)
        (step,) = found.steps
        assert (step.earliest, step.position, step.latest) == (12, 12, 12)
        assert found.levels == pytest.approx((6.0 / 11.0, 5.5))

    @pytest.mark.parametrize("places", [None, {12}, {13}])
    def test_a_run_set_aside_may_be_of_either_side(self, places):
        values = [*saw(12), 40.0, *saw(12, 5.0)]
        (step,) = find_steps(values, places=places, inflation=1.0).steps
        assert (step.earliest, step.position, step.latest) == (12, 13, 13)

    @pytest.mark.parametrize(("place", "found"), [(5, 5), (6, 6), (7, 7)])
    def test_it_begins_where_it_may_alone(self, place, found):
        assert positions(saw(6) + saw(6, 9.0), Rule(level=0.5), places={place}) == [found]


def test_what_runs_share_is_counted_unless_a_rule_says_no():
    """Threes in a row: those next to each other are alike, and the step is plain."""
    values = [base + one for base in (0.0, 9.0) for one in (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)]
    inflation = inflation_of(noise_of(values).correlations, 12)
    assert inflation > 1.2
    assert find_steps(values) == find_steps(values, inflation=inflation)
    assert find_steps(values, Rule(counts_likeness=False)) == find_steps(values, inflation=1.0)
    assert find_steps(values) != find_steps(values, inflation=1.0)


def test_what_is_not_finite_is_refused():
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            find_steps([0.0, wrong, 1.0])
