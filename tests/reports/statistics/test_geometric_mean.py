"""The mean of several cells' ratios against the formulas written out with scipy.stats, and its coverage."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.between_runs import apart
from likeforlike.reports.statistics.geometric_mean import geometric_mean_ratio
from likeforlike.reports.statistics.launches import unit_of
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.ratios import RatioEstimate

RUN_FREEDOM = 16.0


def ratio(log, error, freedom, fixed=0.0, **more):
    """An estimate with Student's interval, its squared error ``error ** 2``, of which ``fixed`` is the runs'."""
    arm = stats.t.ppf(0.975, freedom) * error
    ends = [math.exp(log - arm), math.exp(log + arm)]
    return RatioEstimate(
        math.exp(log), *ends, 10, False, 0.5, launches=3, freedom=freedom, fixed_variance=fixed, **more
    )


def test_against_the_formulas_written_out():
    """Meier's, by hand: the weighted mean, its squared error, and the degrees of freedom of that."""
    cells = [ratio(0.10, 0.05, 4.0, 0.0004), ratio(0.30, 0.12, 5.0, 0.0004), ratio(0.20, 0.20, 6.0, 0.0004)]
    own = [error**2 - 0.0004 for error in (0.05, 0.12, 0.20)]
    whole = sum(1.0 / part for part in own)
    weights = [1.0 / part / whole for part in own]
    centre = 0.10 * weights[0] + 0.30 * weights[1] + 0.20 * weights[2]
    pairs = list(zip(weights, (4.0, 5.0, 6.0), strict=True))
    squared = (1.0 + 4.0 * sum(w * (1.0 - w) / f for w, f in pairs)) / whole
    own_freedom = 1.0 / sum(w**2 / f for w, f in pairs)
    total = squared + 0.0004
    freedom = total**2 / (squared**2 / own_freedom + 0.0004**2 / RUN_FREEDOM)
    found = geometric_mean_ratio(cells, RUN_FREEDOM)
    assert math.log(found.ratio) == pytest.approx(centre)
    assert found.freedom == pytest.approx(freedom)
    arm = stats.t.ppf(0.975, freedom) * math.sqrt(total)
    assert math.log(found.high) == pytest.approx(centre + arm)
    assert math.log(found.low) == pytest.approx(centre - arm)
    assert found.p_value == pytest.approx(2.0 * stats.t.sf(centre / math.sqrt(total), freedom))
    assert (found.launches, found.pairs, found.paired, found.fixed_variance) == (3, 30, False, 0.0004)


def test_of_one_run_cells_lessen_all_of_the_error():
    cells = [ratio(0.1, 0.04, 1e6)] * 16
    found = geometric_mean_ratio(cells, RUN_FREEDOM)
    assert math.log(found.high / found.ratio) == pytest.approx(stats.norm.ppf(0.975) * 0.01, rel=1e-4)


def test_what_runs_differ_by_no_number_of_cells_lessens():
    found = geometric_mean_ratio([ratio(0.1, 0.06, 8.0, 0.0025)] * 4000, RUN_FREEDOM)
    assert math.log(found.high / found.ratio) == pytest.approx(
        stats.t.ppf(0.975, RUN_FREEDOM) * 0.05, rel=2e-3
    )


def test_a_cell_that_a_burst_spoiled_has_little_say():
    quiet = [ratio(0.15, 0.03, 8.0)] * 4
    found = geometric_mean_ratio([*quiet, ratio(-0.40, 0.40, 8.0)], RUN_FREEDOM)
    assert math.log(found.ratio) == pytest.approx(0.15, abs=0.002)


def test_of_cells_that_differ_the_larger_spread_between_runs_and_the_fewest_launches_count():
    cells = [
        ratio(0.1, 0.05, 8.0, 0.0016),
        replace(ratio(0.1, 0.05, 8.0, 0.0004), launches=5, paired=True),
        replace(ratio(0.1, 0.05, 8.0), launches=4),
    ]
    found = geometric_mean_ratio(cells, RUN_FREEDOM)
    assert (found.fixed_variance, found.launches, found.paired) == (0.0016, 3, False)
    assert geometric_mean_ratio(cells[1:2] * 2, RUN_FREEDOM).paired


def test_launches_that_agree_by_chance_have_no_more_than_a_thousand_times_the_weight():
    cells = [ratio(0.0, 0.1, 8.0), ratio(0.0, 0.1, 8.0), ratio(1.0, 1e-9, 8.0)]
    assert math.log(geometric_mean_ratio(cells, RUN_FREEDOM).ratio) == pytest.approx(1000.0 / 1002.0)


def test_cells_without_any_spread_are_not_divided_by_nothing():
    found = geometric_mean_ratio([ratio(0.1, 0.02, 8.0, 0.0004), ratio(0.2, 0.02, 8.0, 0.0004)], RUN_FREEDOM)
    assert math.log(found.ratio) == pytest.approx(0.15, abs=1e-6)
    assert math.isfinite(found.high)


def test_it_says_of_which_cells_it_is():
    cells = [ratio(0.1, 0.05, 8.0), ratio(0.1, 0.05, 8.0, assumed=True, spread=0.02, spread_assumed=True)]
    found = geometric_mean_ratio(cells, RUN_FREEDOM)
    assert (found.assumed, found.spread, found.spread_assumed) == (True, 0.02, True)
    assert not geometric_mean_ratio(cells[:1] * 2, RUN_FREEDOM).assumed


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [ratio(0.1, 0.05, 8.0)],
        [ratio(0.1, 0.05, 8.0), RatioEstimate(1.1, 1.0, 1.2, 9, True, 0.1)],
        [ratio(0.1, 0.05, 8.0), RatioEstimate(1.1, 0.0, math.inf, 9, True, 1.0, freedom=3.0)],
    ],
)
def test_what_has_no_mean(cells):
    with pytest.raises(ValueError, match="at least two ratios, each with an interval over launches"):
        geometric_mean_ratio(cells, RUN_FREEDOM)


def test_it_holds_the_truth_where_runs_and_launches_vary():
    """Five cells, three launches on either side; each run finds the machine faster or slower as a whole."""
    rng = np.random.default_rng(11)
    launched, between = Spread(0.04**2, 8.0), Spread(0.025**2, 8.0)
    held = 0
    for _ in range(600):
        runs = rng.normal(0.0, 0.025, 2)
        cells = []
        for _ in range(5):
            sides = [
                [[unit_of(now + rng.normal(0.0, 0.04) + rng.normal(0.0, 0.002, 6)) for _ in range(3)]]
                for now in runs
            ]
            cells.append(apart(sides[0], sides[1], (launched, launched), between))
        found = geometric_mean_ratio(cells, RUN_FREEDOM)
        held += found.low < 1.0 < found.high
    assert 0.935 * 600 <= held <= 0.985 * 600
