"""Time to accuracy with runs that never arrive: against SciPy, by hand, and by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.training.time_to_accuracy import (
    TimeToAccuracyOverRuns,
    missing_runs,
    time_to_accuracy,
)


def test_all_arrive():
    estimate = time_to_accuracy([(3.0, True), (5.0, True), (4.0, True), (9.0, True)])
    assert (estimate.median_seconds, estimate.least_seconds, estimate.most_seconds) == (4.5, 3.0, 9.0)
    assert estimate.mean_seconds == pytest.approx(5.25)
    assert (estimate.missed, estimate.missed_text) == (0, "")


def test_those_that_never_arrive_are_not_left_out():
    # Four of ten arrive early; of those that did the median would be 2.5.
    estimate = time_to_accuracy([(1.0, True), (2.0, True), (3.0, True), (4.0, True)] + [(60.0, False)] * 6)
    assert estimate.median_seconds is None
    assert (estimate.reached, estimate.missed_text) == (4, "not reached by 6 of 10 runs")
    assert estimate.mean_seconds == pytest.approx((1 + 2 + 3 + 4 + 6 * 60) / 10)
    assert (estimate.least_seconds, estimate.most_seconds) == (1.0, None)
    assert (estimate.high_seconds, estimate.has_interval) == (math.inf, False)


def test_by_hand_where_a_run_is_cut_short():
    # At 3 one of four arrives; one is cut at 4; at 5 one of two: 3/4 x 1/2 = 3/8 are under way.
    estimate = time_to_accuracy([(3.0, True), (4.0, False), (5.0, True), (9.0, True)])
    assert estimate.median_seconds == 5.0
    assert estimate.mean_seconds == pytest.approx(3 + 2 * 3 / 4 + 4 * 3 / 8)


@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_scipys_survival_function(seed):
    rng = np.random.default_rng(seed)
    times, ends = rng.exponential(10.0, 31), rng.uniform(5.0, 40.0, 31)
    reached = times <= ends
    seconds = np.minimum(times, ends)
    survival = stats.ecdf(stats.CensoredData.right_censored(seconds, ~reached)).sf
    estimate = time_to_accuracy(
        list(zip(seconds.tolist(), reached.tolist(), strict=True)), horizon_seconds=12.0
    )
    assert (
        survival.evaluate(estimate.median_seconds) <= 0.5 < survival.evaluate(estimate.median_seconds - 1e-9)
    )
    grid = np.linspace(0.0, 12.0, 120_001)[:-1] + 5e-5
    assert estimate.mean_seconds == pytest.approx(survival.evaluate(grid).mean() * 12.0, abs=1e-3)


def test_never_reached():
    estimate = time_to_accuracy([(9.0, False)] * 3)
    assert (estimate.median_seconds, estimate.least_seconds, estimate.mean_seconds) == (None, None, 9.0)
    assert estimate.missed_text == "never reached in 3 runs"
    assert time_to_accuracy([(9.0, False)]).missed_text == "never reached"


def test_half_of_them_leaves_the_median_open():
    assert time_to_accuracy([(3.0, True), (9.0, False)]).median_seconds is None
    assert time_to_accuracy([(3.0, True), (5.0, True), (9.0, False)]).median_seconds == 5.0


def test_interval_holds_the_median_whatever_the_missed_ones_would_have_taken():
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(1000):
        times, ends = rng.lognormal(2.0, 0.5, 9), rng.uniform(5.0, 30.0, 9)
        runs = [(min(time, end), bool(time <= end)) for time, end in zip(times, ends, strict=True)]
        estimate = time_to_accuracy(runs)
        missed += not estimate.low_seconds <= math.exp(2.0) <= estimate.high_seconds
    assert missed <= 50


def test_five_runs_have_a_range_and_no_interval():
    estimate = time_to_accuracy([(float(n), True) for n in range(1, 6)])
    assert (estimate.has_interval, missing_runs(estimate)) == (False, 1)
    six = time_to_accuracy([(float(n), True) for n in range(1, 7)])
    assert (six.low_seconds, six.high_seconds, six.has_interval, missing_runs(six)) == (1.0, 6.0, True, 0)


def test_bad_runs_are_refused():
    with pytest.raises(ValueError, match="no runs"):
        time_to_accuracy([])
    with pytest.raises(ValueError, match="seconds -1.0: expected a time of at least 0"):
        time_to_accuracy([(-1.0, True)])
    with pytest.raises(ValueError, match="horizon_seconds 10.0: expected at most the longest run's 9.0"):
        time_to_accuracy([(9.0, False)], horizon_seconds=10.0)


def test_the_horizon_s_bounds():
    runs = [(3.0, True), (9.0, True)]
    assert time_to_accuracy(runs).horizon_seconds == 9.0
    assert time_to_accuracy(runs, 9.0).mean_seconds == 6.0
    assert time_to_accuracy(runs, 0.0).mean_seconds == 0.0
    assert time_to_accuracy(runs, 4.0).mean_seconds == 3.0 + 0.5
    with pytest.raises(ValueError, match="horizon_seconds -1.0"):
        time_to_accuracy(runs, -1.0)


def test_a_time_of_no_seconds_is_one_and_no_number_is_none():
    assert time_to_accuracy([(0.0, True)]).median_seconds == 0.0
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="expected a time of at least 0"):
            time_to_accuracy([(bad, True)])


def test_an_interval_is_bounded_from_both_sides():
    estimate = time_to_accuracy([(float(n), True) for n in range(1, 7)])
    for low, high, bounded in ((0.5, 5.0, True), (0.0, 5.0, False), (0.5, math.inf, False)):
        assert replace(estimate, low_seconds=low, high_seconds=high).has_interval == bounded


def test_the_median_lies_between_the_two_middle_ones_of_an_even_number():
    assert time_to_accuracy([(float(n), True) for n in (1, 2, 4, 8)]).median_seconds == 3.0
    assert time_to_accuracy([(float(n), True) for n in (1, 2, 2, 8)]).median_seconds == 2.0
    assert time_to_accuracy([(float(n), True) for n in (2, 2, 4, 8)]).median_seconds == 3.0
    assert time_to_accuracy([(float(n), True) for n in (1, 2, 4)]).median_seconds == 2.0
    # one of four is cut short at 6, after half had arrived: the next to arrive is at 8
    assert time_to_accuracy([(1.0, True), (2.0, True), (6.0, False), (8.0, True)]).median_seconds == 5.0


def test_missing_runs_by_hand():
    counts = (1, 5, 6, 7)
    estimates = [time_to_accuracy([(float(n), True) for n in range(1, count + 1)]) for count in counts]
    assert [missing_runs(estimate) for estimate in estimates] == [5, 1, 0, 0]
    assert [estimate.low_seconds for estimate in estimates] == [0.0, 0.0, 1.0, 1.0]


def test_the_confidence_is_told():
    assert TimeToAccuracyOverRuns.confidence == time_to_accuracy([(1.0, True)]).confidence == 0.95
    assert time_to_accuracy([(1.0, True)], confidence=0.5).confidence == 0.5
