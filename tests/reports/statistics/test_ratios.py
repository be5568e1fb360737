"""Ratios field by field: by hand where times scatter evenly, against scipy's Student elsewhere."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.median_intervals import interpolated_median_interval
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE, rank_shift
from likeforlike.reports.statistics.ratios import (
    RatioEstimate,
    arm_p_value,
    few_pairs_ratio,
    log_ratios,
    paired_ratio,
    unpaired_ratio,
    without_figure,
)

OF_ROUNDS_ALONE = {
    "apart_p_value": None,
    "hindrance": "",
    "missing_rounds": None,
    "launches": 1,
    "freedom": None,
    "assumed": False,
    "spread": 0.0,
    "spread_assumed": False,
    "between_share": None,
    "fixed_variance": 0.0,
    "untold": False,
    "left_out": 0,
    "narrower": None,
}
"""What every estimate says of itself that knows of the rounds of one launch and no more."""


def told(ratio, low, high, pairs, paired, p_value, confidence=0.95, **more):
    """All fields, figures within rounding."""
    named = {"ratio": ratio, "low": low, "high": high, "pairs": pairs, "paired": paired, "p_value": p_value}
    return pytest.approx({**named, "confidence": confidence, **OF_ROUNDS_ALONE, **more})


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_paired_with_an_interval(confidence):
    base = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    logs = np.array([-0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
    low, high = interpolated_median_interval(logs, confidence)
    # 0 lies halfway between the first and the second of seven: they miss the median in 2/128 and 16/128, and
    # a Laplace distribution's weight of (n - k) s / (k + (n - 2k) s), k = 1, is 1/2 at s = 1/7.
    p_value = (2 / 128 + 14 / 128 / 7) / 0.85
    expected = told(math.exp(0.3), math.exp(low), math.exp(high), 7, True, p_value, confidence)
    assert asdict(paired_ratio(base, base * np.exp(logs), confidence)) == expected


def test_a_thousand_pairs_on_one_side_are_not_surer_than_the_least_p_value():
    assert paired_ratio([1.0] * 1100, [2.0] * 1100).p_value == LEAST_P_VALUE == 1e-300


@pytest.mark.parametrize(
    ("pairs", "hindrance", "missing"), [(1, "1 pair, too few", 5), (2, "2 pairs, too few", 4), (5, None, 1)]
)
def test_paired_with_too_few(pairs, hindrance, missing):
    hindrance = hindrance or "5 pairs, too few"
    expected = told(3.0, 0.0, math.inf, pairs, True, 1.0, hindrance=hindrance, missing_rounds=missing)
    assert asdict(paired_ratio([1.0] * pairs, [3.0] * pairs)) == expected


@pytest.mark.parametrize("pairs", [4, 5])
def test_four_or_five_pairs_go_by_student(pairs):
    logs = np.array([0.1, 0.3, 0.2, 0.5, 0.35])[:pairs]
    found = few_pairs_ratio(np.ones(pairs), np.exp(logs))
    expected = stats.ttest_1samp(logs, 0.0)
    low, high = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert found.ratio == pytest.approx(math.exp(logs.mean()))
    assert (found.pairs, found.paired) == (pairs, True)


@pytest.mark.parametrize(("pairs", "missing"), [(1, 3), (3, 1), (6, None), (9, None)])
def test_fewer_and_more_do_not(pairs, missing):
    base, other = np.ones(pairs), np.linspace(1.1, 1.3, pairs)
    found = few_pairs_ratio(base, other)
    assert found == replace(paired_ratio(base, other), missing_rounds=missing)


def test_a_surer_interval_needs_more_pairs_than_six():
    """Six are the fewest at 95 %; at 99.9 % seven say no more, and one more is asked for at the least."""
    estimate = paired_ratio([1.0] * 7, [2.0] * 7, 0.999)
    assert (estimate.has_interval, estimate.missing_rounds) == (False, 1)


def test_ratio_of_medians_by_hand():
    """Six a side: the interval of either median is its whole range; joined as Zou and Donner 2008 do it."""
    base, other = np.array([-0.2, -0.1, 0.0, 0.1, 0.3, 0.4]), np.array([0.5, 0.6, 0.9, 1.1, 1.2, 1.6])
    (base_low, base_high), (other_low, other_high) = map(interpolated_median_interval, (base, other))
    low = 0.95 - math.sqrt((1.0 - other_low) ** 2 + (base_high - 0.05) ** 2)
    high = 0.95 + math.sqrt((other_high - 1.0) ** 2 + (0.05 - base_low) ** 2)
    p_value = 2 * stats.t.sf(0.95 / (0.95 - low) * stats.t.ppf(0.975, 5), 5)
    expected = told(math.exp(0.95), math.exp(low), math.exp(high), 6, False, p_value)
    assert asdict(unpaired_ratio(np.exp(base), np.exp(other))) == expected
    back = unpaired_ratio(np.exp([*other, 1.0]), np.exp(base))  # seven against six, and now it is faster
    assert (back.ratio, back.pairs) == (pytest.approx(math.exp(-0.95)), 6)
    assert back.p_value == pytest.approx(
        2 * stats.t.sf(0.95 / (math.log(back.high) + 0.95) * stats.t.ppf(0.975, 5), 5)
    )


def test_by_ranks():
    base, other = np.array([1.0, 1.1, 1.2, 1.3]), np.array([2.0, 2.1, 2.2, 2.3, 2.4])
    shift = rank_shift(np.log(base), np.log(other), 0.9)
    assert asdict(unpaired_ratio(base, other, 0.9)) == told(
        *(math.exp(shift.centre), math.exp(shift.low), math.exp(shift.high)),
        *(4, False, 2 / math.comb(9, 4), 0.9),
        apart_p_value=stats.ttest_ind(np.log(base), np.log(other), equal_var=False).pvalue,
    )


def test_unpaired_with_too_few():
    expected = told(
        2.0, 0.0, math.inf, 3, False, 1.0, hindrance="3 rounds against 1,000, too few", missing_rounds=1
    )
    assert asdict(unpaired_ratio([1.0] * 3, [2.0] * 1000)) == expected


def test_without_a_figure():
    expected = told(1.0, 0.0, math.inf, 0, False, 1.0, hindrance="p99 needs more", untold=True)
    assert asdict(without_figure("p99 needs more")) == expected


@pytest.mark.parametrize(
    ("low", "high", "has"), [(0.5, 2.0, True), (0.0, 2.0, False), (0.5, math.inf, False), (1e-9, 2.0, True)]
)
def test_an_interval_has_two_ends(low, high, has):
    assert RatioEstimate(1.0, low, high, 9, True, 0.5).has_interval is has


def test_times_that_are_none_are_left_out():
    base, other = [1.0, 0.0, -1.0, math.inf, math.nan, 2.0, 4.0], [3.0, 1.0, 1.0, 1.0, 1.0, math.inf, 2.0]
    assert log_ratios(base, other) == pytest.approx(np.log([3.0, 0.5]))
    assert unpaired_ratio([0.0, math.inf, 2.0], [-1.0, 6.0]).ratio == pytest.approx(3.0)
    with pytest.raises(ValueError, match="no sample with a time above 0"):
        unpaired_ratio([0.0], [1.0])


@pytest.mark.parametrize(
    ("centre", "low", "high", "expected"),
    [
        (0.0, -0.1, 0.1, 1.0),
        (0.0, 0.0, 0.0, 1.0),
        (0.2, 0.2, 0.3, LEAST_P_VALUE),
        (-0.2, -0.3, -0.2, LEAST_P_VALUE),
        (0.3, 0.0, 0.9, 0.05),
        (-0.3, -0.9, 0.0, 0.05),
        (0.3, -0.3, 0.4, 2 * stats.t.sf(stats.t.ppf(0.975, 7) / 2, 7)),
        (1e9, 1e9 - 1e-99, 2e9, LEAST_P_VALUE),
    ],
)
def test_p_value_by_the_arm_that_points_to_no_difference(centre, low, high, expected):
    assert arm_p_value(centre, low, high, 0.95, 7) == pytest.approx(expected)
