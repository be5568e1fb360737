"""Ratios of times with their intervals, paired and unpaired."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from likeforlike.reports.statistics.median_intervals import (
    LEAST_SAMPLES,
    Samples,
    interpolated_median_interval,
    sign_p_value,
)
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE, missing_samples, rank_shift

LEAST_PAIRS = LEAST_SAMPLES
"""Fewer pairs have no interval that assumes nothing of the noise."""

FEWEST_PAIRS = 4
"""Fewer have none at all."""


@dataclass(frozen=True)
class RatioEstimate:
    """Time of the other over time of the base, with its interval."""

    ratio: float
    low: float
    """0 where there are too few samples for an interval."""
    high: float
    """Infinite where there are too few samples for an interval."""
    pairs: int
    """Pairs of samples; unpaired, the samples of the side that has fewer."""
    paired: bool
    p_value: float
    """Two-sided, against a true ratio of 1; 1 where there are too few samples."""
    confidence: float = 0.95
    apart_p_value: float | None = None
    """Where a rank test is at its least p-value, since no two samples overlap: Welch's, on logarithms."""
    hindrance: str = ""
    """Why there is no interval, in words: ``one round each``; empty where there is one."""
    missing_rounds: int | None = None
    """Further rounds of the side that has fewer (of both, if as many) that would bring an interval."""
    launches: int = 1
    """Launches behind it; unpaired, those of the side that has fewer."""
    freedom: float | None = None
    """Degrees of freedom where the interval is over launches; None where it knows of rounds alone."""
    assumed: bool = False
    """Whether one launch is all there is, and how far others would lie was taken from elsewhere."""
    spread: float = 0.0
    """By what it was then widened: a standard deviation of the log-ratio."""
    spread_assumed: bool = False
    """Whether that is assumed, not what launches of other cells show."""
    between_share: float | None = None
    """Share of the variance of a launch's figure that lies between launches, not within them."""
    fixed_variance: float = 0.0
    """What runs at different times differ by, of the log-ratio: no number of launches lessens it."""
    untold: bool = False
    """Whether there is no figure at all; ``ratio`` is then 1, and nobody is to be shown it."""
    left_out: int = 0
    """Launches besides those behind it that lay apart from the others."""
    narrower: tuple[float, float] | None = None
    """Of a quantile, squared error and degrees of freedom of the interval that was not told, the other being
    wider; at another confidence it may be the wider one."""

    @property
    def has_interval(self) -> bool:
        """Whether there were samples enough to say how sure the ratio is."""
        return self.low > 0.0 and math.isfinite(self.high)

    @property
    def p_value_among_many(self) -> float:
        """What the control of false discoveries goes by: a rank test of few can't see how far is far."""
        return self.p_value if self.apart_p_value is None else min(self.p_value, self.apart_p_value)


def without_interval(
    ratio: float,
    rounds: tuple[int, int],
    paired: bool,
    hindrance: str,
    missing: int | None,
    confidence: float,
) -> RatioEstimate:
    """A ratio on which nothing can be said; ``rounds`` of the base and of the other."""
    return RatioEstimate(ratio, 0.0, math.inf, min(rounds), paired, 1.0, confidence, None, hindrance, missing)


def without_figure(hindrance: str) -> RatioEstimate:
    """No ratio, and why: ``p99 needs 368 calls a launch, 40 were timed``."""
    return RatioEstimate(1.0, 0.0, math.inf, 0, False, 1.0, hindrance=hindrance, untold=True)


def log_ratios(base: Samples, other: Samples) -> np.ndarray:
    """Natural logarithms of other/base, pair by pair; pairs with a time that is not above 0 are left out.

    Raises ValueError if the two differ in length.
    """
    first, second = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"paired samples must be equally many, got {first.size} and {second.size}")
    usable = _positive(first) & _positive(second)
    return np.asarray(np.log(second[usable] / first[usable]))


def paired_ratio(base: Samples, other: Samples, confidence: float = 0.95) -> RatioEstimate:
    """Median of the paired ratios other/base, with its interval between order statistics.

    ``base[i]`` and ``other[i]`` are times of the same round. The interval assumes nothing of the noise but
    that rounds are independent; fewer than six pairs have none at 95 %, and six on one side have p = 0.031,
    the least they can. Raises ValueError if no pair has two times above 0.
    """
    logs = log_ratios(base, other)
    pairs = logs.size
    if pairs == 0:
        raise ValueError("no pair of samples with both times above 0")
    ratio = math.exp(float(np.median(logs)))
    low, high = interpolated_median_interval(logs, confidence)
    if not math.isfinite(low):
        hindrance = f"{pairs} pair{'' if pairs == 1 else 's'}, too few"
        missing = max(LEAST_PAIRS - pairs, 1)
        return without_interval(ratio, (pairs, pairs), True, hindrance, missing, confidence)
    p_value = max(sign_p_value(logs), LEAST_P_VALUE)
    return RatioEstimate(ratio, math.exp(low), math.exp(high), pairs, True, p_value, confidence)


def few_pairs_ratio(base: Samples, other: Samples, confidence: float = 0.95) -> RatioEstimate:
    """The same of four or five pairs: their geometric mean, with Student's interval on the logarithms.

    It takes the noise to be lognormal, of which so few rounds can't tell more; six or more go by
    :func:`paired_ratio`, fewer have no interval. Raises ValueError as that does.
    """
    logs = log_ratios(base, other)
    if logs.size >= LEAST_PAIRS:
        return paired_ratio(base, other, confidence)
    if logs.size < FEWEST_PAIRS:
        return replace(paired_ratio(base, other, confidence), missing_rounds=FEWEST_PAIRS - logs.size)
    centre, freedom = float(logs.mean()), logs.size - 1.0
    error = float(logs.std(ddof=1)) / math.sqrt(logs.size)
    arm = float(special.stdtrit(freedom, (1.0 + confidence) / 2.0)) * error
    low, high = centre - arm, centre + arm
    p_value = arm_p_value(centre, low, high, confidence, freedom)
    return RatioEstimate(
        math.exp(centre), math.exp(low), math.exp(high), logs.size, True, p_value, confidence
    )


def unpaired_ratio(base: Samples, other: Samples, confidence: float = 0.95) -> RatioEstimate:
    """Ratio of two samples that are no pairs (two machines, two runs).

    From six samples a side it is the ratio of the medians: each has its own interval on the logarithmic
    scale, and the two are joined by the method of variance estimates recovery (Zou and Donner 2008), which
    keeps them unsymmetrical and answers to unequal spread. Four or five are compared by ranks, see
    ``rank_shift``: the ratio is then the median of all ratios of a sample of the other to one of the base.
    Fewer than four have no interval. The samples of a side are taken to be independent: no number of rounds
    shows what a run has all to itself.

    Raises ValueError if either side has no time above 0.
    """
    first, second = _logs(base), _logs(other)
    rounds = first.size, second.size
    if min(rounds) >= LEAST_SAMPLES:
        return _ratio_of_medians(first, second, confidence)
    shift = rank_shift(first, second, confidence)
    missing = missing_samples(*rounds, confidence)
    if missing:
        return without_interval(math.exp(shift.centre), rounds, False, too_few(*rounds), missing, confidence)
    return RatioEstimate(
        math.exp(shift.centre),
        math.exp(shift.low),
        math.exp(shift.high),
        min(rounds),
        False,
        shift.p_value,
        confidence,
        shift.apart_p_value,
    )


def too_few(base_rounds: int, other_rounds: int) -> str:
    """``one round each``, ``3 rounds each, too few`` or ``1 round against 60, too few``."""
    if base_rounds == other_rounds == 1:
        return "one round each"
    noun = "round" if base_rounds == 1 else "rounds"
    told = "each" if base_rounds == other_rounds else f"against {other_rounds:,}"
    return f"{base_rounds:,} {noun} {told}, too few"


def _positive(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(values) & (values > 0.0))


def _logs(samples: Samples) -> np.ndarray:
    values = np.asarray(samples, dtype=float)
    usable = values[_positive(values)]
    if usable.size == 0:
        raise ValueError("no sample with a time above 0")
    return np.asarray(np.log(usable))


def _ratio_of_medians(first: np.ndarray, second: np.ndarray, confidence: float) -> RatioEstimate:
    base, other = float(np.median(first)), float(np.median(second))
    base_low, base_high = interpolated_median_interval(first, confidence)
    other_low, other_high = interpolated_median_interval(second, confidence)
    centre = other - base
    low = centre - math.hypot(other - other_low, base_high - base)
    high = centre + math.hypot(other_high - other, base - base_low)
    return RatioEstimate(
        math.exp(centre),
        math.exp(low),
        math.exp(high),
        min(first.size, second.size),
        False,
        arm_p_value(centre, low, high, confidence, min(first.size, second.size) - 1),
        confidence,
    )


def arm_p_value(centre: float, low: float, high: float, confidence: float, freedom: float) -> float:
    """Two-sided p-value of no difference, from the arm of the interval that points to it.

    At the interval's end it is 1 - confidence. Beyond, it falls as Student's with so many degrees of freedom:
    an arm that rests on few samples is often short by chance, and with a normal tail a p-value of 0.0005
    came out two to twelve times too often in simulation.
    """
    arm = centre - low if centre > 0.0 else high - centre
    if arm == 0.0:
        return 1.0 if centre == 0.0 else LEAST_P_VALUE
    deviations = abs(centre) / arm * special.stdtrit(freedom, (1.0 + confidence) / 2.0)
    return float(max(2.0 * special.stdtr(freedom, -deviations), LEAST_P_VALUE))
