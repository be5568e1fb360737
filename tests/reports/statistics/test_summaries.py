"""Judging without samples: against the samples that were not saved, and by simulation."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE, rank_shift
from likeforlike.reports.statistics.ratios import RatioEstimate, unpaired_ratio
from likeforlike.reports.statistics.summaries import Summary, log_median_error, summary_of, summary_ratio
from likeforlike.reports.statistics.verdicts import verdict


def saved(median, rounds=4000, spread=0.01):
    """As ``--benchmark-save`` leaves it."""
    figures = (median * (1 + part * spread) for part in (-0.5, 0.5, -2, 10, 1, 1))
    q1, q3, least, most, mean, _ = figures
    return Summary(rounds, median, q1, q3, least, most, mean, median * spread)


KNOWN = Summary(25, 0.2, 0.1, 0.3, 0.05, 0.9, 0.25, 0.05)


class TestSummaryOf:
    def test_every_figure_of_the_times_that_are_any(self):
        samples = [3.0, 0.0, 0.5, math.inf, math.nan, 1.0, -0.5, 2.0]
        deviation = math.sqrt((1.125**2 + 0.625**2 + 0.375**2 + 1.375**2) / 3)
        expected = Summary(4, 1.5, 0.875, 2.25, 0.5, 3.0, 1.625, deviation)
        assert asdict(summary_of(samples)) == pytest.approx(asdict(expected))

    def test_two_scatter_and_one_does_not(self):
        assert summary_of([1.0, 2.0]).stddev_seconds == pytest.approx(math.sqrt(0.5))
        assert summary_of([2.0]) == Summary(1, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, None)


class TestMedianError:
    @pytest.mark.parametrize(("q1", "q3"), [(0.1, 0.3), (0.15, 0.4), (0.2, 0.4), (0.1, 0.2)])
    def test_by_the_quartile_that_is_further_away(self, q1, q3):
        assert log_median_error(replace(KNOWN, q1_seconds=q1, q3_seconds=q3)) == pytest.approx(
            2.0 * math.log(2.0) / 5.0
        )

    @pytest.mark.parametrize(
        ("q1", "q3"),
        [(None, 0.3), (0.1, None), (0.0, 0.3), (0.25, 0.3), (0.1, 0.15), (0.1, math.inf), (0.2, 0.2)],
    )
    def test_without_quartiles_by_the_standard_deviation(self, q1, q3):
        error = log_median_error(replace(KNOWN, q1_seconds=q1, q3_seconds=q3))
        assert error == pytest.approx(math.sqrt(3.0) * 0.2 / 5.0)

    @pytest.mark.parametrize("deviation", [None, -0.5, math.inf, math.nan])
    def test_what_is_no_deviation_tells_nothing(self, deviation):
        assert log_median_error(replace(KNOWN, q1_seconds=None, stddev_seconds=deviation)) is None

    def test_two_rounds_scatter_and_one_does_not(self):
        plain = replace(KNOWN, q1_seconds=None)
        assert log_median_error(replace(plain, rounds=2)) == pytest.approx(math.sqrt(1.5) * 0.2)
        assert log_median_error(replace(plain, rounds=1)) is None
        assert log_median_error(replace(plain, stddev_seconds=0.0)) == 0.0
        assert log_median_error(replace(plain, mean_seconds=None)) == pytest.approx(
            math.sqrt(3.0) * 0.25 / 5.0
        )


class TestRatio:
    FIVE = Summary(5, 0.2, None, None, 0.1, 0.3, 0.21, 0.02)
    FOUR = Summary(4, 0.8, None, None, 0.6, 0.9, 0.8, 0.04)
    LOWEST_OF_FIVE, HIGHEST_OF_FIVE = np.log([0.1, 0.1, 0.2, 0.2, 0.3]), np.log([0.1, 0.2, 0.2, 0.3, 0.3])
    LOWEST_OF_FOUR, HIGHEST_OF_FOUR = np.log([0.6, 0.6, 0.8, 0.9]), np.log([0.6, 0.8, 0.9, 0.9])

    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    @pytest.mark.parametrize("other_seconds", [0.25, 0.16])
    def test_from_ten_rounds_by_the_standard_errors_of_the_medians(self, confidence, other_seconds):
        base, other = replace(KNOWN, rounds=10), replace(KNOWN, rounds=12, median_seconds=other_seconds)
        centre = math.log(other_seconds / 0.2)
        other_error = 2.0 * math.log(max(0.3 / other_seconds, other_seconds / 0.1)) / math.sqrt(12)
        error = math.hypot(2.0 * math.log(2.0) / math.sqrt(10), other_error)
        arm = stats.norm.ppf((1.0 + confidence) / 2.0) * error
        deviations = abs(centre) / arm * stats.t.ppf((1.0 + confidence) / 2.0, 9)
        expected = RatioEstimate(
            *(other_seconds / 0.2, math.exp(centre - arm), math.exp(centre + arm), 10, False),
            *(2.0 * stats.t.sf(deviations, 9), confidence),
        )
        assert asdict(summary_ratio(base, other, confidence)) == pytest.approx(asdict(expected))
        assert confidence != 0.95 or summary_ratio(base, other) == summary_ratio(base, other, 0.95)

    @pytest.mark.parametrize(("rounds", "has"), [((9, 4000), True), ((4000, 9), True), ((10, 10), False)])
    def test_least_and_greatest_bound_fewer_than_ten(self, rounds, has):
        sides = [Summary(n, 0.2, min_seconds=0.1, max_seconds=0.9) for n in rounds]
        assert summary_ratio(*sides).has_interval is has

    def test_every_figure_of_few_by_ranks_of_the_bounds(self):
        """Of 126 orders of four and five one on either side sets them apart."""
        nearest = rank_shift(self.HIGHEST_OF_FIVE, self.LOWEST_OF_FOUR)
        farthest = rank_shift(self.LOWEST_OF_FIVE, self.HIGHEST_OF_FOUR)
        welch = stats.ttest_ind_from_stats(
            *(math.log(0.2), 0.02 / 0.21, 5, math.log(0.8), 0.05, 4), equal_var=False
        ).pvalue
        figures = 4.0, math.exp(nearest.low), math.exp(farthest.high), 4, False, 2 / 126, 0.95, welch
        assert asdict(summary_ratio(self.FIVE, self.FOUR)) == pytest.approx(asdict(RatioEstimate(*figures)))
        figures = 0.25, math.exp(-farthest.high), math.exp(-nearest.low), 4, False, 2 / 126, 0.95, welch
        assert asdict(summary_ratio(self.FOUR, self.FIVE)) == pytest.approx(asdict(RatioEstimate(*figures)))

    def test_where_the_bounds_overlap_it_is_the_less_sure_one_and_not_apart(self):
        """Nine rounds beside a thousand, whose least is below the nine's greatest."""
        nine = Summary(9, 0.2, None, None, 0.1, 0.5, 0.2, 0.01)
        many = Summary(1000, 0.9, None, None, 0.4, 1.0, 0.9, 0.01)
        highest = np.log([0.1] + [0.2] * 4 + [0.5] * 4)
        lowest = np.log([0.4] * 500 + [0.9] * 499 + [1.0])
        nearest = rank_shift(highest, lowest)
        assert nearest.apart_p_value is None
        for estimate in (summary_ratio(nine, many), summary_ratio(many, nine)):
            assert estimate.p_value == pytest.approx(nearest.p_value)
            assert estimate.p_value > 0.001
            assert estimate.apart_p_value is None
        assert summary_ratio(nine, many).low == pytest.approx(math.exp(nearest.low))

    def test_bounds_that_touch_are_not_sure_to_differ(self):
        base = Summary(4, 0.2, None, None, 0.1, 0.4, 0.2, 0.02)
        other = Summary(4, 0.8, None, None, 0.4, 0.9, 0.8, 0.02)
        up, down = summary_ratio(base, other), summary_ratio(other, base)
        assert (up.low, up.p_value, up.apart_p_value) == (1.0, 1.0, None)
        assert (down.high, down.p_value, down.apart_p_value) == (1.0, 1.0, None)

    def test_without_standard_deviations_nobody_knows_how_far_apart(self):
        for sides in (
            (replace(self.FIVE, stddev_seconds=None), self.FOUR),
            (self.FIVE, replace(self.FOUR, stddev_seconds=None)),
        ):
            estimate = summary_ratio(*sides)
            assert (estimate.p_value, estimate.apart_p_value) == (pytest.approx(2 / 126), None)
        sides = (replace(side, stddev_seconds=0.0) for side in (self.FIVE, self.FOUR))
        assert summary_ratio(*sides).apart_p_value == LEAST_P_VALUE

    @pytest.mark.parametrize(
        ("least", "most", "has"),
        [
            (0.1, 0.3, True),
            (0.2, 0.3, True),
            (0.1, 0.2, True),
            (None, 0.3, False),
            (0.1, None, False),
            (0.0, 0.3, False),
            (0.21, 0.3, False),
            (0.1, 0.19, False),
            (0.1, math.inf, False),
        ],
    )
    def test_bounds_are_in_order(self, least, most, has):
        changed = replace(self.FIVE, min_seconds=least, max_seconds=most)
        for estimate in (summary_ratio(changed, self.FOUR), summary_ratio(self.FOUR, changed)):
            assert estimate.has_interval is has
            assert has or "nor anything that says how far they scatter" in estimate.hindrance

    def test_every_figure_where_there_is_none(self):
        unknown = "the samples were not saved, nor anything that says how far they scatter"
        for rounds in ((4, 7), (40, 10)):
            base, other = Summary(rounds[0], 0.2), Summary(rounds[1], 0.3)
            found = RatioEstimate(1.5, 0.0, math.inf, min(rounds), False, 1.0, 0.9, hindrance=unknown)
            assert asdict(summary_ratio(base, other, 0.9)) == pytest.approx(asdict(found))
        few = "the samples were not saved, and 3 rounds against 40, too few"
        found = RatioEstimate(1.5, 0.0, math.inf, 3, False, 1.0, hindrance=few, missing_rounds=1)
        assert asdict(summary_ratio(Summary(3, 0.2), Summary(40, 0.3))) == pytest.approx(asdict(found))

    def test_of_one_side_alone_it_is_not_enough(self):
        plain = Summary(40, 0.2)
        assert not summary_ratio(plain, KNOWN).has_interval
        assert not summary_ratio(KNOWN, plain).has_interval

    @pytest.mark.parametrize("median", [0.0, -0.5, math.inf, math.nan])
    def test_a_median_that_is_no_time_is_refused(self, median):
        for sides in ((Summary(5, median), KNOWN), (KNOWN, Summary(5, median))):
            with pytest.raises(ValueError, match="expected a time above 0"):
                summary_ratio(*sides)


def test_seven_times_slower_of_which_no_sample_was_saved():
    judged = verdict(summary_ratio(saved(0.002), saved(0.014)))
    assert judged.word == "slower"
    assert judged.estimate.low < 7.0 < judged.estimate.high
    assert judged.estimate.high / judged.estimate.low < 1.002
    assert verdict(summary_ratio(saved(0.002), saved(0.002001))).word == "same"


def test_five_rounds_wholly_apart():
    base, other = summary_of([1.0, 1.01, 1.02, 1.01, 1.0]), summary_of([2.5, 2.52, 2.51, 2.55, 2.49])
    estimate = summary_ratio(base, other)
    assert estimate.p_value == pytest.approx(2 / 252)
    assert estimate.apart_p_value < 1e-6
    assert verdict(estimate).word == "slower"
    assert 2.49 / 1.02 <= estimate.low < 2.5 < estimate.high <= 2.55 / 1.0


@pytest.mark.parametrize("rounds", [4, 5, 6, 7, 9])
def test_few_rounds_bound_what_their_samples_would_have_given(rounds):
    rng = np.random.default_rng(rounds)
    for _ in range(200):
        base, other = rng.lognormal(0.0, 0.1, rounds), rng.lognormal(0.15, 0.1, rounds)
        known = summary_ratio(summary_of(base), summary_of(other))
        differences = stats.mannwhitneyu(base, other, method="exact").pvalue
        assert known.p_value >= differences - 1e-12
        if rounds < 6:
            samples = unpaired_ratio(base, other)
            assert known.low <= samples.low + 1e-12
            assert known.high >= samples.high - 1e-12


@pytest.mark.parametrize("kind", ["normal", "skewed", "outliers", "uniform", "heavy tails"])
@pytest.mark.parametrize("rounds", [5, 10, 15, 40, 400])
def test_intervals_of_two_alike_miss_1_in_at_most_5_percent(kind, rounds):
    rng = np.random.default_rng(rounds)
    draws = {
        "normal": lambda: rng.normal(0, 0.1, rounds),
        "skewed": lambda: np.log(1 + rng.lognormal(-1, 1, rounds)),
        "outliers": lambda: rng.normal(0, 0.03, rounds) + 0.5 * (rng.random(rounds) < 0.1),
        "uniform": lambda: rng.uniform(0, 0.3, rounds),
        "heavy tails": lambda: 0.05 * rng.standard_t(2, rounds),
    }
    found = [
        summary_ratio(summary_of(np.exp(draws[kind]())), summary_of(np.exp(draws[kind]())))
        for _ in range(600)
    ]
    assert np.mean([item.low > 1.0 or item.high < 1.0 for item in found]) <= 0.05


def test_the_error_is_an_upper_bound_which_a_uniform_distribution_reaches():
    n = 10_000
    for distribution, ratio in (
        (stats.uniform(0, 1e-3), 1.0),
        (stats.norm(0, 1e-3), None),
        (stats.expon(0, 1e-3), None),
    ):
        q1, median, q3 = (1.0 + distribution.ppf(share) for share in (0.25, 0.5, 0.75))
        true = 1.0 / (2.0 * distribution.pdf(distribution.median()) * math.sqrt(n)) / median
        bound = log_median_error(Summary(n, median, q1, q3))
        assert bound >= true * 0.999
        if ratio:
            assert bound == pytest.approx(true, rel=1e-3)


def test_for_normal_times_it_is_8_percent_above_mcgills():
    q1, q3 = stats.norm(1.0, 1e-3).ppf([0.25, 0.75])
    mcgill = 1.25 / 1.35 * (q3 - q1) / math.sqrt(100)
    assert log_median_error(Summary(100, 1.0, q1, q3)) == pytest.approx(1.08 * mcgill, rel=0.01)


def test_quartiles_that_coincide_fall_back_on_the_standard_deviation():
    ticks = Summary(1000, 1e-3, 1e-3, 1e-3, 1e-3, 2e-3, 1.01e-3, 5e-5)
    assert log_median_error(ticks) == pytest.approx(math.sqrt(3) * 5e-5 / 1.01e-3 / math.sqrt(1000))


def test_what_cannot_be_judged_says_why():
    nothing = Summary(4000, 0.002)
    judged = verdict(summary_ratio(nothing, saved(0.014)))
    assert (judged.word, judged.more_rounds) == ("unclear", None)
    assert judged.reason == "the samples were not saved, nor anything that says how far they scatter"
    one = replace(saved(0.002), rounds=1)
    judged = verdict(summary_ratio(one, replace(saved(0.014), rounds=1)))
    assert (judged.reason, judged.more_rounds) == ("the samples were not saved, and one round each", 3)
    few = replace(saved(0.002), rounds=5, min_seconds=None)
    assert "nor anything" in summary_ratio(few, few).hindrance


def test_what_is_no_time_is_refused():
    with pytest.raises(ValueError, match="median 0.0: expected a time above 0"):
        summary_ratio(Summary(5, 0.0), Summary(5, 1.0))
    with pytest.raises(ValueError, match="rounds 0: expected at least 1"):
        summary_ratio(Summary(0, 1.0), Summary(5, 1.0))
    with pytest.raises(ValueError, match="above 0"):
        summary_of([0.0])
