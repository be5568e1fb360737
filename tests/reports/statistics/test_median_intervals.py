"""Intervals of a median: against SciPy's quantile and sign tests, by hand, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics import median_intervals
from likeforlike.reports.statistics.median_intervals import (
    LEAST_SAMPLES,
    interpolated_median_interval,
    median_interval,
    sign_p_value,
)


class TestByHand:
    """Seven samples: the outermost two hold the median in 126 of 128 cases, the next in 112 and in 70."""

    def asked(self, told):
        """The confidence to ask for, of which the interpolation is given 0.85 of the error, to have this one."""
        return 1.0 - (1.0 - told) / 0.85

    def test_between_two_ranks_by_laplace_weights(self):
        """Halfway between the ranks 3 and 4, of which 4 and 4 hold nothing: 4 · 0.5 / (3 + 0.5)."""
        low, high = interpolated_median_interval(np.arange(7.0) ** 2, self.asked(35 / 128))
        assert (low, high) == pytest.approx((4 + 5 * 2 / 3.5, 16 - 7 * 2 / 3.5))

    def test_at_95_percent(self):
        """Ten samples, ranks 2 and 3: 1 - 22/1024 and 1 - 112/1024."""
        share = (1.0 - 22 / 1024 - (1.0 - 0.85 * 0.05)) / (90 / 1024)
        weight = 8 * share / (2 + 6 * share)
        low, high = interpolated_median_interval((np.arange(10.0) ** 2)[::-1])
        assert (low, high) == pytest.approx((1 + 3 * weight, 64 - 15 * weight))

    def test_between_the_middle_two_there_is_nothing(self):
        assert interpolated_median_interval(np.arange(6.0) ** 2, self.asked(0.2)) == (4.0, 9.0)

    def test_a_confidence_that_a_rank_offers_is_that_rank(self):
        samples = np.arange(10.0)
        assert median_interval(samples, 1.0 - 22 / 1024) == (1.0, 8.0)
        assert median_interval(samples, 1.0 - 21 / 1024) == (0.0, 9.0)

    def test_little_confidence_is_the_middle(self):
        assert median_interval([4.0, 2.0, 1.0, 3.0], 0.3) == (2.0, 3.0)
        assert median_interval([2.0, 1.0], 0.5) == (1.0, 2.0)

    def test_the_fewest_samples(self):
        assert median_interval(range(LEAST_SAMPLES)) == (0.0, LEAST_SAMPLES - 1.0)
        assert not math.isfinite(median_interval(range(LEAST_SAMPLES - 1))[0])

    @pytest.mark.parametrize(
        ("samples", "p_value"),
        [
            # the lower end is 0 where a quarter of the way from -1 to 3: (1/4) / (4 - 3/4) of the probability
            ([-1.0, 3.0, 4.0, 5.0, 6.0], (2 / 32 + 10 / 32 / 13) / 0.85),
            ([-3.0, -1.0, 1.0, 5.0, 6.0, 7.0, 8.0, 9.0], (18 / 256 + 56 / 256 / 4) / 0.85),
            ([-3.0, -2.0, -0.1, 0.9, 4.0, 5.0, 6.0], (58 / 128 + 70 / 128 / 13) / 0.85),
            ([-3.0, -2.0, -0.95, 0.05, 4.0, 5.0, 6.0], 1.0),
            ([-0.3, -0.2, -0.1, 0.4, 0.5, 0.6], 1.0),
            ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 2 / 64 / 0.85),
            ([2.0], 1.0),
            ([2.0, 0.1], 0.5),
        ],
    )
    def test_p_value(self, samples, p_value):
        assert sign_p_value(samples[::-1]) == pytest.approx(p_value)
        assert sign_p_value([-value for value in samples]) == pytest.approx(p_value)


class TestMedianInterval:
    @pytest.mark.parametrize("count", [6, 7, 20, 25, 60, 101])
    @pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
    def test_agrees_with_scipys_quantile_test(self, count, confidence):
        samples = np.random.default_rng(count).lognormal(size=count)
        reference = stats.quantile_test(samples, q=np.median(samples), p=0.5).confidence_interval(confidence)
        low, high = median_interval(samples, confidence)
        if math.isfinite(low):
            assert (low, high) == (reference.low, reference.high)
        else:
            assert math.isnan(reference.low) or math.isnan(reference.high)

    def test_six_samples_are_the_fewest_at_95_percent(self):
        assert median_interval([3.0, 1.0, 2.0, 5.0, 4.0]) == (-math.inf, math.inf)
        assert median_interval([3.0, 1.0, 2.0, 5.0, 4.0, 6.0]) == (1.0, 6.0)

    @pytest.mark.parametrize("samples", [[], [1.0]])
    def test_none_or_one_sample_bounds_nothing(self, samples):
        assert median_interval(samples) == (-math.inf, math.inf)

    def test_covers_the_true_median_as_often_as_it_says(self):
        rng = np.random.default_rng(7)
        intervals = [median_interval(rng.lognormal(size=25)) for _ in range(800)]
        covered = sum(low <= 1.0 <= high for low, high in intervals) / 800
        assert 0.935 < covered < 0.985


class TestInterpolatedInterval:
    @pytest.mark.parametrize("count", [6, 7, 8, 10, 15, 20, 60])
    def test_lies_between_the_order_statistics_around_it(self, count):
        samples = np.sort(np.random.default_rng(count).normal(size=count))
        low, high = interpolated_median_interval(samples)
        outer = median_interval(samples)
        rank = int(np.searchsorted(samples, outer[0]))
        assert outer[0] <= low <= samples[rank + 1]
        assert samples[count - 2 - rank] <= high <= outer[1]

    def test_at_the_confidence_of_a_rank_it_is_that_order_statistic(self):
        # Ten samples: [x(2), x(9)] misses the median with probability 2 (1 + 10) / 1024.
        samples = np.arange(10.0) ** 2
        error = 22 / 1024 / median_intervals.CAUTION
        assert interpolated_median_interval(samples, 1 - error) == pytest.approx((1.0, 64.0))

    @pytest.mark.parametrize("kind", ["normal", "outliers", "two levels"])
    @pytest.mark.parametrize("count", [6, 7, 8, 10, 30])
    def test_misses_the_median_in_at_most_5_percent(self, kind, count):
        rng = np.random.default_rng(count)
        samples = rng.normal(size=(2500, count))
        if kind == "outliers":
            samples += 20 * rng.standard_t(1, samples.shape) * (rng.random(samples.shape) < 0.15)
        if kind == "two levels":
            levels = rng.random((2, *samples.shape)) < 0.5
            samples += 10.0 * (levels[0].astype(float) - levels[1])
        intervals = [interpolated_median_interval(row) for row in samples]
        missed = np.mean([low > 0 or high < 0 for low, high in intervals])
        assert missed <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2500)

    @pytest.mark.parametrize("count", [6, 7, 10, 23])
    def test_its_p_value_is_where_the_interval_lets_go_of_0(self, count):
        for seed in range(40):
            samples = np.random.default_rng(seed).normal(0.4, 1.0, count)
            p_value = sign_p_value(samples)
            if 2.0 ** (1 - count) < p_value < 0.9:
                for nudge in (-1e-6, 1e-6):
                    low, high = interpolated_median_interval(samples, 1.0 - p_value + nudge)
                    assert (low > 0.0 or high < 0.0) == (nudge < 0)

    def test_all_on_one_side_have_the_sign_tests_p_value(self):
        samples = [0.1, 0.5, 0.2, 0.9, 0.3, 0.4]
        assert sign_p_value(samples) == stats.binomtest(0, 6).pvalue
        assert sign_p_value([-value for value in samples]) == stats.binomtest(0, 6).pvalue
        assert sign_p_value([]) == sign_p_value([0.0] * 6) == 1.0

    def test_five_are_too_few(self):
        assert interpolated_median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) == (-math.inf, math.inf)
