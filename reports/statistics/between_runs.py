"""Ratios over several runs of the harness, at different times: what runs differ by is in the interval.

A run's launches are neighbours: in another hour all of them lie elsewhere together. Taken as if they were of
one run, three launches each of three runs would pass for nine draws of what was drawn three times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from likeforlike.reports.statistics.launches import (
    Unit,
    interval_squared_error,
    near_launches,
    over_launches,
    student_ratio,
)
from likeforlike.reports.statistics.moderated_variance import Spread, joint_freedom, moderated
from likeforlike.reports.statistics.ratios import RatioEstimate

TELLING_RUNS = 4.0
"""Degrees of freedom from which on a variance between runs tells enough: of five entrants in two files. With
fewer, hardly anything shows what two files differ by (``bench.studies.verdict_rules --simulate``)."""


def over_runs(
    runs: Sequence[Sequence[Unit]],
    spread: Spread | None = None,
    run_spread: Spread | None = None,
    confidence: float = 0.95,
    of_calls: bool = False,
) -> RatioEstimate:
    """Ratio from the paired log-ratios of launches, two at least, of one run or several.

    Over launches, as :func:`over_launches` has it; or over runs, each by the mean of its launches, where that
    interval is wider. ``spread``: of ratios between launches; ``run_spread``: of such means between runs, as
    all that were measured there show it. Where that has fewer than ``TELLING_RUNS`` degrees of freedom,
    launches are all that counts, unless runs lie further apart than their launches would bring about once in
    twenty times (Fisher's F).
    """
    units = [unit for run in runs for unit in run]
    estimate = over_launches(units, spread, confidence, of_calls)
    if not 1 < len(runs) < len(units):  # of one launch each, launches are runs
        return estimate
    near = near_launches(units, spread)
    kept = [[unit for unit in run if unit in near] or run for run in runs]
    means = [float(np.mean([unit.log for unit in run])) for run in kept]
    own, known = float(np.var(means, ddof=1)), len(runs) - 1.0
    if run_spread is not None and run_spread.most >= TELLING_RUNS:
        own, known = moderated(own, known, run_spread)
    elif not _beyond_launches(own, kept):
        return estimate
    square, by_launches = own / len(runs), interval_squared_error(estimate)
    within = (1.0 - (estimate.between_share or 0.0)) * by_launches
    share = 1.0 - within / max(square, by_launches) if by_launches else 1.0
    centre, count = float(np.mean(means)), estimate.launches
    over = student_ratio(centre, math.sqrt(square), known, near, True, confidence, count, share)
    if over.high * estimate.low <= estimate.high * over.low:
        return estimate
    return replace(
        over,
        p_value=max(over.p_value, estimate.p_value),
        fixed_variance=max(square - by_launches, 0.0),
        left_out=estimate.left_out,
    )


def _beyond_launches(variance: float, runs: Sequence[Sequence[Unit]]) -> bool:
    """Whether runs' means vary by more than what launches within runs bring about 19 times in 20.

    Never of runs that lost all but one launch each.
    """
    squares, freedom = _within_runs(runs)
    if not freedom:
        return False
    of_a_mean = squares / freedom * float(np.mean([1.0 / len(run) for run in runs]))
    return variance > of_a_mean * float(special.fdtri(len(runs) - 1.0, freedom, 0.95))


def _within_runs(runs: Sequence[Sequence[Unit]]) -> tuple[float, float]:
    """Sum of the squares of launches about their run's mean, and its degrees of freedom."""
    squares = sum(float(np.var([unit.log for unit in run])) * len(run) for run in runs)
    return squares, sum(len(run) - 1.0 for run in runs)


def apart(
    base: Sequence[Sequence[Unit]],
    other: Sequence[Sequence[Unit]],
    launch_spreads: tuple[Spread | None, Spread | None],
    run_spread: Spread | None,
    confidence: float = 0.95,
) -> RatioEstimate:
    """Ratio of two sides that were not measured in turns; of either the units (logs of times) run by run.

    At least two units a side. ``launch_spreads``: of each side's times between launches; ``run_spread``: that
    between runs, None where both sides are of one run, over which their launches are spread alike. Of
    several runs on a side the variance between them is their own, moderated towards it.
    """
    pairs = zip((base, other), launch_spreads, strict=True)
    sides = [_side(side, spread, run_spread) for side, spread in pairs]
    variance = sum(part[1] for part in sides)
    fixed = sum(part[3] for part in sides)
    parts = [(part[1], part[2]) for part in sides]
    units = [unit for side in (base, other) for run in side for unit in run]
    count = min(sum(map(len, base)), sum(map(len, other)))
    estimate = student_ratio(
        sides[1][0] - sides[0][0],
        math.sqrt(variance),
        joint_freedom(parts),
        units,
        False,
        confidence,
        count,
        1.0,
    )
    rounds = min(sum(unit.rounds for run in side for unit in run) for side in (base, other))
    return replace(estimate, fixed_variance=fixed, pairs=rounds)


def _side(
    runs: Sequence[Sequence[Unit]], launch_spread: Spread | None, run_spread: Spread | None
) -> tuple[float, float, float, float]:
    """Mean log time of a side, its squared error, the freedom of that, and what no launches would lessen."""
    means = [float(np.mean([unit.log for unit in run])) for run in runs]
    squares, degrees = _within_runs(runs)
    within = float(np.mean([unit.squared_error for run in runs for unit in run]))
    between, freedom = moderated(squares / degrees, degrees, launch_spread) if degrees else (within, 1.0)
    each = max(between, within) * float(np.mean([1.0 / len(run) for run in runs]))
    if run_spread is None:
        return float(np.mean(means)), each / len(runs), freedom, 0.0
    if len(runs) == 1:
        parts = [(each, freedom), (run_spread.variance, run_spread.worth)]
        return means[0], each + run_spread.variance, joint_freedom(parts), run_spread.variance
    prior = replace(run_spread, variance=run_spread.variance + each)
    varied, known = moderated(float(np.var(means, ddof=1)), len(runs) - 1.0, prior)
    error = max(varied, each) / len(runs)
    return float(np.mean(means)), error, known, error - each / len(runs)
