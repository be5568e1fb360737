"""A cell's samples in a few figures, as the file has them or, where samples were saved, from these."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """How long the rounds of one cell took, in seconds of one iteration; None is not known."""

    rounds: int | None = None
    minimum_seconds: float | None = None
    q1_seconds: float | None = None
    median_seconds: float | None = None
    q3_seconds: float | None = None
    maximum_seconds: float | None = None
    mean_seconds: float | None = None
    stddev_seconds: float | None = None
    """Of a sample (n - 1); None for a single round, for which tools write 0."""
    iterations: int | None = None
    """Calls that each round timed together; None if not known or not the same in every round."""


def summarise(samples: Sequence[float], iterations: int | None = None) -> Summary:
    """The summary of at least one sample; quartiles as pytest-benchmark has them."""
    ordered = sorted(samples)
    q1, q3 = _quartiles(ordered)
    return Summary(
        rounds=len(ordered),
        minimum_seconds=ordered[0],
        q1_seconds=q1,
        median_seconds=statistics.median(ordered),
        q3_seconds=q3,
        maximum_seconds=ordered[-1],
        mean_seconds=statistics.fmean(ordered),
        stddev_seconds=statistics.stdev(ordered) if len(ordered) > 1 else None,
        iterations=iterations,
    )


def _quartiles(ordered: Sequence[float]) -> tuple[float, float]:
    """Medians of the halves; with an odd count, the mean of halves with and without the middle sample."""
    count = len(ordered)
    if count == 1:
        return ordered[0], ordered[0]
    halves = {count // 2, (count + 1) // 2}
    lower = [statistics.median(ordered[:half]) for half in halves]
    upper = [statistics.median(ordered[count - half :]) for half in halves]
    return statistics.fmean(lower), statistics.fmean(upper)
