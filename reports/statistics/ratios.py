"""Ratios of times with their intervals, paired and unpaired."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from likeforlike.reports.statistics.median_intervals import MedianDistribution, Samples, bootstrap_median

LEAST_PAIRS = 6
"""Below this no two order statistics hold the median with 95 % probability: 2 / 2**5 is above 0.05."""
LEAST_P_VALUE = 1e-300


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

    @property
    def has_interval(self) -> bool:
        """Whether there were samples enough to say how sure the ratio is."""
        return self.low > 0.0 and math.isfinite(self.high)


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
    """Median of the paired ratios other/base, with its bootstrap percentile interval over rounds.

    ``base[i]`` and ``other[i]`` are times of the same round. The bootstrap is the ideal one (infinitely
    many resamples, in closed form), so it needs no seed. Raises ValueError if no pair has two times above 0.
    """
    logs = log_ratios(base, other)
    if logs.size == 0:
        raise ValueError("no pair of samples with both times above 0")
    centre = float(np.median(logs))
    if logs.size < LEAST_PAIRS:
        return RatioEstimate(math.exp(centre), 0.0, math.inf, logs.size, True, 1.0, confidence)
    resampled = bootstrap_median(logs)
    low, high = resampled.interval(confidence)
    p_value = _paired_p_value(resampled, logs.size)
    return RatioEstimate(
        math.exp(centre), math.exp(low), math.exp(high), logs.size, True, p_value, confidence
    )


def unpaired_ratio(base: Samples, other: Samples, confidence: float = 0.95) -> RatioEstimate:
    """Ratio of two medians, for samples that are no pairs (two machines, two runs).

    Each median has its own bootstrap interval on the logarithmic scale; the two are joined by the method
    of variance estimates recovery (Zou and Donner 2008), which keeps them unsymmetrical. Raises ValueError
    if either side has no time above 0.
    """
    first, second = _logs(base), _logs(other)
    centre = float(np.median(second) - np.median(first))
    count = min(first.size, second.size)
    if count < LEAST_PAIRS:
        return RatioEstimate(math.exp(centre), 0.0, math.inf, count, False, 1.0, confidence)
    low, high = _recovered_interval(first, second, confidence)
    p_value = _normal_p_value(centre, low, high, confidence)
    return RatioEstimate(math.exp(centre), math.exp(low), math.exp(high), count, False, p_value, confidence)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(values) & (values > 0.0))


def _logs(samples: Samples) -> np.ndarray:
    values = np.asarray(samples, dtype=float)
    usable = values[_positive(values)]
    if usable.size == 0:
        raise ValueError("no sample with a time above 0")
    return np.asarray(np.log(usable))


def _paired_p_value(resampled: MedianDistribution, pairs: int) -> float:
    """Twice the smaller share of resampled medians on either side of no difference.

    Never below what the sign test could give for so many pairs.
    """
    shares = resampled.at_most(0.0), resampled.at_least(0.0)
    return float(min(max(2.0 * min(shares), 2.0 ** (1 - pairs), LEAST_P_VALUE), 1.0))


def _recovered_interval(first: np.ndarray, second: np.ndarray, confidence: float) -> tuple[float, float]:
    base, other = float(np.median(first)), float(np.median(second))
    base_low, base_high = bootstrap_median(first).interval(confidence)
    other_low, other_high = bootstrap_median(second).interval(confidence)
    centre = other - base
    return (
        centre - math.hypot(other - other_low, base_high - base),
        centre + math.hypot(other_high - other, base - base_low),
    )


def _normal_p_value(centre: float, low: float, high: float, confidence: float) -> float:
    """Two-sided p-value of no difference, from the arm of the interval that points to it."""
    arm = centre - low if centre > 0.0 else high - centre
    if arm == 0.0:
        return 1.0 if centre == 0.0 else LEAST_P_VALUE
    deviations = abs(centre) / arm * special.ndtri((1.0 + confidence) / 2.0)
    return float(max(2.0 * special.ndtr(-deviations), LEAST_P_VALUE))
