"""Judging without samples: against the samples that were not saved, and by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.ratios import unpaired_ratio
from likeforlike.reports.statistics.summaries import Summary, log_median_error, summary_of, summary_ratio
from likeforlike.reports.statistics.verdicts import verdict


def saved(median, rounds=4000, spread=0.01):
    """As ``--benchmark-save`` leaves it."""
    figures = (median * (1 + part * spread) for part in (-0.5, 0.5, -2, 10, 1, 1))
    q1, q3, least, most, mean, _ = figures
    return Summary(rounds, median, q1, q3, least, most, mean, median * spread)


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
