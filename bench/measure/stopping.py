"""When a comparison group has been measured enough: three verbs, initialise, add and finished."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from likeforlike.reports.statistics.median_intervals import median_interval
from likeforlike.reports.statistics.quantiles import Calls, quantile_of

_CHECK_GROWTH = 1.1
_SETTLING_GROWTH = 2
_SETTLING_ROUNDS = 30
_IMPROVEMENT = 0.9
_SETTLED_AFTER = 2


@dataclass(frozen=True)
class Limits:
    """How precise, and how long at least and at most."""

    min_rounds: int
    max_seconds: float
    """A cell's time for its warm rounds, turns included; ``min_rounds`` comes first."""
    precision: float | None
    """Relative half-width of an interval that is narrow enough; None: use the time up."""
    confidence: float
    quantile: float | None = None
    """Of all timed calls: its interval is the one to narrow; None: the median's, of samples."""
    calls: int = 0
    """Timed calls without which it has none."""


@dataclass(frozen=True)
class Stop:
    """Why a cell's samples end, and the median's interval relative to it."""

    reason: str
    """precision, settled, max-time or rounds; interrupted, if none of them."""
    median_interval: tuple[float, float] | None
    rounds: int


@dataclass
class _Series:
    """One cell's samples so far and what was seen at the last checks."""

    seconds: dict[int, float] = field(default_factory=dict)
    calls: dict[int, Sequence[float]] = field(default_factory=dict)
    used_seconds: float = 0.0
    stop: str | None = None
    next_check: int = 0
    settling_at: int = 0
    settling_width: float = math.inf
    unimproved: int = 0


class GroupStopping:
    """The stopping rule of one comparison group."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._series: dict[str, _Series] = {}

    def initialise(self, cells: Sequence[str]) -> None:
        """Begin anew with these cells; the first is the one that the others are paired with."""
        self._series = {cell: _Series() for cell in cells}

    def drop(self, cell: str) -> None:
        """Go on without a cell that failed."""
        del self._series[cell]

    def add(
        self,
        cell: str,
        round_number: int,
        seconds: float,
        turn_seconds: float,
        calls: Sequence[float] = (),
    ) -> None:
        """Take a sample, the wall time that the turn took, and all its timed calls if there were more."""
        series = self._series[cell]
        series.seconds[round_number] = seconds
        series.calls[round_number] = calls
        series.used_seconds += turn_seconds

    def finished(self) -> bool:
        """Whether every cell of the group is measured enough."""
        for cell, series in self._series.items():
            if series.stop is None:
                series.stop = self._judge(cell, series)
        return all(series.stop for series in self._series.values())

    def sits_out(self, cell: str) -> bool:
        """Whether a cell has used its time up while others still go on; one that is precise may have, too."""
        series = self._series[cell]
        enough = len(series.seconds) >= self.limits.min_rounds
        return series.stop is not None and enough and series.used_seconds >= self.limits.max_seconds

    def stop(self, cell: str) -> Stop:
        """How a cell ended."""
        series = self._series[cell]
        samples = list(series.seconds.values())
        interval = None
        if samples:
            median = statistics.median(samples)
            low, high = median_interval(samples, self.limits.confidence)
            interval = (low / median, high / median) if median and math.isfinite(high) else None
        return Stop(series.stop or "interrupted", interval, len(samples))

    def _judge(self, cell: str, series: _Series) -> str | None:
        rounds = len(series.seconds)
        if rounds < self.limits.min_rounds:
            return None
        enough = sum(map(len, series.calls.values())) >= self.limits.calls
        if self.limits.precision is not None and enough and rounds >= series.next_check:
            series.next_check = int(rounds * _CHECK_GROWTH)
            width = self._width(cell, series)
            if width <= self.limits.precision:
                return "precision"
            if self._settled(series, rounds, width):
                return "settled"
        if series.used_seconds >= self.limits.max_seconds:
            return "max-time" if self.limits.max_seconds else "rounds"
        return None

    def _width(self, cell: str, series: _Series) -> float:
        """The wider of the relative half-widths of the median and the paired ratio; of a quantile its own."""
        if self.limits.quantile is not None:
            return self._quantile_width(series, self.limits.quantile)
        samples = list(series.seconds.values())
        median = statistics.median(samples)
        if median == 0:  # below the clock's resolution: there is nothing to narrow
            return 0.0
        low, high = median_interval(samples, self.limits.confidence)
        width = (high - low) / 2 / median
        reference = next(iter(self._series))
        if cell != reference:
            theirs = self._series[reference].seconds
            shared = [n for n, mine in series.seconds.items() if mine > 0 and theirs.get(n, 0) > 0]
            if shared:
                ratios = [math.log(series.seconds[n] / theirs[n]) for n in shared]
                low, high = median_interval(ratios, self.limits.confidence)
                width = max(width, math.expm1((high - low) / 2))
        return width

    def _quantile_width(self, series: _Series, quantile: float) -> float:
        calls = Calls(tuple(sorted(call for turn in series.calls.values() for call in turn)))
        found = quantile_of(calls, quantile, self.limits.confidence)
        if found is None:
            return math.inf
        return (found.high - found.low) / 2 / found.seconds if found.seconds else 0.0

    def _settled(self, series: _Series, rounds: int, width: float) -> bool:
        """Twice the samples should narrow an interval by 3 tenths; twice less than 1 tenth is enough."""
        if rounds >= max(series.settling_at, _SETTLING_ROUNDS):
            stuck = width > _IMPROVEMENT * series.settling_width
            series.unimproved = series.unimproved + 1 if stuck else 0
            series.settling_at = rounds * _SETTLING_GROWTH
            series.settling_width = width
        return series.unimproved >= _SETTLED_AFTER
