"""Two measurements of which only summary figures were kept: median, quartiles, least, greatest, rounds.

That is what ``--benchmark-save`` leaves of a run. What can be said of it is rougher than what samples say,
and what can't be said has a reason in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from likeforlike.reports.statistics.median_intervals import Samples
from likeforlike.reports.statistics.rank_tests import missing_samples, rank_shift, welch_from_moments
from likeforlike.reports.statistics.ratios import RatioEstimate, arm_p_value, too_few, without_interval

QUARTILES_FROM = 10
"""With fewer rounds quartiles say too little of a spread; least, median and greatest bound every sample."""

NOT_SAVED = "the samples were not saved"


@dataclass(frozen=True)
class Summary:
    """What is known of a measurement's times, in seconds; None is unknown."""

    rounds: int
    median_seconds: float
    q1_seconds: float | None = None
    q3_seconds: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    mean_seconds: float | None = None
    stddev_seconds: float | None = None


def summary_of(samples: Samples) -> Summary:
    """The summary of samples that are there, to be compared with one whose samples are not.

    Samples that are not above 0 are left out; raises ValueError if none is left.
    """
    values = np.asarray(samples, dtype=float)
    values = values[np.isfinite(values) & (values > 0.0)]
    if values.size == 0:
        raise ValueError("no sample with a time above 0")
    least, q1, median, q3, most = (float(value) for value in np.quantile(values, [0.0, 0.25, 0.5, 0.75, 1.0]))
    stddev = float(values.std(ddof=1)) if values.size > 1 else None
    return Summary(values.size, median, q1, q3, least, most, float(values.mean()), stddev)


def summary_ratio(base: Summary, other: Summary, confidence: float = 0.95) -> RatioEstimate:
    """Ratio of two medians, other/base, from summary figures alone.

    From ten rounds a side by the standard error of a median, see ``log_median_error``; fewer by what the
    least, the middle and the greatest time leave possible for every sample, judged by ranks: the interval
    holds all that samples with these figures could have given. Without an interval ``hindrance`` says what is
    missing. The rounds are taken to be independent. In simulation, of two alike, the interval misses 1 in 0.3
    to 2.7 % where times have one peak, from 10 rounds to 2,000. Two peaks of equal weight are not to be seen
    in quartiles: there it misses 1 in a fifth of all cases with 40 rounds, in half of them with 200.

    Raises ValueError if a median is not above 0 or a number of rounds below 1.
    """
    for summary in (base, other):
        if not (math.isfinite(summary.median_seconds) and summary.median_seconds > 0.0):
            raise ValueError(f"median {summary.median_seconds!r}: expected a time above 0")
        if summary.rounds < 1:
            raise ValueError(f"rounds {summary.rounds!r}: expected at least 1")
    rounds = base.rounds, other.rounds
    ratio = other.median_seconds / base.median_seconds
    missing = missing_samples(*rounds, confidence)
    if missing:
        reason = f"{NOT_SAVED}, and {too_few(*rounds)}"
        return without_interval(ratio, rounds, False, reason, missing, confidence)
    if min(rounds) >= QUARTILES_FROM:
        return _by_standard_errors(base, other, ratio, confidence)
    return _by_bounds(base, other, ratio, confidence)


def log_median_error(summary: Summary) -> float | None:
    """Standard error of the logarithm of a median, an upper bound where times have one peak; None if unknown.

    A median of n samples with density f there has the standard error 1 / (2 f √n) (Laplace; Kendall and
    Stuart, volume 1). To one side of it a density with one peak only falls, and a quarter of all times lies
    between there and that side's quartile; so f is at least a quarter over that quartile's distance d, and
    the error at most 2 d / √n with the larger distance. For normal times that is 8 % more than the 0.93 IQR
    / √n of McGill, Tukey and Larsen (1978), whose notches of 1.57 IQR / √n compare two medians. Without
    quartiles, or if they coincide, √3 standard deviations / √n: the bound of a symmetrical peak, which a
    uniform distribution reaches.
    """
    roots = math.sqrt(summary.rounds)
    q1, median, q3 = summary.q1_seconds, summary.median_seconds, summary.q3_seconds
    if q1 is not None and q3 is not None and 0.0 < q1 <= median <= q3 < math.inf and q1 < q3:
        return 2.0 * math.log(max(q3 / median, median / q1)) / roots
    deviation = _relative_deviation(summary)
    return None if deviation is None else math.sqrt(3.0) * deviation / roots


def _relative_deviation(summary: Summary) -> float | None:
    """Standard deviation over mean; of one round it is unknown, whatever the file says."""
    mean, deviation = summary.mean_seconds or summary.median_seconds, summary.stddev_seconds
    if deviation is None or not (0.0 <= deviation < math.inf) or summary.rounds < 2:
        return None
    return deviation / mean


def _by_standard_errors(base: Summary, other: Summary, ratio: float, confidence: float) -> RatioEstimate:
    errors = [log_median_error(summary) for summary in (base, other)]
    known = [error for error in errors if error is not None]
    rounds = base.rounds, other.rounds
    if len(known) < 2:
        return _nothing_kept(ratio, rounds, confidence)
    centre = math.log(ratio)
    arm = float(special.ndtri((1.0 + confidence) / 2.0)) * math.hypot(*known)
    low, high = centre - arm, centre + arm
    p_value = arm_p_value(centre, low, high, confidence, min(rounds) - 1)
    return RatioEstimate(ratio, math.exp(low), math.exp(high), min(rounds), False, p_value, confidence)


def _by_bounds(base: Summary, other: Summary, ratio: float, confidence: float) -> RatioEstimate:
    base_bounds, other_bounds = _bounds(base), _bounds(other)
    rounds = base.rounds, other.rounds
    if base_bounds is None or other_bounds is None:
        return _nothing_kept(ratio, rounds, confidence)
    nearest = rank_shift(base_bounds[1], other_bounds[0], confidence)
    farthest = rank_shift(base_bounds[0], other_bounds[1], confidence)
    surely = nearest.low > 0.0 or farthest.high < 0.0
    p_value = max(nearest.p_value, farthest.p_value) if surely else 1.0
    apart = nearest.apart_p_value is not None and farthest.apart_p_value is not None
    return RatioEstimate(
        ratio,
        math.exp(nearest.low),
        math.exp(farthest.high),
        min(rounds),
        False,
        p_value,
        confidence,
        _apart_p_value(base, other) if surely and apart else None,
    )


def _bounds(summary: Summary) -> tuple[np.ndarray, np.ndarray] | None:
    """Logarithms of the least and of the greatest that each sample, in order, can have been."""
    least, median, most = summary.min_seconds, summary.median_seconds, summary.max_seconds
    if least is None or most is None or not 0.0 < least <= median <= most < math.inf:
        return None
    half, odd = divmod(summary.rounds, 2)
    lowest = np.array([least] * half + [median] * (half + odd))
    highest = np.array([median] * (half + odd) + [most] * half)
    highest[0] = least
    lowest[-1] = most
    return np.log(lowest), np.log(highest)


def _apart_p_value(base: Summary, other: Summary) -> float | None:
    """Welch's from means and standard deviations, relative to the median as logarithms nearly are."""
    deviations = [_relative_deviation(summary) for summary in (base, other)]
    first, second = deviations
    if first is None or second is None:
        return None
    return welch_from_moments(
        (math.log(base.median_seconds), first**2, base.rounds),
        (math.log(other.median_seconds), second**2, other.rounds),
    )


def _nothing_kept(ratio: float, rounds: tuple[int, int], confidence: float) -> RatioEstimate:
    reason = f"{NOT_SAVED}, nor anything that says how far they scatter"
    return without_interval(ratio, rounds, False, reason, None, confidence)
