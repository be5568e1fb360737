"""Ratios over launches figure by figure: by hand, against SciPy's Student and Welch."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.between_runs import apart
from likeforlike.reports.statistics.launches import (
    ASSUMED_FREEDOM,
    ASSUMED_RUN_SPREAD,
    ASSUMED_SPREAD,
    ROUNDS_A_SESSION,
    Unit,
    at_confidence,
    entrants_variances,
    launch_weights,
    mean_p_value,
    over_launches,
    pairs_variances,
    student,
    together,
    unit_of,
)
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE
from likeforlike.reports.statistics.ratios import RatioEstimate


def units(*logs, squared_error=0.0, rounds=7):
    return [Unit(log, squared_error, rounds) for log in logs]


def median_factor(count):
    """Variance of the median of normal values over that of their mean, by the density of order statistics."""
    x, step = np.linspace(-8.0, 8.0, 801, retstep=True)
    density, below = stats.norm.pdf(x), stats.norm.cdf(x)
    half = (count - 1) // 2
    ways = math.factorial(count) / math.factorial(half) ** 2
    if count % 2:
        return count * ways * float((x**2 * (below * (1.0 - below)) ** half * density).sum()) * step
    both = ways * np.outer(density * below**half, density * (1.0 - below) ** half)
    both = np.triu(both, 1) + np.diag(np.diag(both)) / 2.0
    return count * float((np.add.outer(x, x) ** 2 / 4.0 * both).sum()) * step**2


def interval(centre, squared_error, freedom, confidence=0.95):
    """Ratio, low, high and p-value by Student, from SciPy."""
    error = math.sqrt(squared_error)
    arm = stats.t.ppf((1.0 + confidence) / 2.0, freedom) * error
    p_value = 2.0 * stats.t.sf(abs(centre) / error, freedom)
    return math.exp(centre), math.exp(centre - arm), math.exp(centre + arm), p_value


def told(estimate):
    return estimate.ratio, estimate.low, estimate.high, estimate.p_value


def satterthwaite(*parts):
    return sum(square for square, _ in parts) ** 2 / sum(square**2 / freedom for square, freedom in parts)


class TestAssumed:
    def test_spreads_between_launches_are_those_that_were_measured(self):
        runs = np.log([5.94, 5.43, 5.81])
        assert ASSUMED_SPREAD["trainings"] == pytest.approx(runs.std(ddof=1), rel=0.1)
        assert 0.01 <= ASSUMED_SPREAD["kernels"] <= 0.02

    @pytest.mark.parametrize("kind", ["kernels", "trainings"])
    def test_times_of_runs_differ_by_no_less_than_ratios_of_launches_and_not_by_twice_that(self, kind):
        assert 1.0 <= ASSUMED_RUN_SPREAD[kind] / ASSUMED_SPREAD[kind] < 2.0

    def test_its_freedom_is_that_of_an_estimate_right_within_a_half(self):
        ends = np.sqrt(stats.chi2.ppf([0.025, 0.975], ASSUMED_FREEDOM) / ASSUMED_FREEDOM)
        assert list(ends) == pytest.approx([0.5, 1.5], abs=0.03)


class TestUnit:
    @pytest.mark.parametrize("count", [2, 3, 4, 5])
    def test_of_fewer_than_six_rounds_by_their_variance(self, count):
        logs = [0.1, 0.5, 0.2, 0.9, 0.35][:count]
        error = median_factor(count) * statistics.variance(logs) / count
        assert asdict(unit_of(np.array(logs))) == pytest.approx(
            {"log": statistics.median(logs), "squared_error": error, "rounds": count}, rel=2e-3
        )

    def test_of_one_round_nothing_is_known_of_its_error(self):
        assert unit_of(np.array([0.3])) == Unit(0.3, 0.0, 1)

    def test_of_six_by_the_interval_between_order_statistics(self):
        """The outermost hold the median in 62 of 64 cases, the next in 50; 95.75 % lies 0.06 of the way, which a
        Laplace distribution weighs with 5 · 0.06 / (1 + 4 · 0.06).
        """
        weight = 0.3 / 1.24
        low, high = 0.1 * weight, 0.1 * (9.0 - 5.0 * weight)
        found = unit_of(np.array([0.2, 0.0, 0.9, 0.1, 0.4, 0.3]))
        assert (found.log, found.rounds) == (pytest.approx(0.25), 6)
        assert found.squared_error == pytest.approx(((high - low) / 2.0 / stats.norm.ppf(0.975)) ** 2)


class TestWeights:
    def test_by_rounds_and_by_what_lies_between_launches(self):
        """Squared errors of a round of 0.04, 0.04 and 0.06, with 1, 3 and 11 degrees of freedom."""
        found = [Unit(0.1, 0.02, 2), Unit(0.1, 0.01, 4), Unit(0.1, 0.005, 12)]
        within = (0.04 + 3 * 0.04 + 11 * 0.06) / 15 / np.array([2, 4, 12])
        weights = 1.0 / (0.01 + within)
        assert launch_weights(found, within.mean() + 0.01) == pytest.approx(3 * weights / weights.sum())

    def test_what_rounds_add_is_no_spread_of_launches(self):
        found = [Unit(0.1, 0.25 / count, count) for count in (2, 4)]
        assert launch_weights(found, 0.0) == pytest.approx([2 / 3, 4 / 3])
        # between launches as much as within the first: 1 / (1/8 + 1/8) and 1 / (1/8 + 1/16)
        assert launch_weights(found, 7 / 32) == pytest.approx([6 / 7, 8 / 7])

    def test_where_nothing_is_known_all_count_alike(self):
        found = [Unit(0.1, 0.04 / count, count) for count in (2, 4, 12)]
        assert list(launch_weights(found)) == [1.0] * 3
        assert list(launch_weights([Unit(0.1, 0.3, 1), Unit(0.2, 0.1, 1)], 0.1)) == [1.0] * 2
        assert list(launch_weights([Unit(0.1, 0.0, 2), Unit(0.2, 0.0, 9)], 0.0)) == [1.0] * 2


class TestEntrants:
    def test_two_of_two_launches(self):
        assert entrants_variances(np.array([[0.0, 0.1], [0.0, 0.3]])) == (pytest.approx([0.02]), [1.0], 1.0)

    def test_one_launch_or_one_entrant_shows_nothing(self):
        assert entrants_variances(np.zeros((1, 3))) == ([], [], 0.0)
        assert entrants_variances(np.zeros((3, 1))) == ([], [], 0.0)

    @pytest.mark.parametrize(("entrants", "factor"), [(3, 1.0 / 2), (4, 1.346 / 3), (7, 1.45 / 6)])
    @pytest.mark.parametrize("weights", [None, [0.5, 0.75, 1.0, 1.75]])
    def test_each_is_held_against_the_median_of_the_others(self, entrants, factor, weights):
        rng = np.random.default_rng(entrants)
        figures = rng.normal(0.0, 1.0, (4, entrants)) + np.arange(entrants)
        counts = [1.0] * 4 if weights is None else weights
        centred = figures - np.dot(counts, figures) / 4.0
        expected = []
        for entrant in range(entrants):
            held = [row[entrant] - statistics.median(np.delete(row, entrant)) for row in centred]
            mean = math.fsum(w * h for w, h in zip(counts, held, strict=True)) / 4.0
            squares = math.fsum(w * (h - mean) ** 2 for w, h in zip(counts, held, strict=True))
            expected.append(2.0 / (1.0 + factor) * squares / 3.0)
        found = entrants_variances(figures, None if weights is None else np.array(weights))
        assert found == (pytest.approx(expected), [3.0] * entrants, 3.0 * (entrants - 1))

    @pytest.mark.parametrize(("far", "left_out"), [(6.5, True), (6.3, False)])
    def test_far_is_what_lies_beyond_four_deviations_told_by_the_median_distance(self, far, left_out):
        """Half the others lie within 1 of their median of 0.5: the edge is at 0.5 + 4 · 1.4826."""
        logs = np.array([-1, 1, -1, 1, -1, 1, -1, 1, 0, far])
        figures = np.column_stack([np.zeros(10), 0.3 + 0.01 * logs])
        kept = logs[:9] if left_out else logs
        assert entrants_variances(figures) == (
            pytest.approx([1e-4 * statistics.variance(kept.tolist())]),
            [len(kept) - 1.0],
            9.0,
        )


class TestPairs:
    """Each column is a ratio by itself: plain variances, far launches left out as among entrants."""

    def test_each_has_its_own_variance_by_the_launches_weights(self):
        figures = np.array([[0.1, 0.3], [0.2, 0.5], [0.6, 0.4]])
        assert pairs_variances(figures) == (pytest.approx([0.07, 0.01]), [2.0, 2.0], 4.0)
        weighted, freedoms, total = pairs_variances(figures, np.array([1.5, 1.0, 0.5]))
        means = [(0.15 + 0.2 + 0.3) / 3, (0.45 + 0.5 + 0.2) / 3]
        expected = [
            sum(w * (row[n] - means[n]) ** 2 for w, row in zip((1.5, 1.0, 0.5), figures, strict=True)) / 2
            for n in range(2)
        ]
        assert (weighted, freedoms, total) == (pytest.approx(expected), [2.0, 2.0], 4.0)

    def test_where_one_lies_far_the_others_weights_are_1_at_the_mean(self):
        """All others count alike: theirs is the sample variance, 8 / 8, whatever the far one's rounds were."""
        figures = np.array([[-1.0], [1.0]] * 4 + [[0.0], [99.0]])
        weights = np.array([1.05] * 9 + [0.55])
        assert pairs_variances(figures, weights) == (pytest.approx([1.0]), [8.0], 9.0)
        with_its_twin = np.column_stack([np.zeros(10), figures[:, 0]])
        assert entrants_variances(with_its_twin, weights) == (pytest.approx([1.0]), [8.0], 9.0)

    def test_two_launches_tell_and_one_does_not(self):
        assert pairs_variances(np.array([[0.1], [0.3]])) == (pytest.approx([0.02]), [1.0], 1.0)
        assert pairs_variances(np.zeros((1, 3))) == ([], [], 0.0)
        assert pairs_variances(np.zeros((3, 0))) == ([], [], 0.0)


class TestTogether:
    """A deviation of 1/2: the edge is at 5/4 from the median."""

    def kept(self, *logs):
        return [unit.log for unit in together(units(*logs), 0.25)]

    @pytest.mark.parametrize(("far", "stays"), [(4.25, True), (4.3, False), (1.75, True), (1.7, False)])
    def test_what_lies_beyond_the_edge_is_left_out(self, far, stays):
        assert self.kept(3.0, 3.0, far, 3.0, 3.0) == [3.0, 3.0, *([far] if stays else []), 3.0, 3.0]

    @pytest.mark.parametrize(
        ("calm", "far", "stay"), [(3, 1, True), (4, 1, False), (7, 2, True), (8, 2, False)]
    )
    def test_one_in_five_at_most(self, calm, far, stay):
        logs = [0.0] * calm + [9.0] * far
        assert self.kept(*logs) == (logs if stay else [0.0] * calm)


class TestOverLaunches:
    LOGS = (0.1, 0.2, 0.4)
    VARIANCE = statistics.variance(LOGS)

    def test_every_figure_of_launches_alone(self):
        found = over_launches([Unit(log, 1e-3, n) for log, n in zip(self.LOGS, (2, 3, 5), strict=True)])
        figures = interval(sum(self.LOGS) / 3, self.VARIANCE / 3, 2)
        share = 1.0 - 1e-3 / self.VARIANCE
        expected = RatioEstimate(
            *figures[:3], 10, True, figures[3], launches=3, freedom=2.0, between_share=share
        )
        assert asdict(found) == pytest.approx(asdict(expected))

    @pytest.mark.parametrize(("most", "freedom"), [(5.0, 5.0), (7.0, 6.0), (1.0, 2.0)])
    @pytest.mark.parametrize("squared_error", [0.01, 0.05])
    def test_unequal_launches_and_a_spread(self, most, freedom, squared_error):
        found = [Unit(log, squared_error, n) for log, n in zip(self.LOGS, (2, 4, 12), strict=True)]
        weights = launch_weights(found, 0.02)
        assert weights.std() > 0.03
        centre = np.dot(weights, self.LOGS) / 3
        own = np.dot(weights, (np.array(self.LOGS) - centre) ** 2) / 2
        variance = (4 * 0.02 + 2 * own) / 6
        within = squared_error * np.square(weights).sum() / 3
        estimate = over_launches(found, Spread(0.02, 4.0, most=most), 0.9)
        assert told(estimate) == pytest.approx(interval(centre, max(variance, within) / 3, freedom, 0.9))
        assert (estimate.freedom, estimate.confidence) == (pytest.approx(freedom), 0.9)
        assert estimate.between_share == pytest.approx(max(1.0 - within / variance, 0.0))

    @pytest.mark.parametrize(("most", "telling"), [(8.0, True), (7.9, False)])
    def test_eight_degrees_of_freedom_tell_who_lies_apart_and_how_far_rounds_overstate(self, most, telling):
        logs = [0.0, 0.01, -0.01, 0.002, 0.5]
        found = over_launches(
            units(*logs, squared_error=4e-4), Spread(1e-4, math.inf, most=most, overstated=2.0)
        )
        kept = logs[:4] if telling else logs
        squared_error = (2e-4 if telling else 4e-4) / len(kept)  # more than the 1e-4 between launches
        assert told(found) == pytest.approx(interval(statistics.fmean(kept), squared_error, most))
        assert (found.left_out, found.launches) == (5 - len(kept), len(kept))
        assert (found.pairs, found.between_share) == (7 * len(kept), 0.0)

    def test_launches_that_agree_wholly(self):
        alike, none = over_launches(units(0.1, 0.1)), over_launches(units(0.0, 0.0, 0.0))
        assert (alike.low, alike.high) == pytest.approx((math.exp(0.1),) * 2)
        assert (alike.p_value, alike.between_share) == (LEAST_P_VALUE, 0.0)
        assert (none.p_value, none.between_share) == (1.0, 0.0)

    def test_a_spread_that_all_share_makes_it_normal(self):
        found = over_launches(units(0.01, 0.02, 0.01, 0.02), Spread(1e-4, math.inf))
        arm = stats.norm.ppf(0.975) * 0.005
        assert (found.low, found.high) == pytest.approx((math.exp(0.015 - arm), math.exp(0.015 + arm)))
        assert (found.p_value, found.freedom) == (pytest.approx(2 * stats.norm.sf(3.0)), math.inf)

    def test_one_launch_is_refused(self):
        with pytest.raises(ValueError, match="1 launches: expected at least 2"):
            over_launches(units(0.1))


class TestOfCalls:
    """Logs 0.1 and 0.3: a standard error of 0.1 with one degree of freedom, beside what calls leave unsure."""

    @pytest.mark.parametrize("squared_error", [1e-4, 1.0, 4.0])
    def test_the_wider_of_students_interval_and_the_calls_normal_one(self, squared_error):
        found = over_launches(units(0.1, 0.3, squared_error=squared_error), of_calls=True)
        by_launches = stats.t.ppf(0.975, 1) * 0.1
        by_calls = stats.norm.ppf(0.975) * math.sqrt(squared_error / 2)
        arm = max(by_launches, by_calls)
        assert (found.low, found.high) == pytest.approx((math.exp(0.2 - arm), math.exp(0.2 + arm)))
        p_values = 2 * stats.t.sf(0.2 / 0.1, 1), 2 * stats.norm.sf(0.2 / math.sqrt(squared_error / 2))
        assert found.p_value == pytest.approx(max(p_values))
        assert found.freedom == (1.0 if arm == by_launches else math.inf)

    def test_at_another_confidence_the_other_may_be_the_wider_one(self):
        """Of 95 % the calls' is (1.386 against 1.271 of Student's), of 99.9 % Student's by far."""
        found = over_launches(units(0.1, 0.3, squared_error=1.0), of_calls=True)
        assert found.freedom == math.inf
        surer = at_confidence(found, 0.999)
        arm = stats.t.ppf(0.9995, 1) * 0.1
        assert (surer.low, surer.high) == pytest.approx((math.exp(0.2 - arm), math.exp(0.2 + arm)))
        assert (surer.freedom, surer.confidence) == (1.0, 0.999)
        back = at_confidence(surer, 0.95)
        assert (back.low, back.high) == pytest.approx((found.low, found.high))
        assert back.freedom == math.inf
        wider = at_confidence(found, 0.99)
        assert wider.high == pytest.approx(math.exp(0.2 + stats.t.ppf(0.995, 1) * 0.1))

    def test_launches_that_lie_apart_are_left_out_all_the_same(self):
        logs = units(*[0.1, 0.2, 0.1, 0.2, 5.0], squared_error=1e-4)
        found = over_launches(logs, Spread(0.01, 20.0, most=40.0), of_calls=True)
        assert (found.launches, found.left_out) == (4, 1)


def test_rounds_of_a_session_begin_where_files_have_them():
    assert ROUNDS_A_SESSION == 100_000_000


def test_students_interval_of_a_mean():
    for values in (TestOverLaunches.LOGS, (0.1, -0.3)):
        reference = stats.ttest_1samp(values, 0.0)
        error = statistics.stdev(values) / math.sqrt(len(values))
        expected = (*reference.confidence_interval(0.95), reference.pvalue)
        assert student(statistics.fmean(values), error, len(values) - 1.0) == pytest.approx(expected)
        assert mean_p_value(values) == pytest.approx(reference.pvalue)
    assert student(0.0, 0.0, 3.0) == (0.0, 0.0, 1.0)
    assert student(0.1, 0.0, 3.0) == (0.1, 0.1, LEAST_P_VALUE)
    assert student(1.0, 1e-3, math.inf)[2] == LEAST_P_VALUE
    assert student(1.0, 0.5, math.inf, 0.9)[0] == pytest.approx(1.0 - 0.5 * stats.norm.ppf(0.95))


class TestApart:
    BASE, OTHER = (0.0, 0.1, 0.3), (0.5, 0.6, 0.9, 1.0)
    CENTRE = 0.75 - 0.4 / 3
    ERRORS = statistics.variance(BASE) / 3, statistics.variance(OTHER) / 4

    def sides(self):
        rounds = ((2, 3, 4), (1, 1, 2, 2))
        pairs = zip((self.BASE, self.OTHER), rounds, strict=True)
        return [[[Unit(log, 0.0, n) for log, n in zip(*pair, strict=True)]] for pair in pairs]

    def test_of_one_run_it_is_welchs(self):
        welch = stats.ttest_ind(self.OTHER, self.BASE, equal_var=False)
        low, high = welch.confidence_interval(0.95)
        expected = RatioEstimate(
            *(math.exp(self.CENTRE), math.exp(low), math.exp(high), 6, False, welch.pvalue),
            launches=3,
            freedom=welch.df,
            between_share=1.0,
        )
        assert asdict(apart(*self.sides(), (None, None), None)) == pytest.approx(asdict(expected))

    def test_each_side_leans_on_its_own_spread(self):
        found = apart(*self.sides(), (Spread(0.02, 4.0), Spread(0.03, 5.0)), None, 0.9)
        parts = [
            ((4 * 0.02 + 2 * 3 * self.ERRORS[0]) / 6 / 3, 6),
            ((5 * 0.03 + 3 * 4 * self.ERRORS[1]) / 8 / 4, 8),
        ]
        total = sum(square for square, _ in parts)
        assert told(found) == pytest.approx(interval(self.CENTRE, total, satterthwaite(*parts), 0.9))

    def test_of_two_runs_each_has_the_variance_between_runs_too(self):
        found = apart(*self.sides(), (None, None), Spread(0.01, 8.0))
        squares = [error + 0.01 for error in self.ERRORS]
        freedoms = [satterthwaite((e, n), (0.01, 8.0)) for e, n in zip(self.ERRORS, (2, 3), strict=True)]
        freedom = satterthwaite(*zip(squares, freedoms, strict=True))
        assert told(found) == pytest.approx(interval(self.CENTRE, sum(squares), freedom))
        assert (found.freedom, found.fixed_variance) == (pytest.approx(freedom), pytest.approx(0.02))

    def test_several_runs_a_side_show_themselves_how_far_runs_differ(self):
        """Squares within the base's runs: 0.005 and 0.02 with 1 and 2 degrees of freedom; the other's: 0.02, 2."""
        base = [units(0.0, 0.1), units(0.4, 0.6, 0.5)]
        other = [units(1.0, 1.2), units(1.4, 1.4)]
        each = [0.025 / 3 * (1 / 2 + 1 / 3) / 2, 0.02 / 2 / 2]
        varied = [0.45**2 / 2, 0.3**2 / 2]
        moved = [(8 * (0.01 + e) + v) / 9 for e, v in zip(each, varied, strict=True)]
        found = apart(base, other, (None, None), Spread(0.01, 8.0, most=7.0))
        parts = [(square / 2, 7.0) for square in moved]
        centre, total = 1.25 - 0.275, sum(moved) / 2
        assert told(found) == pytest.approx(interval(centre, total, satterthwaite(*parts)))
        assert found.fixed_variance == pytest.approx(total - sum(each) / 2)
        assert (found.launches, found.pairs) == (4, 28)

    def test_runs_that_differ_by_less_than_their_launches_make_them_add_nothing(self):
        runs = [units(1.0, 1.2), units(1.05, 1.15)]
        found = apart(runs, runs, (None, None), Spread(0.01, 0.0, most=7.0))
        each = 0.025 / 2 / 2
        assert math.log(found.high) == pytest.approx(stats.t.ppf(0.975, 2) * math.sqrt(each))
        assert (found.ratio, found.fixed_variance) == (pytest.approx(1.0), 0.0)

    def test_launches_of_several_runs_that_count_as_one(self):
        base, other = [units(0.0, 0.1), units(0.4, 0.6, 0.5)], [units(1.0, 1.2, 1.4)]
        found = apart(base, other, (None, None), None)
        parts = [(0.025 / 3 * (1 / 2 + 1 / 3) / 2 / 2, 3), (0.04 / 3, 2)]
        total = sum(square for square, _ in parts)
        assert told(found) == pytest.approx(interval(1.2 - 0.275, total, satterthwaite(*parts)))
        assert found.fixed_variance == 0.0

    def test_of_one_launch_a_run_rounds_are_all_that_tells(self):
        """A mean squared error of 0.05, taken to have one degree of freedom; over two runs half of it."""
        base = [[Unit(0.0, 0.04, 5)], [Unit(0.2, 0.06, 5)]]
        parts = [(0.025, 1.0), (self.ERRORS[1], 3.0)]
        found = apart(base, self.sides()[1], (None, None), None)
        assert told(found) == pytest.approx(interval(0.65, 0.025 + self.ERRORS[1], satterthwaite(*parts)))

    def test_rounds_bound_either_side_from_below(self):
        base = [units(0.0, 0.1, 0.3, squared_error=0.5)]
        parts = [(0.5 / 3, 2.0), (self.ERRORS[1], 3.0)]
        found = apart(base, self.sides()[1], (None, None), None)
        total = sum(square for square, _ in parts)
        assert told(found) == pytest.approx(interval(self.CENTRE, total, satterthwaite(*parts)))
