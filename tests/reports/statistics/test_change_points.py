"""Steps in a series: E-divisive's places against brute force, tests against scipy, alarms against chance."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.change_points import (
    HUNTER,
    LEAST_RUNS,
    Rule,
    energies,
    find_steps,
    inflation_of,
    noise_of,
    outliers,
)
from likeforlike.reports.statistics.moderated_variance import Spread


def brute_force_energy(before, after):
    """Q of Matteson and James (2014), equations 5 and 6, with exponent 1, term by term."""
    m, n = len(before), len(after)
    across = 2.0 / (m * n) * sum(abs(x - y) for x in before for y in after)
    inside = sum(abs(x - y) for x, y in combinations(before, 2)) / (m * (m - 1) / 2)
    later = sum(abs(x - y) for x, y in combinations(after, 2)) / (n * (n - 1) / 2)
    return m * n / (m + n) * (across - inside - later)


def step_series(before=20, after=15, size=0.1, noise=0.02, seed=1):
    draw = np.random.default_rng(seed)
    return np.r_[draw.normal(0, noise, before), draw.normal(size, noise, after)]


def test_energies_are_those_of_the_paper_at_every_split():
    values = np.random.default_rng(3).normal(0, 1, 13)
    found = list(energies(values, 2, 12))
    assert [split for split, _, _ in found] == list(range(2 + LEAST_RUNS, 12 - LEAST_RUNS + 1))
    for split, end, energy in found:
        every = {
            k: brute_force_energy(values[2:split], values[split:k]) for k in range(split + LEAST_RUNS, 13)
        }
        assert energy == pytest.approx(max(every.values()), rel=1e-9)
        assert every[end] == pytest.approx(energy, rel=1e-9)


def test_the_largest_energy_is_otavas():
    """Apache Otava 0.8.0: PairDistanceCalculator(series).get_candidate_change_point(slice(0, 35))."""
    split, _, energy = max(energies(step_series(), 0, 35), key=lambda found: found[2])
    assert (split, energy) == (20, pytest.approx(1.337804826971805, rel=1e-12))


def test_a_step_is_told_with_students_interval():
    values = step_series()
    (step,) = find_steps(values, inflation=1.0).steps
    test = stats.ttest_ind(values[20:], values[:20])
    interval = test.confidence_interval(0.95)
    assert step.position == 20
    assert step.log_ratio == pytest.approx(values[20:].mean() - values[:20].mean())
    assert (step.low, step.high) == pytest.approx((interval.low, interval.high))
    assert step.p_value == pytest.approx(test.pvalue * (35 - 2 * LEAST_RUNS + 1))


def test_a_moderated_variance_counts_for_few_runs():
    values = step_series(4, 4, 0.05)
    known = find_steps(values, inflation=1.0, spread=Spread(0.02**2, 30.0))
    assert [step.position for step in known.steps] == [4]
    assert known.steps[0].p_value < find_steps(values, Rule(level=1.0), inflation=1.0).steps[0].p_value


def test_steps_up_and_down_are_both_found():
    draw = np.random.default_rng(2)
    values = draw.normal(0, 0.01, 36) + np.r_[np.zeros(12), np.full(12, 0.1), np.zeros(12)]
    found = find_steps(values)
    assert [step.position for step in found.steps] == [12, 24]
    assert found.levels == pytest.approx((0.0, 0.1, 0.0), abs=0.01)


def test_a_step_smaller_than_the_threshold_is_none():
    values = step_series(30, 30, 0.015, 0.002)
    assert find_steps(values).steps
    assert not find_steps(values, Rule(threshold=0.02)).steps


def test_a_step_begins_only_where_it_may():
    """Runs 9 and 10 are of one commit: the step is told before or after it."""
    places = [n for n in range(1, 40) if n != 10]
    (step,) = find_steps(step_series(10, 30), places=places).steps
    assert step.position in (9, 11)


def test_lone_outliers_are_set_aside_and_no_step():
    values = step_series(15, 15, 0.0, 0.01)
    values[7] += 0.4
    values[22] -= 0.3
    found = find_steps(values)
    assert found.outliers == {7, 22}
    assert not found.steps


@pytest.mark.parametrize("seed", [197, 234, 322, 368])
def test_the_first_runs_behind_a_step_are_no_outliers(seed):
    """They lie a little off the next ones, and far off all before them: draws in which that hid the step."""
    draw = np.random.default_rng(seed)
    values = np.r_[np.zeros(6), np.full(4, -0.22)] + draw.normal(0, 0.005, 10)
    assert not outliers(values)
    assert [step.position for step in find_steps(values).steps] == [6]


def test_the_run_that_was_set_aside_may_be_of_either_side():
    values = step_series(10, 10, 0.2, 0.004)
    values[10] += 0.5
    (step,) = find_steps(values).steps
    assert (step.earliest, step.position, step.latest) == (10, 11, 11)


@pytest.mark.parametrize("first", [0, 14, 28])
def test_two_outliers_beside_each_other_are_set_aside_too(first):
    values = step_series(15, 15, 0.0, 0.01)
    values[first : first + 2] += (0.4, 0.3)
    found = find_steps(values)
    assert found.outliers == {first, first + 1}
    assert not found.steps


def test_a_wild_part_counts_with_its_own_variance():
    """Three outliers in a row: were they as sure as the others, they would be a step."""
    values = step_series(15, 15, 0.0, 0.01)
    values[-3:] += (0.6, 0.1, 0.3)
    assert not find_steps(values, inflation=1.0, spread=Spread(1e-4, 40.0)).steps
    values[-3:] = values[-6:-3] + 0.3
    assert find_steps(values, inflation=1.0, spread=Spread(1e-4, 40.0)).steps


def test_the_run_before_a_step_is_no_outlier():
    """Even where a part is as short as it may be, at either end."""
    for before in (3, 4, 17):
        values = step_series(before, 20 - before, 0.4, 0.005)
        assert outliers(values) == frozenset()
        assert [step.position for step in find_steps(values).steps] == [before]


def test_fewer_runs_than_two_parts_have_no_step():
    for count in range(2 * LEAST_RUNS):
        values = np.r_[np.zeros(count // 2), np.ones(count - count // 2)]
        assert not find_steps(values).steps


def test_constant_runs_have_no_step_and_exact_ones_have():
    assert not find_steps(np.zeros(20)).steps
    assert [step.position for step in find_steps(np.repeat([0.0, 0.1], 10)).steps] == [10]


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        find_steps([0.0, float("nan"), 1.0])


def test_independent_runs_seldom_step():
    draw = np.random.default_rng(5)
    false = sum(bool(find_steps(draw.normal(0, 0.01, 25)).steps) for _ in range(200))
    assert false <= 12  # 5 % are 10


def ar1(draw, runs, correlation):
    values = draw.normal(0, 0.01, runs)
    for n in range(1, runs):
        values[n] = correlation * values[n - 1] + np.sqrt(1 - correlation**2) * values[n]
    return values


def test_runs_that_resemble_the_ones_before_count_for_less():
    draw = np.random.default_rng(6)
    series = [ar1(draw, 60, 0.5) for _ in range(60)]
    careful = sum(bool(find_steps(values, inflation=3.0).steps) for values in series)
    bare = sum(bool(find_steps(values, Rule(counts_likeness=False)).steps) for values in series)
    assert careful < 0.1 * len(series) < bare
    middle = np.median([noise_of(values).correlations for values in series], axis=0)
    assert inflation_of(middle, 60) == pytest.approx((1 + 0.5) / (1 - 0.5), rel=0.25)


def test_independent_runs_count_fully():
    draw = np.random.default_rng(7)
    noises = [noise_of(draw.normal(0, 0.01, 40)) for _ in range(60)]
    middle = np.median([noise.correlations for noise in noises], axis=0)
    assert inflation_of(middle, 40) < 1.5
    assert np.mean([noise.variance for noise in noises]) == pytest.approx(1e-4, rel=0.1)


def test_hunters_limit_is_a_bare_p_value():
    values = step_series(20, 15, 0.03)
    (step,) = find_steps(values, HUNTER).steps
    before, after = values[: step.position], values[step.position :]
    assert step.p_value == pytest.approx(stats.ttest_ind(after, before).pvalue)
    assert step.p_value < 0.001


def test_a_plain_step_of_few_runs_is_not_counted_as_noise():
    """By hand: six and four runs, eight degrees of freedom; the step is 8.7 standard errors, where
    1e-6, the limit that long series have for a plain step, would ask for 13.3.
    """
    before = np.log([1.924, 1.892, 1.924, 1.947, 1.980, 1.978])
    after = np.log([2.125, 2.129, 2.220, 2.152])
    told = noise_of(np.r_[before, after])
    squares = ((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()
    assert stats.ttest_ind(after, before).statistic == pytest.approx(8.73, abs=0.01)
    assert told.variance == pytest.approx(squares / 8)
    assert told.freedom == 8
    weak = noise_of(np.r_[before, before[:4] + 0.05])
    assert weak.freedom == 9


def test_of_few_runs_what_lies_as_far_off_as_runs_do_from_the_next_is_no_outlier():
    """Of ten runs half are the median of their neighbours: what is left of Hampel's standard is far too small."""
    quiet = np.log([1.924, 1.892, 1.924, 1.947, 1.980, 1.978, 2.125, 2.129, 2.220, 2.152])
    assert outliers(quiet) == frozenset()
    assert outliers(np.r_[quiet[:8], np.log([3.0]), quiet[9:]]) == {8}
