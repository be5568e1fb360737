"""That the base is the fastest of several: against draws of alike ones, and where it must be Bonferroni's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from likeforlike.reports.statistics.choice import (
    confidence_beside_the_fastest,
    p_value_beside_the_fastest,
)

DRAWS = 100_000


@pytest.mark.parametrize("entrants", [3, 5, 10, 30])
@pytest.mark.parametrize("p_value", [0.2, 0.05, 0.005])
def test_alike_ones_are_so_far_from_the_fastest_as_often_as_draws_say(entrants: int, p_value: float) -> None:
    times = np.random.default_rng(entrants).normal(size=(DRAWS, entrants))
    apart = times - times.min(axis=1, keepdims=True)
    far = 2 * stats.norm.sf(apart / np.sqrt(2)) < p_value
    share = far.sum() / (DRAWS * (entrants - 1))
    error = np.sqrt(far.sum(axis=1).var() / DRAWS) / (entrants - 1)
    assert p_value_beside_the_fastest(p_value, entrants) == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize("p_value", [0.5, 0.05, 1e-3, 1e-9, 1e-300])
def test_of_two_nobody_was_chosen(p_value: float) -> None:
    assert p_value_beside_the_fastest(p_value, 2) == p_value
    assert confidence_beside_the_fastest(1 - p_value, 2) == 1 - p_value


@pytest.mark.parametrize("entrants", [3, 10, 50])
def test_small_ones_count_half_as_often_as_there_are_entrants_and_none_more(entrants: int) -> None:
    assert p_value_beside_the_fastest(1e-9, entrants) == pytest.approx(1e-9 * entrants / 2)
    before = 0.0
    for p_value in np.geomspace(1e-8, 1.0, 60):
        found = p_value_beside_the_fastest(float(p_value), entrants)
        assert before < found <= min(p_value * entrants / 2, 1.0) * (1 + 1e-9)
        before = found
    assert before == 1.0


@pytest.mark.parametrize("entrants", [3, 10, 50])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_an_interval_excludes_1_where_the_p_value_is_below(entrants: int, confidence: float) -> None:
    wider = confidence_beside_the_fastest(confidence, entrants)
    assert p_value_beside_the_fastest(1 - wider, entrants) == pytest.approx(1 - confidence, rel=1e-6)
    assert wider > confidence
