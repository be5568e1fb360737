"""Tails: which quantile verdicts are asked on, and the timed calls that tell it, launch by launch.

A quantile is compared by launch, never by round. The slow calls of one turn have no partners in another's,
and a turn holds too few calls for a p99 of its own; but a launch's calls of two entrants were taken in turns,
in the same minutes, and what slows that launch as a whole falls on both. So a launch gives one figure, the
log of the ratio of the two quantiles over all its calls, and launches are counted, as with medians.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from likeforlike.reports.read.schema.cells import CallTimes
from likeforlike.reports.sort.measured.measurements import Measurement, Run
from likeforlike.reports.statistics.quantiles import (
    MEDIAN,
    QUANTILES,
    Calls,
    Quantile,
    joined,
    quantile_of,
    too_few_calls,
)


def statistic_of(item: Measurement) -> str:
    """What verdicts on it were asked on; ``median`` unless all its runs have calls to tell a quantile by."""
    asked = item.extra.statistic
    told = not item.whole and all(run.cell.extra.call_times for run in item.runs)
    return asked if told and asked in QUANTILES else MEDIAN


def compared_statistic(base: Measurement, other: Measurement) -> str:
    """What two measurements are compared by: the other's where both have calls, else the median."""
    mine, theirs = statistic_of(base), statistic_of(other)
    return theirs if MEDIAN not in (mine, theirs) else MEDIAN


def calls_of(run: Run, partner: Run | None = None) -> dict[int, Calls]:
    """A run's timed calls by launch; of launches that a group took in pairs, those beside a partner."""
    extra = run.cell.extra
    beside = None if partner is None else extra.beside.get(partner.cell.extra.cell or "")
    told = {**_by_launch(extra.call_times), **_by_launch(beside.call_times if beside else ())}
    return {number: joined(parts) for number, parts in told.items()}


def _by_launch(told: Iterable[CallTimes]) -> Mapping[int, list[Calls]]:
    found: dict[int, list[Calls]] = {}
    for item in told:
        found.setdefault(item.launch, []).append(Calls(item.seconds, item.counts, item.resolution))
    return found


def every_call(item: Measurement) -> Calls:
    """All timed calls of a measurement, of all launches, runs and files."""
    return joined([calls for run in item.runs for calls in calls_of(run).values()])


def quantiles_of(item: Measurement) -> dict[str, Quantile | None]:
    """p50, p95 and p99 over all its calls, each with its interval; None where these are too few."""
    calls = every_call(item)
    return {name: quantile_of(calls, quantile) for name, quantile in QUANTILES.items()}


def quantile_figures(item: Measurement) -> dict[str, float]:
    """``call_count`` and of each quantile ``p99_seconds``, ``p99_low_seconds`` and ``p99_high_seconds``.

    Nothing without calls; a quantile for which they are too few is left out.
    """
    calls = every_call(item).number
    figures: dict[str, float] = {"call_count": calls} if calls else {}
    for name, found in quantiles_of(item).items():
        if found is not None:
            ends = {"": found.seconds, "_low": found.low, "_high": found.high}
            figures |= {f"{name}{end}_seconds": seconds for end, seconds in ends.items()}
    return figures


def asked_seconds(item: Measurement, statistic: str = "") -> float | None:
    """A quantile of all its calls, by default the one that verdicts were asked on.

    None where that is the median, or there are too few calls.
    """
    name = statistic or statistic_of(item)
    if name == MEDIAN:
        return None
    found = quantile_of(every_call(item), QUANTILES[name])
    return None if found is None else found.seconds


def calls_a_launch(item: Measurement) -> int:
    """The calls of the launch that has the most of them."""
    return max((calls.number for run in item.runs for calls in calls_of(run).values()), default=0)


def what_is_missing(base: Measurement, other: Measurement) -> str:
    """Why two can't be compared by the quantile asked for."""
    return too_few_calls(compared_statistic(base, other), min(calls_a_launch(base), calls_a_launch(other)))
