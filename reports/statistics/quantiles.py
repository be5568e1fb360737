"""Quantiles of many calls with exact intervals, and the ratio of two of them, launch by launch.

A quantile lies between order statistics: of n independent calls the number below the true quantile q is
Binomial(n, q), whatever their distribution (David and Nagaraja 2003, "Order Statistics", section 7.1). It is
told as the ⌈nq⌉-th smallest call, one that was measured. From ``scipy.special`` alone, as for medians.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy import special

from likeforlike.reports.statistics.launches import Unit
from likeforlike.reports.statistics.rank_tests import LEAST_P_VALUE
from likeforlike.reports.statistics.ratios import RatioEstimate

MEDIAN = "median"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
STATISTICS = (MEDIAN, *QUANTILES)
"""What a verdict may be asked on: the median of samples, a call a turn, or a quantile of all timed calls."""

MOST_KEPT = 2048
"""Values that a launch's calls are kept as; of more calls, so many classes at most."""
FINEST = 0.001
"""Relative width of the narrowest class."""

_DIGITS = 7
"""Significant digits of a call in the result file: no clock tells more."""
_NORMAL = float(special.ndtri(0.975))
_TINY = 1e-12


@dataclass(frozen=True)
class Calls:
    """Seconds of timed calls, sorted: each by itself, or in classes of one relative width."""

    seconds: tuple[float, ...]
    counts: tuple[int, ...] = ()
    """Calls of each value; empty where each stands for one."""
    resolution: float = 0.0
    """Relative width of a class, in whose geometric middle its value lies; 0: every call as it was."""

    @cached_property
    def _ranks(self) -> np.ndarray:
        """The rank, from 1, of the last call of each value."""
        return np.cumsum(self.counts) if self.counts else np.arange(1, len(self.seconds) + 1)

    @property
    def number(self) -> int:
        """How many calls there are."""
        return int(self._ranks[-1]) if self.seconds else 0

    def ranked(self, rank: int) -> float:
        """The call of a rank, from 1 to ``number``; exact to half a class."""
        return self.seconds[int(np.searchsorted(self._ranks, rank))]


@dataclass(frozen=True)
class Quantile:
    """A quantile of calls and the interval that holds the true one."""

    seconds: float
    low: float
    high: float
    calls: int


def kept(seconds: Iterable[float], most: int = MOST_KEPT) -> Calls:
    """Calls as they are kept: all where they are at most so many, else counted in classes.

    Classes lie on a fixed logarithmic grid, of ``FINEST`` or twice that and so on until at most ``most`` are
    occupied; those of two launches can be put together without a further error. Times of 0 have a class.
    """
    ordered = np.sort(np.asarray(list(seconds), dtype=float))
    if ordered.size <= most:
        return Calls(tuple(ordered.tolist()))
    resolution = FINEST
    while True:
        classes, counts = _classes(ordered, resolution)
        if classes.size <= most:
            return Calls(tuple(classes.tolist()), tuple(counts.tolist()), resolution)
        resolution *= 2.0


def _classes(ordered: np.ndarray, resolution: float) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the occupied classes, and how many lie in each."""
    step = math.log1p(resolution)
    with np.errstate(divide="ignore"):  # times of 0 are a class of their own, whose middle is 0
        numbers, counts = np.unique(np.floor(np.log(ordered) / step), return_counts=True)
    return np.exp((numbers + 0.5) * step), counts


def joined(parts: Sequence[Calls]) -> Calls:
    """Calls of several launches together; its resolution is the coarsest of them."""
    if len(parts) == 1:
        return parts[0]
    seconds = np.concatenate([np.asarray(part.seconds, dtype=float) for part in parts] or [np.empty(0)])
    counts = [np.asarray(part.counts or np.ones(len(part.seconds)), dtype=int) for part in parts]
    order = np.argsort(seconds, kind="stable")
    told = np.concatenate(counts)[order] if parts else np.empty(0, dtype=int)
    resolution = max((part.resolution for part in parts), default=0.0)
    return Calls(tuple(seconds[order].tolist()), tuple(told.tolist()), resolution)


def needed_calls(quantile: float, confidence: float = 0.95, sides: int = 2) -> int:
    """The fewest calls that bound a quantile: 368 for p99 at 95 %, 299 for an upper bound alone.

    Even the slowest of n calls is below the quantile with probability q**n, and the fastest above it with
    (1 - q)**n; either may be ``1 - confidence``, half of that where both sides are bounded.
    """
    error = (1.0 - confidence) / sides
    worse = max(quantile, 1.0 - quantile) if sides == 2 else quantile
    return math.ceil(math.log(error) / math.log(worse) - 1e-9)


@lru_cache
def interval_ranks(calls: int, quantile: float, confidence: float = 0.95) -> tuple[int, int]:
    """Ranks, from 1, of the two calls between which the quantile lies; a rank of 0, or calls + 1, is none.

    B calls out of n lie below the true quantile: x(l) exceeds it where B < l, x(u) falls short of it where
    B >= u. The highest l and lowest u are taken at which either errs with half of ``1 - confidence`` at most.
    """
    error = (1.0 - confidence) / 2.0 + _TINY
    below = _first(lambda rank: float(special.bdtr(rank, calls, quantile)) > error, calls)
    above = _first(lambda rank: float(special.bdtrc(rank - 1, calls, quantile)) <= error, calls + 1, start=1)
    return below, above


def _first(holds: Callable[[int], bool], beyond: int, start: int = 0) -> int:
    """The first number from ``start`` at which a condition holds, as it then always does; else ``beyond``."""
    low, high = start, beyond
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def quantile_of(calls: Calls, quantile: float, confidence: float = 0.95) -> Quantile | None:
    """A quantile with its exact interval; None where there are fewer calls than both bounds need.

    Of calls in classes the interval reaches to the outer edges of its classes, and so holds no less.
    """
    count = calls.number
    if count < needed_calls(quantile, confidence):
        return None
    low, high = interval_ranks(count, quantile, confidence)
    half = math.sqrt(1.0 + calls.resolution)
    rank = math.ceil(count * quantile - 1e-9)
    return Quantile(calls.ranked(rank), calls.ranked(low) / half, calls.ranked(high) * half, count)


def time_unit(calls: Calls, quantile: float) -> Unit | None:
    """What one launch shows of a quantile: its log, and a squared error by its interval's width.

    None of too few calls, and where the interval reaches a time of 0.
    """
    found = quantile_of(calls, quantile)
    if found is None or found.low <= 0.0:
        return None
    error = math.log(found.high / found.low) / (2.0 * _NORMAL)
    return Unit(math.log(found.seconds), error**2, found.calls)


def ratio_unit(base: Calls, other: Calls, quantile: float) -> Unit | None:
    """What one launch shows of the ratio of two quantiles; None where either has too few calls."""
    first, second = time_unit(base, quantile), time_unit(other, quantile)
    return None if first is None or second is None else difference(first, second)


def difference(first: Unit, second: Unit) -> Unit:
    """The second's log less the first's; errors add up."""
    return Unit(
        second.log - first.log,
        first.squared_error + second.squared_error,
        min(first.rounds, second.rounds),
    )


def mean_unit(units: Sequence[Unit]) -> Unit:
    """The mean of at least one, as far as they differ by their own errors alone."""
    count = len(units)
    return Unit(
        math.fsum(unit.log for unit in units) / count,
        math.fsum(unit.squared_error for unit in units) / count**2,
        sum(unit.rounds for unit in units),
    )


def one_launch_ratio(unit: Unit, paired: bool, confidence: float = 0.95) -> RatioEstimate:
    """The ratio that one launch shows, with an interval by its own error; to be widened by what others do."""
    error = math.sqrt(unit.squared_error)
    arm = float(special.ndtri((1.0 + confidence) / 2.0)) * error
    tail = float(special.ndtr(-abs(unit.log) / error)) if error else (0.0 if unit.log else 0.5)
    return RatioEstimate(
        math.exp(unit.log),
        math.exp(unit.log - arm),
        math.exp(unit.log + arm),
        unit.rounds,
        paired,
        max(2.0 * tail, LEAST_P_VALUE),
        confidence,
    )


def too_few_calls(statistic: str, calls: int, confidence: float = 0.95) -> str:
    """``p99 needs 368 calls a launch, 40 were timed``."""
    needed = needed_calls(QUANTILES[statistic], confidence)
    return f"{statistic} needs {needed:,} calls a launch, {calls:,} {'was' if calls == 1 else 'were'} timed"


def as_told(calls: Calls) -> dict[str, Any]:
    """For the result file."""
    seconds = [float(f"{value:.{_DIGITS}g}") for value in calls.seconds]
    told: dict[str, Any] = {"calls": calls.number, "seconds": seconds}
    return told if not calls.counts else told | {"counts": list(calls.counts), "resolution": calls.resolution}
