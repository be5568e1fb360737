"""How long until a trainer reaches a validation accuracy, the runs that never arrive included.

A run that ends without having reached it is *censored*: it would have taken longer than it was trained,
nobody knows how much. Left out, the trainer that fails most often would look fastest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeforlike.reports.statistics.median_intervals import LEAST_SAMPLES, median_interval

_ROUNDING = 1e-12


@dataclass(frozen=True)
class TimeToAccuracyOverRuns:
    """Seconds of training until the target, over runs."""

    runs: int
    missed: int
    """Runs that ended without having reached it."""
    median_seconds: float | None
    """By the estimate of Kaplan and Meier; None where half of the runs or more are not seen to arrive."""
    low_seconds: float
    """Interval of the median, whatever the missed runs would have taken; 0 with fewer than six runs."""
    high_seconds: float
    """Infinite with fewer than six runs, or where the missed ones leave it open."""
    least_seconds: float | None
    """The quickest that arrived; None if none did."""
    most_seconds: float | None
    """The slowest that arrived, if all did; None where one never did, so that there is no slowest."""
    mean_seconds: float
    """Mean of the time to the target or to ``horizon_seconds``, whichever is earlier."""
    horizon_seconds: float
    """What the mean is restricted to."""
    confidence: float = 0.95

    @property
    def reached(self) -> int:
        """Runs that arrived."""
        return self.runs - self.missed

    @property
    def has_interval(self) -> bool:
        """Whether the median is bounded from both sides."""
        return self.low_seconds > 0.0 and math.isfinite(self.high_seconds)

    @property
    def missed_text(self) -> str:
        """``not reached by 2 of 5 runs``; empty if all arrived."""
        if not self.missed:
            return ""
        if self.missed == self.runs:
            return "never reached" if self.runs == 1 else f"never reached in {self.runs} runs"
        return f"not reached by {self.missed} of {self.runs} runs"


def time_to_accuracy(
    runs: Sequence[tuple[float, bool]], horizon_seconds: float | None = None, confidence: float = 0.95
) -> TimeToAccuracyOverRuns:
    """Median, interval, range and restricted mean of the time to a target.

    ``runs`` are (seconds, reached): when a run arrived, or, if it never did, when its training ended. The
    mean is the area under the survival function up to ``horizon_seconds``; two trainers' means are
    comparable only with one horizon, which both were watched for (by default the longest run's time). The
    interval is that between order statistics, with a missed run counted as endless above and as over at its
    end below: it holds whatever those would have taken. Raises ValueError without runs, for a time that is
    no number above or at 0, and for a horizon beyond the longest run, of which nothing is known.
    """
    seconds, reached = _checked(runs)
    longest = float(seconds.max())
    horizon = longest if horizon_seconds is None else horizon_seconds
    if not 0.0 <= horizon <= longest:
        raise ValueError(f"horizon_seconds {horizon!r}: expected at most the longest run's {longest!r}")
    times, survival = _survival(seconds, reached)
    below_half = np.flatnonzero(survival <= 0.5 + _ROUNDING)
    low, high = median_interval(seconds, confidence)[0], _upper(seconds, reached, confidence)
    return TimeToAccuracyOverRuns(
        runs=seconds.size,
        missed=int(np.count_nonzero(~reached)),
        median_seconds=_median(times, survival, below_half),
        low_seconds=max(low, 0.0),
        high_seconds=high,
        least_seconds=float(seconds[reached].min()) if reached.any() else None,
        most_seconds=longest if reached.all() else None,
        mean_seconds=_restricted_mean(times, survival, horizon),
        horizon_seconds=horizon,
        confidence=confidence,
    )


def missing_runs(estimate: TimeToAccuracyOverRuns) -> int:
    """Further runs until the median can have an interval; 0 if there are enough."""
    return max(LEAST_SAMPLES - estimate.runs, 0)


def _checked(runs: Sequence[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    if not runs:
        raise ValueError("no runs: expected one at least")
    for seconds, _ in runs:
        if not (math.isfinite(seconds) and seconds >= 0.0):
            raise ValueError(f"seconds {seconds!r}: expected a time of at least 0")
    return np.array([run[0] for run in runs], dtype=float), np.array([run[1] for run in runs], dtype=bool)


def _survival(seconds: np.ndarray, reached: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times, ascending, and the share of runs still under way after each (Kaplan and Meier 1958)."""
    if reached.all():
        times, counts = np.unique(seconds, return_counts=True)
        return times, 1.0 - np.cumsum(counts) / seconds.size
    from scipy import stats  # takes over a second to import, so only where runs have missed the target

    function = stats.ecdf(stats.CensoredData.right_censored(seconds, ~reached)).sf
    return np.asarray(function.quantiles), np.asarray(function.probabilities)


def _median(times: np.ndarray, survival: np.ndarray, below_half: np.ndarray) -> float | None:
    """First time by which half have arrived; between two of them where it is exactly half, as any median."""
    if below_half.size == 0:
        return None
    first = int(below_half[0])
    later = np.flatnonzero(survival < 0.5 - _ROUNDING)  # the same, unless it is exactly half
    return float((times[first] + times[later[0]]) / 2.0) if later.size else None


def _upper(seconds: np.ndarray, reached: np.ndarray, confidence: float) -> float:
    return float(median_interval(np.where(reached, seconds, np.inf), confidence)[1])


def _restricted_mean(times: np.ndarray, survival: np.ndarray, horizon: float) -> float:
    inside = times < horizon
    edges = np.concatenate([[0.0], times[inside], [horizon]])
    heights = np.concatenate([[1.0], survival[inside]])
    return float(np.sum(np.diff(edges) * heights))
