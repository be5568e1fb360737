"""Intervals of a median: against SciPy's quantile test and bootstrap, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.median_intervals import bootstrap_median, median_interval


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


class TestBootstrap:
    @pytest.mark.parametrize("count", [6, 7, 15, 40, 61])
    def test_agrees_with_scipys_bootstrap(self, count):
        samples = np.random.default_rng(count).normal(size=count)
        resampled = stats.bootstrap(
            (samples,), np.median, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
        ).bootstrap_distribution
        exact = bootstrap_median(samples)
        for probability in (0.05, 0.3, 0.5, 0.8, 0.975):
            value = exact.quantile(probability)
            assert np.mean(resampled <= value) >= probability - 0.02
            assert np.mean(resampled < value) <= probability + 0.02

    def test_two_samples_by_hand(self):
        # Resamples of {0, 1}: 00, 01, 10, 11, with medians 0, 1/2, 1/2, 1.
        exact = bootstrap_median(np.array([1.0, 0.0]))
        assert [exact.at_most(value) for value in (-1.0, 0.0, 0.5, 1.0)] == [0.0, 0.25, 0.75, 1.0]
        assert exact.at_least(0.5) == 0.75

    def test_three_samples_by_hand(self):
        # 27 resamples; the median is the least when at least two draws are: 1 + 3*2 = 7 of them.
        exact = bootstrap_median(np.array([5.0, 7.0, 6.0]))
        assert exact.at_most(5.0) == pytest.approx(7 / 27)
        assert exact.at_most(6.0) == pytest.approx(20 / 27)

    def test_many_samples_agree_with_the_order_statistics(self):
        samples = np.random.default_rng(3).normal(size=4001)
        assert bootstrap_median(samples).interval(0.95) == pytest.approx(median_interval(samples), abs=2e-3)

    def test_none_is_refused(self):
        with pytest.raises(ValueError, match="at least one sample"):
            bootstrap_median(np.array([]))
