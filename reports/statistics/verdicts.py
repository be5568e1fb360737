"""How sure are we? What may be said of a ratio of times in one word.

Pure functions of figures; the stopping rule of ``bench`` asks them too. A ratio is *other over base*: above
1 the other is slower. Everything is done on logarithms, so that twice and half are equally far from 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from likeforlike.reports.statistics.launches import further_launches
from likeforlike.reports.statistics.ratios import RatioEstimate

Word = Literal["faster", "slower", "same", "unclear"]

THRESHOLD = 0.02
"""Ratios nearer to 1 than this are never called different."""

SAME_AT_MOST = 0.10
"""Ratios further from 1 than this are never called the same, however noisy the machine."""


@dataclass(frozen=True)
class Verdict:
    """One word on an estimate, and what it rests on."""

    word: Word
    estimate: RatioEstimate
    threshold: float
    """Share by which a ratio must differ from 1 to be called different, such as 0.02."""
    reason: str
    more_rounds: int | None = None
    """Further rounds that would settle an unclear one, if the spread stays; None where none would.

    None, too, where launches are what is counted."""
    more_launches: int | None = None
    """Further launches that would, where they are what is counted; None where none would."""

    @property
    def different(self) -> bool:
        """Whether one of the two is called faster."""
        return self.word in ("faster", "slower")


def verdict(
    estimate: RatioEstimate, noise_interval: tuple[float, float] | None = None, threshold: float = THRESHOLD
) -> Verdict:
    """Say faster, slower, same or unclear of the other against the base.

    ``noise_interval`` is the interval of the ratio of one implementation measured against itself on that
    machine; it raises the threshold where it is wider. Different means that the interval excludes 1 and the
    ratio lies beyond the threshold; same, that the whole interval lies within it and within SAME_AT_MOST:
    where copies of one thing differ by more, nothing can be told to be alike.
    """
    if noise_interval is not None:
        threshold = max(threshold, *(_distance(bound) for bound in noise_interval))
    if not estimate.has_interval:
        reason = estimate.hindrance or "too few rounds"
        return Verdict("unclear", estimate, threshold, reason, estimate.missing_rounds)
    limit = math.log1p(threshold)
    centre, low, high = (math.log(value) for value in (estimate.ratio, estimate.low, estimate.high))
    if (low > 0.0 or high < 0.0) and abs(centre) > limit:
        word: Word = "slower" if centre > 0.0 else "faster"
        return Verdict(word, estimate, threshold, "the interval excludes 1")
    alike = min(limit, math.log1p(SAME_AT_MOST))
    if -alike <= low and high <= alike:
        told = f"the whole interval lies within {math.expm1(alike) * 100:.1f} %"
        return Verdict("same", estimate, threshold, told)
    if alike < abs(centre) <= limit or (-limit <= low and high <= limit):
        reason = f"copies of one implementation differed by up to {threshold * 100:.0f} % here"
    else:
        reason = "the interval holds 1" if low <= 0.0 <= high else "the interval spans the threshold"
    return Verdict("unclear", estimate, threshold, reason, *_missing(estimate, limit, alike))


def with_false_discovery_rate(verdicts: Sequence[Verdict], rate: float = 0.05) -> list[Verdict]:
    """Take back what many comparisons at once would find by chance.

    Of those called faster or slower, those whose p-value, adjusted by Benjamini and Hochberg over all
    comparisons that have an interval, exceeds ``rate`` become unclear. Same order as given. Rank tests are
    adjusted by ``p_value_among_many``: five against five never have a p-value below 0.008, so that one cell
    among seven could not be found, were it ten times slower.
    """
    tested = [i for i, item in enumerate(verdicts) if item.estimate.has_interval]
    adjusted = adjusted_p_values([verdicts[i].estimate.p_value_among_many for i in tested])
    result = list(verdicts)
    for position, value in zip(tested, adjusted, strict=True):
        item = result[position]
        if item.different and value > rate:
            reason = f"may be chance among {len(tested)} comparisons (adjusted p {value:.3f})"
            by_launches = item.estimate.freedom is not None
            twice = item.estimate.launches if by_launches else item.estimate.pairs
            more = {"more_launches" if by_launches else "more_rounds": twice}
            result[position] = replace(item, word="unclear", reason=reason, **more)  # type: ignore[arg-type]
    return result


def adjusted_p_values(p_values: Sequence[float]) -> np.ndarray:
    """P-values adjusted for their number (Benjamini and Hochberg 1995), in the order given.

    What ``scipy.stats.false_discovery_control`` returns, without the import that takes over a second.
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values)[::-1]
    scaled = values[order] * values.size / np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum.accumulate(scaled)
    return adjusted


def _distance(ratio: float) -> float:
    """How far a ratio is from 1, as a share, alike for a ratio and its inverse; 0 if it is no ratio."""
    if not (math.isfinite(ratio) and ratio > 0.0):
        return 0.0
    return max(ratio, 1.0 / ratio) - 1.0


def _missing(estimate: RatioEstimate, limit: float, alike: float) -> tuple[int | None, int | None]:
    """Rounds, or launches where these are counted, that would narrow the interval enough.

    Enough is that it excludes 1, for a ratio beyond ``limit``; or else that it lies within ``alike``.
    """
    centre = abs(math.log(estimate.ratio))
    needed = centre if centre > limit else alike - centre
    if estimate.freedom is not None:
        return None, further_launches(estimate, needed)
    return _more_rounds(estimate, needed), None


def _more_rounds(estimate: RatioEstimate, needed_half_width: float) -> int | None:
    """Rounds that would, as the interval narrows with the root of their number."""
    if needed_half_width <= 0.0:
        return None
    half_width = math.log(estimate.high / estimate.low) / 2.0
    total = estimate.pairs * (half_width / needed_half_width) ** 2
    if total > 100_000:
        return None
    return max(1, math.ceil(total - estimate.pairs - 1e-9))
