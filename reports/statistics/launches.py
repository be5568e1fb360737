"""Ratios over launches: what fresh processes of the same thing show, not what one process repeats.

Rounds say how well a launch is known, not how far the next would lie from it. So a launch gives one figure,
the median of its paired log-ratios, and launches are what is counted. As few of them say little of how far
they differ, their variance is moderated towards the one that all entrants of the run show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from likeforlike.reports.statistics.median_intervals import interpolated_median_interval
from likeforlike.reports.statistics.moderated_variance import Spread, joint_freedom, moderated
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE
from likeforlike.reports.statistics.ratios import RatioEstimate

ASSUMED_SPREAD = {"kernels": 0.02, "trainings": 0.05}
"""Standard deviation of a log-ratio between launches where nothing measured tells it.

Kernels: copies of one product in processes of their own differed by 1 to 2 %, beside other load by more.
Trainings: the shipped repetition's runs, ×5.94, ×5.43 and ×5.81, differ by 4.7 %.
"""

ASSUMED_RUN_SPREAD = {"kernels": 0.025, "trainings": 0.05}
"""Standard deviation of the log of a time between runs at different times, of either run."""

ASSUMED_FREEDOM = 8.0
"""Degrees of freedom that an assumed spread is worth: with so many an estimate is right within a half."""

ROUNDS_A_SESSION = 100_000_000
"""Rounds of a run's sessions are numbered from multiples of it: one that was resumed has several."""

MOST_LAUNCHES = 1_000
"""Beyond so many no number of further launches is named."""

_MEDIAN_FACTORS = {1: 1.0, 2: 1.0, 3: 1.346, 4: 1.193, 5: 1.434}
"""Variance of the median over that of the mean, of so many normal values."""

_MANY_MEDIAN_FACTOR = 1.45
"""The same of more: 1.29 to 1.51 for six to twelve, π/2 at the end."""

TELLING_FREEDOM = 8.0
"""Degrees of freedom from which on a variance between launches tells enough by itself."""

_APART = 2.5
_ONE_IN = 5
"""Of launches that lie further apart than so many standard deviations; see :func:`together`."""
_FAR = 4.0
"""The same where the deviation itself is to be told, which must not depend on what lies near its edge."""

_NORMAL = float(special.ndtri(0.975))


@dataclass(frozen=True)
class Unit:
    """What one launch shows: a log-ratio to its partner's, or the log of a time in seconds."""

    log: float
    """Median over the rounds."""
    squared_error: float
    """Squared standard error of that median; 0 where one round alone was measured."""
    rounds: int


def unit_of(logs: np.ndarray) -> Unit:
    """One launch from the logs of its rounds, at least one.

    From six rounds on the error is that of the interval between order statistics, which asks nothing of the
    noise; of fewer, from their variance.
    """
    values = np.asarray(logs, dtype=float)
    median, count = float(np.median(values)), values.size
    if count >= 6:
        low, high = interpolated_median_interval(values)
        return Unit(median, ((high - low) / (2.0 * _NORMAL)) ** 2, count)
    if count < 2:
        return Unit(median, 0.0, count)
    return Unit(median, _MEDIAN_FACTORS[count] * float(values.var(ddof=1)) / count, count)


def launch_weights(units: Sequence[Unit], variance: float | None = None) -> np.ndarray:
    """How much each launch counts, 1 at the mean: by its rounds, as far as these are what it is unsure by.

    Not by its own error, which few rounds tell badly: all share one variance of a round. ``variance`` is that
    between launches, what rounds add included; None where it is unknown, and all count alike.
    """
    rounds = np.array([unit.rounds for unit in units], dtype=float)
    known = rounds - 1.0
    if variance is None or not known.sum():
        return np.ones(rounds.size)
    squares = np.array([unit.squared_error for unit in units]) * rounds
    within = float((known * squares).sum() / known.sum()) / rounds
    between = max(variance - float(within.mean()), 0.0)
    if not (between + within).all():
        return np.ones(rounds.size)
    weights = np.reciprocal(between + within)
    return np.asarray(weights / weights.mean())


def entrants_variances(
    figures: np.ndarray, weights: np.ndarray | None = None
) -> tuple[list[float], list[float], float]:
    """Variances between launches of the ratio of two entrants; their degrees of freedom, each and in all.

    ``figures`` has the log-ratio of each entrant to a common one (itself among them) by launch: one row a
    launch, one column an entrant. Ratios to one base share the base's own variance; so each entrant is held
    against the median of the others, which one restless entrant hardly moves, and the variance is brought to
    that of a ratio (of entrants that vary alike, the difference has 1 + f / (E - 1) times one's variance).
    Of five launches or more, one in five at most is left out where it lies far from the others.
    """
    launches, entrants = figures.shape
    if launches < 2 or entrants < 2:
        return [], [], 0.0
    others = entrants - 1
    factor = 2.0 / (1.0 + _MEDIAN_FACTORS.get(others, _MANY_MEDIAN_FACTOR) / others)
    columns = range(entrants) if others > 1 else range(1, 2)
    counts = np.ones(launches) if weights is None else weights
    moved = figures - np.average(figures, axis=0, weights=counts)
    apart = np.array([moved[:, n] - np.median(np.delete(moved, n, axis=1), axis=1) for n in columns])
    variances, freedoms = _near_variances(apart, counts)
    return [factor * variance for variance in variances], freedoms, float(others * (launches - 1))


def pairs_variances(
    figures: np.ndarray, weights: np.ndarray | None = None
) -> tuple[list[float], list[float], float]:
    """The same where entrants took turns in pairs, one column a pair: no two share a process, and so nothing.

    Each is a ratio already; far launches are left out as among entrants.
    """
    launches, pairs = figures.shape
    if launches < 2 or not pairs:
        return [], [], 0.0
    counts = np.ones(launches) if weights is None else weights
    return *_near_variances(figures.T, counts), float(pairs * (launches - 1))


def _near_variances(rows: np.ndarray, counts: np.ndarray) -> tuple[list[float], list[float]]:
    """Variance and degrees of freedom of each row, without its launches that lie far from the others."""
    kept = [_not_far(values, _FAR * _robust_deviation(rows)) for values in rows]
    # of those that stay the weights are 1 at the mean anew
    variances = [
        _weighted_variance(row[keep], counts[keep] / counts[keep].mean())
        for row, keep in zip(rows, kept, strict=True)
    ]
    return variances, [keep.sum() - 1.0 for keep in kept]


def _robust_deviation(apart: np.ndarray) -> float:
    """Of all entrants together, by the median distance from their medians."""
    return 1.4826 * float(np.median(np.abs(apart - np.median(apart, axis=1, keepdims=True))))


def _not_far(values: np.ndarray, edge: float) -> np.ndarray:
    """Which of an entrant's launches lie within the edge of their median; all if too many do not."""
    far = np.abs(values - np.median(values)) > edge
    return ~far if far.sum() <= values.size // _ONE_IN else np.ones(values.size, dtype=bool)


def over_launches(
    units: Sequence[Unit], spread: Spread | None = None, confidence: float = 0.95, of_calls: bool = False
) -> RatioEstimate:
    """Ratio from the paired log-ratios of at least two launches, each a unit.

    Mean over launches, without those that lie apart, and Student's interval with the moderated variance
    between them, which holds the variance within; it is never taken to be less than the rounds show, once
    these say no more of all entrants than their launches show. ``of_calls``: units are quantiles of many
    calls. What these leave unsure is known by itself, however few the launches; the interval is Student's of
    the variance between launches, or the normal one of the calls, whichever is wider. Raises ValueError for
    fewer than two.
    """
    if len(units) < 2:
        raise ValueError(f"{len(units)} launches: expected at least 2")
    telling = _telling(spread)
    kept = near_launches(units, spread)
    count = len(kept)
    logs = np.array([unit.log for unit in kept])
    weights = launch_weights(kept, None if spread is None else spread.variance)
    variance, freedom = moderated(_weighted_variance(logs, weights), count - 1.0, spread)
    within = float((weights**2 * [unit.squared_error for unit in kept]).sum()) / count
    if telling is not None:
        within /= telling.overstated
    share = 0.0 if variance <= 0.0 else 1.0 - within / max(variance, within)
    centre = float(np.average(logs, weights=weights))
    errors = [(variance, freedom), (within, math.inf)] if of_calls else [(max(variance, within), freedom)]
    estimates = [
        student_ratio(centre, math.sqrt(square / count), known, kept, True, confidence, count, share)
        for square, known in errors
    ]
    widest = max(range(len(errors)), key=lambda number: estimates[number].high)
    others = [(square / count, known) for n, (square, known) in enumerate(errors) if n != widest]
    return replace(
        estimates[widest],
        p_value=max(e.p_value for e in estimates),
        left_out=len(units) - count,
        narrower=others[0] if others else None,
    )


def _telling(spread: Spread | None) -> Spread | None:
    return spread if spread is not None and spread.most >= TELLING_FREEDOM else None


def near_launches(units: Sequence[Unit], spread: Spread | None) -> Sequence[Unit]:
    """Those that :func:`over_launches` goes by: none is left out where nothing tells how far is far."""
    telling = _telling(spread)
    return together(units, math.inf if telling is None else telling.largest)


def together(units: Sequence[Unit], variance: float) -> Sequence[Unit]:
    """Launches without those that lie apart from the others.

    A burst of another program can spoil all rounds of one entrant in one launch. Apart is what lies more than
    ``_APART`` standard deviations from the median of its launches, where entrants have that variance at most;
    where that is more than one launch in five, it is how the entrant is, and all stay.
    """
    kept = _not_far(np.array([unit.log for unit in units]), _APART * math.sqrt(variance))
    return [unit for unit, keep in zip(units, kept, strict=True) if keep]


def _weighted_variance(values: np.ndarray, weights: np.ndarray) -> float:
    """Of at least two values, whose weights are 1 at the mean; of equal weights the sample variance."""
    centre = np.average(values, weights=weights)
    return float((weights * (values - centre) ** 2).sum() / (values.size - 1.0))


def mean_p_value(values: Sequence[float]) -> float:
    """Two-sided, by Student's test, of a mean of 0 of at least two launches' figures."""
    figures = np.asarray(values, dtype=float)
    error = float(figures.std(ddof=1)) / math.sqrt(figures.size)
    return _p_value(float(figures.mean()), error, figures.size - 1.0)


def widened(
    estimate: RatioEstimate, launches: Spread, runs: Spread | None = None, confidence: float = 0.95
) -> RatioEstimate:
    """An estimate from rounds of one launch, widened by how far launches differ (and runs, of either side).

    Each arm's standard error is joined with theirs, the degrees of freedom by Satterthwaite (1946). What is
    said of one launch stays ``assumed``: nothing in its file shows it. Without an interval it stays so.
    """
    fixed = 0.0 if runs is None else 2.0 * runs.variance
    spread = launches.variance + fixed
    told = replace(
        estimate,
        launches=1,
        assumed=True,
        spread=math.sqrt(spread),
        spread_assumed=launches.assumed,
        apart_p_value=None if estimate.has_interval else estimate.apart_p_value,
    )
    if not estimate.has_interval:
        return told
    centre = math.log(estimate.ratio)
    errors = [(centre - math.log(estimate.low)) / _NORMAL, (math.log(estimate.high) - centre) / _NORMAL]
    own = max(errors) ** 2
    parts = [(own, max(estimate.pairs - 1.0, 1.0)), (launches.variance, launches.worth)]
    parts += [] if runs is None else [(fixed, 2.0 * runs.worth)]
    freedom = joint_freedom(parts)
    factor = _factor(freedom, confidence)
    below, above = (math.hypot(error, math.sqrt(spread)) for error in errors)
    towards = below if centre > 0.0 else above
    return replace(
        told,
        low=math.exp(centre - factor * below),
        high=math.exp(centre + factor * above),
        p_value=_p_value(centre, towards, freedom),
        freedom=freedom,
        between_share=spread / (spread + own) if spread + own else 0.0,
        fixed_variance=fixed,
    )


def at_confidence(estimate: RatioEstimate, confidence: float) -> RatioEstimate:
    """The estimate with Student's interval at another confidence; as it is where it has none."""
    if estimate.freedom is None or not estimate.has_interval or confidence == estimate.confidence:
        return estimate
    centre = math.log(estimate.ratio)
    if estimate.narrower is not None:
        kinds = [(interval_squared_error(estimate), estimate.freedom), estimate.narrower]
        if _arm(*kinds[1], confidence) > _arm(*kinds[0], confidence):
            kinds.reverse()
        arm = _arm(*kinds[0], confidence)
        return replace(
            estimate,
            low=math.exp(centre - arm),
            high=math.exp(centre + arm),
            confidence=confidence,
            freedom=kinds[0][1],
            narrower=kinds[1],
        )
    longer = _factor(estimate.freedom, confidence) / _factor(estimate.freedom, estimate.confidence)
    low, high = (centre + longer * (math.log(end) - centre) for end in (estimate.low, estimate.high))
    return replace(estimate, low=math.exp(low), high=math.exp(high), confidence=confidence)


def interval_squared_error(estimate: RatioEstimate) -> float:
    """Squared standard error of a log-ratio with Student's interval, from that.

    Raises ValueError for an estimate that does not rest on launches.
    """
    if estimate.freedom is None:
        raise ValueError("expected an interval over launches")
    arm = math.log(estimate.high / estimate.low) / 2.0
    return (arm / _factor(estimate.freedom, estimate.confidence)) ** 2


def further_launches(estimate: RatioEstimate, needed: float) -> int | None:
    """Launches beyond those measured that would bring the arm down to ``needed``, if the spread stays.

    The arm narrows with the root of their number and with Student's factor; what runs differ by stays. None
    for an estimate that does not rest on launches, and where no number up to MOST_LAUNCHES would do.
    """
    if estimate.freedom is None or needed <= 0.0:
        return None
    falling = (interval_squared_error(estimate) - estimate.fixed_variance) * estimate.launches

    def reached(count: int) -> bool:
        freedom = estimate.freedom + count - estimate.launches  # type: ignore[operator]
        error = math.sqrt(estimate.fixed_variance + falling / count)
        return _factor(freedom, estimate.confidence) * error <= needed

    least = max(estimate.launches + 1, 3 if estimate.assumed else 2)
    if not reached(MOST_LAUNCHES):
        return None
    low, high = least, MOST_LAUNCHES
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low - estimate.launches


def student_ratio(
    centre: float,
    error: float,
    freedom: float,
    units: Sequence[Unit],
    paired: bool,
    confidence: float,
    launches: int,
    share: float,
) -> RatioEstimate:
    """The ratio of a mean log-ratio with Student's interval; ``share`` of a launch's variance is between."""
    arm = _factor(freedom, confidence) * error
    return RatioEstimate(
        math.exp(centre),
        math.exp(centre - arm),
        math.exp(centre + arm),
        sum(unit.rounds for unit in units),
        paired,
        _p_value(centre, error, freedom),
        confidence,
        launches=launches,
        freedom=freedom,
        between_share=share,
    )


def _p_value(centre: float, error: float, freedom: float) -> float:
    if error == 0.0:
        return 1.0 if centre == 0.0 else LEAST_P_VALUE
    deviations = -abs(centre) / error
    tail = special.ndtr(deviations) if math.isinf(freedom) else special.stdtr(freedom, deviations)
    return float(max(2.0 * tail, LEAST_P_VALUE))


def _factor(freedom: float, confidence: float) -> float:
    half = (1.0 + confidence) / 2.0
    return float(special.ndtri(half) if math.isinf(freedom) else special.stdtrit(freedom, half))


def _arm(squared_error: float, freedom: float, confidence: float) -> float:
    return _factor(freedom, confidence) * math.sqrt(squared_error)


def student(
    centre: float, error: float, freedom: float, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Student's interval of a mean with that standard error, and the p-value of a mean of 0, two-sided."""
    arm = _factor(freedom, confidence) * error
    return centre - arm, centre + arm, _p_value(centre, error, freedom)
