"""How sure are we? Ratios of times with their intervals, and what may be said of them in one word.

Pure functions of figures; the stopping rule of ``bench`` asks them too. A ratio is *other over base*: above
1 the other is slower. Everything is done on logarithms, so that twice and half are equally far from 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from reports.medians import MedianDistribution, bootstrap_median, order_statistic_interval

Word = Literal["faster", "slower", "same", "unclear"]
Samples = Sequence[float] | np.ndarray

LEAST_PAIRS = 6
"""Below this no two order statistics hold the median with 95 % probability: 2 / 2**5 is above 0.05."""
THRESHOLD = 0.02
"""Ratios nearer to 1 than this are never called different."""
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


@dataclass(frozen=True)
class Verdict:
    """One word on an estimate, and what it rests on."""

    word: Word
    estimate: RatioEstimate
    threshold: float
    """Share by which a ratio must differ from 1 to be called different, such as 0.02."""
    reason: str
    more_rounds: int | None = None
    """Further rounds that would settle an unclear one, if the spread stays; None where none would."""

    @property
    def different(self) -> bool:
        """Whether one of the two is called faster."""
        return self.word in ("faster", "slower")


def median_interval(samples: Samples, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of the median of one-dimensional ``samples``; (-inf, inf) where they are too few.

    Two order statistics, by the binomial distribution: some 30 µs for a hundred samples, so that a stopping
    rule can ask after every round, of times or of ``log_ratios``.
    """
    return order_statistic_interval(np.asarray(samples, dtype=float), confidence)


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


def verdict(
    estimate: RatioEstimate, noise_interval: tuple[float, float] | None = None, threshold: float = THRESHOLD
) -> Verdict:
    """Say faster, slower, same or unclear of the other against the base.

    ``noise_interval`` is the interval of the ratio of one implementation measured against itself on that
    machine; it raises the threshold where it is wider. Different means that the interval excludes 1 and the
    ratio lies beyond the threshold; same, that the whole interval lies within it.
    """
    if noise_interval is not None:
        threshold = max(threshold, *(_distance(bound) for bound in noise_interval))
    if estimate.pairs < LEAST_PAIRS:
        missing = LEAST_PAIRS - estimate.pairs
        noun = ("pair" if estimate.paired else "sample") + ("" if estimate.pairs == 1 else "s")
        return Verdict("unclear", estimate, threshold, f"{estimate.pairs} {noun}, too few", missing)
    limit = math.log1p(threshold)
    centre, low, high = (math.log(value) for value in (estimate.ratio, estimate.low, estimate.high))
    if (low > 0.0 or high < 0.0) and abs(centre) > limit:
        word: Word = "slower" if centre > 0.0 else "faster"
        return Verdict(word, estimate, threshold, "the interval excludes 1")
    if -limit <= low and high <= limit:
        return Verdict("same", estimate, threshold, f"the whole interval lies within {threshold:.1%}")
    reason = "the interval holds 1" if low <= 0.0 <= high else "the interval spans the threshold"
    return Verdict("unclear", estimate, threshold, reason, _more_rounds(estimate, limit))


def with_false_discovery_rate(verdicts: Sequence[Verdict], rate: float = 0.05) -> list[Verdict]:
    """Take back what many comparisons at once would find by chance.

    Of those called faster or slower, those whose p-value, adjusted by Benjamini and Hochberg over all
    comparisons that have an interval, exceeds ``rate`` become unclear. Same order as given.
    """
    tested = [i for i, item in enumerate(verdicts) if item.estimate.has_interval]
    adjusted = adjusted_p_values([verdicts[i].estimate.p_value for i in tested])
    result = list(verdicts)
    for position, value in zip(tested, adjusted, strict=True):
        item = result[position]
        if item.different and value > rate:
            reason = f"by chance in {len(tested)} comparisons (adjusted p {value:.2f})"
            result[position] = replace(item, word="unclear", reason=reason, more_rounds=item.estimate.pairs)
    return result


def adjusted_p_values(p_values: Sequence[float]) -> np.ndarray:
    """P-values adjusted for their number (Benjamini and Hochberg 1995), in the order given.

    What ``scipy.stats.false_discovery_control`` returns, without the import that takes over a second.
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values)[::-1]
    scaled = values[order] * values.size / np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted


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


def _distance(ratio: float) -> float:
    """How far a ratio is from 1, as a share, alike for a ratio and its inverse; 0 if it is no ratio."""
    if not (math.isfinite(ratio) and ratio > 0.0):
        return 0.0
    return max(ratio, 1.0 / ratio) - 1.0


def _more_rounds(estimate: RatioEstimate, limit: float) -> int | None:
    """Rounds that would narrow the interval enough, as it narrows with the root of their number."""
    centre = abs(math.log(estimate.ratio))
    half_width = math.log(estimate.high / estimate.low) / 2.0
    needed_half_width = centre if centre > limit else limit - centre
    if needed_half_width <= 0.0 or half_width == 0.0:
        return None
    total = estimate.pairs * (half_width / needed_half_width) ** 2
    if total > 100_000:
        return None
    return max(1, math.ceil(total - estimate.pairs - 1e-9))
