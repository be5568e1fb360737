"""What the cells of one machine show of noise together: few runs of one cell tell it badly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likeforlike.reports.statistics.change_points import Noise, inflation_of
from likeforlike.reports.statistics.moderated_variance import Spread, pooled_spread

BORROWED_RUNS = 60
"""Runs that the median of all cells is worth where it is told how much a cell's runs resemble each other; and
that :data:`USUAL_INFLATION` is worth beside the median of few."""

USUAL_INFLATION = 1.3
"""Of the variance of means, where few runs tell none: a lasting step is itself a likeness of neighbours, so
that a cell that stepped would hide its step. By the study of false alarms, with 1 to 20 cells."""

MOST_FREEDOM = 40.0
"""Degrees of freedom that no variance is worth more than, however many cells show it."""


def inflations(noises: Sequence[Noise]) -> list[float]:
    """By how much runs of each series count for less since they resemble the ones before.

    A few runs hardly tell it. So of n runs their own counts n / (n + :data:`BORROWED_RUNS`), the rest is what
    the correlations of all series show at their median. That counts by the same rule with the runs of all,
    and the rest of it is :data:`USUAL_INFLATION`.
    """
    table = np.array([noise.correlations for noise in noises])
    known = ~np.isnan(table).all(axis=0)
    middle = np.full(table.shape[1], np.nan)
    middle[known] = np.nanmedian(table[:, known], axis=0)
    share_of_all = _share(sum(noise.runs for noise in noises))
    result = []
    for noise in noises:
        share = _share(noise.runs)
        of_all, own = (inflation_of(found, noise.runs) for found in (middle, noise.correlations))
        borrowed = of_all**share_of_all * USUAL_INFLATION ** (1.0 - share_of_all)
        result.append(borrowed ** (1.0 - share) * own**share)
    return result


def _share(runs: int) -> float:
    return runs / (runs + BORROWED_RUNS)


def shared_spread(noises: Sequence[Noise], inflated: Sequence[float]) -> Spread | None:
    """The variance that a machine's cells show together; None of fewer than two that show any.

    They have the machine's factor in common, so that they tell less than as many that have not.
    """
    freedoms = [noise.freedom / more for noise, more in zip(noises, inflated, strict=True)]
    told = [(n.variance, freedom) for n, freedom in zip(noises, freedoms, strict=True) if freedom >= 1.0]
    if len(told) < 2:
        return None
    return pooled_spread([v for v, _ in told], [d for _, d in told], MOST_FREEDOM)
