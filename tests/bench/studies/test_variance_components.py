"""Nested variance components, against matrices written out and against variances that were put in."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.bench.studies.replication.variance import components, sums_of, variances

UNEQUAL = ((3, 1, 4), (2, 5), (1,), (6, 2, 2, 3))
"""Rounds of each launch, run by run."""


def cell_of(values, shape=UNEQUAL):
    """A flat vector as runs of launches."""
    left = iter(values)
    return [[np.array([next(left) for _ in range(count)]) for count in launches] for launches in shape]


def indicators(shape):
    """One column a launch, and one column a run."""
    launches = [(run, count) for run, counts in enumerate(shape) for count in counts]
    total = sum(count for _, count in launches)
    of_launch, of_run = np.zeros((total, len(launches))), np.zeros((total, len(shape)))
    start = 0
    for number, (run, count) in enumerate(launches):
        of_launch[start : start + count, number] = 1.0
        of_run[start : start + count, run] = 1.0
        start += count
    return of_launch, of_run


def onto(columns):
    return columns @ np.linalg.pinv(columns)


@pytest.mark.parametrize("shape", [UNEQUAL, ((4, 4), (4, 4), (4, 4)), ((2, 1), (3,))])
def test_sums_of_squares_and_what_is_expected_of_them_by_matrices(shape):
    """A sum of squares is y'Ay; its expectation under y ~ (m, V) is tr(AV), for every variance apart."""
    launches, runs = indicators(shape)
    total = len(launches)
    mean = onto(np.ones((total, 1)))
    within, between, above = np.eye(total) - onto(launches), onto(launches) - onto(runs), onto(runs) - mean
    values = np.random.default_rng(1).normal(size=total)
    found = sums_of(cell_of(values, shape))
    assert found.within == pytest.approx(values @ within @ values)
    assert found.launches == pytest.approx(values @ between @ values)
    assert found.runs == pytest.approx(values @ above @ values)
    round_cov, launch_cov, run_cov = np.eye(total), launches @ launches.T, runs @ runs.T
    expected = {
        "within_freedom": np.trace(within @ round_cov),
        "launch_freedom": np.trace(between @ round_cov),
        "launch_in_launches": np.trace(between @ launch_cov),
        "run_freedom": np.trace(above @ round_cov),
        "launch_in_runs": np.trace(above @ launch_cov),
        "run_in_runs": np.trace(above @ run_cov),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)
    assert np.trace(within @ launch_cov) == pytest.approx(0)
    assert np.trace(between @ run_cov) == pytest.approx(0)


def test_known_variances_come_out_over_many_cells():
    draw = np.random.default_rng(2)
    launches, runs = indicators(UNEQUAL)
    total = len(launches)
    cells = []
    for _ in range(2000):
        values = draw.normal(0, 0.05, total) + draw.normal() * 3  # the cell's own mean
        values += launches @ draw.normal(0, 0.02, launches.shape[1]) + runs @ draw.normal(
            0, 0.04, runs.shape[1]
        )
        cells.append(cell_of(values))
    found = components(cells)
    assert (found.rounds, found.launches, found.runs) == pytest.approx((0.05, 0.02, 0.04), rel=0.1)
    assert found.cells == 2000


def test_by_hand():
    # one run, launches (1, 3) and (2, 6): within 2 + 8 of 2 degrees of freedom: 5; means 2 and 4 of 3:
    # between 2·1 + 2·1 = 4 of 1 degree, so (4 - 5) / 2 is below 0
    cell = [[np.array([1.0, 3.0]), np.array([2.0, 6.0])]]
    assert variances(sums_of(cell)) == (5.0, -0.5, None)
    found = components([cell])
    assert (found.rounds, found.launches, found.runs) == (pytest.approx(5**0.5), 0.0, None)


def test_nothing_tells_nothing():
    assert components([]).rounds is None
    assert components([[[np.array([1.0])]]]).launches is None
    assert components([[[np.array([])], []]]).rounds is None
