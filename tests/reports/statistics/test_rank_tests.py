"""Rank tests: against SciPy, against every order that there is, and where they are cautious."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.rank_tests import (
    LEAST_P_VALUE,
    missing_samples,
    rank_shift,
    welch_freedom,
    welch_p_value,
)


@pytest.mark.parametrize(("first", "second"), [(2, 2), (3, 5), (4, 4), (5, 5), (5, 10), (9, 7), (20, 20)])
def test_p_value_is_scipys_exact_one(first, second):
    rng = np.random.default_rng(first)
    for _ in range(20):
        base, other = rng.normal(size=first), rng.normal(0.7, 1.0, second)
        reference = stats.mannwhitneyu(base, other, method="exact").pvalue
        assert rank_shift(base, other).p_value == pytest.approx(reference, rel=1e-9)


@pytest.mark.parametrize(("first", "second"), [(4, 4), (4, 6), (5, 5)])
def test_p_value_by_every_order_that_there_is(first, second):
    rng = np.random.default_rng(3)
    base, other = rng.normal(size=first), rng.normal(0.9, 1.0, second)
    both = np.concatenate([base, other])

    def above(chosen):
        others = [number for number in range(both.size) if number not in chosen]
        return sum(both[i] < both[j] for i in chosen for j in others)

    observed = above(range(first))
    every = np.array([above(chosen) for chosen in combinations(range(both.size), first)])
    expected = min(2 * min(np.mean(every <= observed), np.mean(every >= observed)), 1.0)
    assert rank_shift(base, other).p_value == pytest.approx(expected)


def test_interval_is_where_the_test_of_a_shifted_sample_lets_go():
    rng = np.random.default_rng(5)
    base, other = rng.normal(size=5), rng.normal(2.0, 1.0, 5)
    shift = rank_shift(base, other)
    for end, inwards in ((shift.low, 1e-9), (shift.high, -1e-9)):
        assert stats.mannwhitneyu(base, other - end - inwards, method="exact").pvalue > 0.05
        assert stats.mannwhitneyu(base, other - end + inwards, method="exact").pvalue <= 0.05
    assert shift.low <= shift.centre <= shift.high
    assert shift.centre == pytest.approx(np.median(np.subtract.outer(other, base)))


@pytest.mark.parametrize("digits", [8, 1, 0])
@pytest.mark.parametrize(("first", "second"), [(4, 4), (5, 5), (5, 8), (4, 60)])
def test_interval_and_p_value_agree_with_ties_too(digits, first, second):
    rng = np.random.default_rng(first * second)
    decided = set()
    for _ in range(300):
        base = np.round(rng.normal(size=first), digits)
        other = np.round(rng.normal(1.5, 1.0, second), digits)
        shift = rank_shift(base, other)
        decided.add(shift.low > 0.0 or shift.high < 0.0)
        assert (shift.low > 0.0 or shift.high < 0.0) == (shift.p_value <= 0.05)
    assert decided == {True, False}


def test_ties_within_a_side_change_nothing_and_between_sides_count_against():
    apart = rank_shift(np.array([1.0, 1.0, 1.0, 2.0, 2.0]), np.array([3.0, 3.0, 3.0, 4.0, 4.0]))
    assert apart.p_value == pytest.approx(2 / 252)
    touching = rank_shift(np.array([1.0, 1.0, 1.0, 2.0, 3.0]), np.array([3.0, 3.0, 3.0, 4.0, 4.0]))
    assert touching.p_value > apart.p_value
    assert touching.apart_p_value is None
    assert rank_shift(np.ones(5), np.ones(5)).p_value == 1.0


@pytest.mark.parametrize("kind", ["normal", "outliers", "ticks"])
@pytest.mark.parametrize(("first", "second"), [(4, 4), (5, 5), (5, 9), (4, 100)])
def test_the_same_is_called_different_in_at_most_5_percent(kind, first, second):
    rng = np.random.default_rng(first + second)
    wrong = 0
    for _ in range(1500):
        both = rng.normal(size=first + second)
        if kind == "outliers":
            both += np.where(rng.random(both.size) < 0.1, rng.uniform(5, 50, both.size), 0)
        if kind == "ticks":
            both = np.round(both)
        shift = rank_shift(both[:first], both[first:])
        wrong += shift.low > 0.0 or shift.high < 0.0
    assert wrong / 1500 <= 0.05


def test_few_restless_samples_against_many_quiet_ones():
    rng = np.random.default_rng(6)
    found = [rank_shift(rng.normal(0, 10, 5), rng.normal(0, 1, 60)) for _ in range(1000)]
    assert np.mean([item.p_value <= 0.05 for item in found]) <= 0.1
    unthinned = [
        stats.mannwhitneyu(rng.normal(0, 10, 5), rng.normal(0, 1, 60)).pvalue <= 0.05 for _ in range(1000)
    ]
    assert np.mean(unthinned) >= 0.2


def test_too_few_bound_nothing():
    assert rank_shift(np.array([1.0]), np.array([2.0])).low == -math.inf
    three = rank_shift(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    assert (three.low, three.high, three.p_value) == (-math.inf, math.inf, pytest.approx(0.1))


def test_missing_samples():
    assert [missing_samples(*counts, 0.95) for counts in ((1, 1), (3, 3), (3, 90), (4, 4), (5, 60))] == [
        3,
        1,
        1,
        0,
        0,
    ]
    # At 80 % three against three (p = 0.1) would do, and say nothing of how far they scatter.
    assert missing_samples(3, 3, 0.8) == 1
    # At 99 % four against four (p = 0.029) don't do, five against five (0.008) do.
    assert [missing_samples(count, count, 0.99) for count in (4, 5)] == [1, 0]


def test_welch_is_scipys():
    rng = np.random.default_rng(9)
    base, other = rng.normal(size=5), rng.normal(2.0, 3.0, 9)
    assert welch_p_value(base, other) == pytest.approx(stats.ttest_ind(base, other, equal_var=False).pvalue)
    assert welch_p_value(np.ones(5), np.ones(5)) == 1.0
    assert welch_p_value(np.ones(5), np.zeros(5)) == LEAST_P_VALUE == 1e-300
    assert welch_p_value(np.zeros(5), np.ones(5)) == LEAST_P_VALUE
    far = rng.normal(0.0, 1e-9, 500)
    assert welch_p_value(far, 1.0 + far) == LEAST_P_VALUE


def test_welchs_freedom_is_scipys():
    rng = np.random.default_rng(3)
    base, other = rng.normal(size=3), rng.normal(0.0, 3.0, 7)
    squares = base.var(ddof=1) / 3, other.var(ddof=1) / 7
    assert welch_freedom(squares, (3, 7)) == pytest.approx(stats.ttest_ind(base, other, equal_var=False).df)


def test_all_that_a_shift_says():
    base, other = np.array([0.0, 0.3, 0.1, 0.6]), np.array([1.0, 1.5, 2.5, 1.25])
    shift = rank_shift(base, other)
    differences = sorted(y - x for x in base for y in other)
    # U <= 0 has probability 1/70 on a side, U <= 1 has 2/70: twice that is above 5 %.
    assert (shift.low, shift.high) == (differences[0], differences[-1])
    assert (shift.centre, shift.p_value) == pytest.approx((np.median(differences), 2 / 70))
    assert shift.apart_p_value == pytest.approx(stats.ttest_ind(base, other, equal_var=False).pvalue)
    back = rank_shift(other, base)
    assert (back.low, back.high, back.p_value) == (-shift.high, -shift.low, shift.p_value)
    assert back.apart_p_value == pytest.approx(shift.apart_p_value)
    wider = rank_shift(base, other, 0.9)  # twice U <= 1, 4/70, is within 10 %; twice U <= 2, 8/70, isn't
    assert (wider.low, wider.high) == (differences[1], differences[-2])


def test_at_the_confidence_of_a_rank_it_is_that_rank():
    base, other = np.arange(4.0), np.arange(4.0) * 10.0
    differences = np.sort(np.subtract.outer(other, base).ravel())
    at_one = rank_shift(base, other, 1.0 - 4 / 70)
    assert (at_one.low, at_one.high) == (differences[1], differences[-2])
    below = rank_shift(base, other, 1.0 - 3.999 / 70)
    assert (below.low, below.high) == (differences[0], differences[-1])


@pytest.mark.parametrize(("base", "other"), [([1.0], [2.0, 3.0]), ([1.0, 1.5], [2.0]), ([2.0], [1.0])])
def test_one_alone_has_no_welchs_test(base, other):
    assert rank_shift(np.array(base), np.array(other)).apart_p_value is None


def test_two_a_side_have_one():
    base, other = np.array([1.0, 1.5]), np.array([3.0, 4.0])
    wanted = stats.ttest_ind(base, other, equal_var=False).pvalue
    assert rank_shift(base, other).apart_p_value == pytest.approx(wanted)


def test_samples_that_touch_are_not_apart():
    low, high = np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 5.0, 6.0, 7.0])
    assert rank_shift(low, high).apart_p_value is None
    assert rank_shift(high, low).apart_p_value is None


@pytest.mark.parametrize("many", [8, 9, 60])
def test_of_many_more_twice_as_many_quantiles_are_taken(many):
    rng = np.random.default_rng(many)
    few, rest = rng.normal(size=4), rng.normal(0.5, 1.0, many)
    thinned = rest if many == 8 else np.quantile(rest, (np.arange(8) + 0.5) / 8)
    shift, wanted = rank_shift(few, rest), rank_shift(few, thinned)
    assert (shift, rank_shift(rest, few).low) == (wanted, -wanted.high)
    assert shift.centre == np.median(np.subtract.outer(thinned, few))
    reference = stats.mannwhitneyu(few, thinned, method="exact").pvalue
    assert shift.p_value == pytest.approx(reference)
