"""All timed calls of a launch, where a quantile of them is asked for: recorded, and told as one figure."""

from __future__ import annotations

from typing import Any

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.rounds import Turn
from likeforlike.reports.statistics.quantiles import (
    MEDIAN,
    QUANTILES,
    Calls,
    as_told,
    joined,
    kept,
    quantile_of,
)


def call_facts(turn: Turn) -> dict[str, Any]:
    """For the record of one launch: what was asked for, and its calls, sorted; nothing for the median."""
    statistic = turn.spec.statistic
    if statistic == MEDIAN:
        return {}
    calls = kept(call for sample in turn.samples for call in sample.call_seconds)
    return {"statistic": statistic, "call_times": [{"launch": turn.launch, **as_told(calls)}]}


def launch_seconds(record: CellRecord) -> dict[int, float]:
    """What a launch is held against others by: samples by round, or in their place one figure, its quantile.

    Nothing where the calls are too few for the quantile.
    """
    statistic = record.extra_info.get("statistic", MEDIAN)
    if statistic == MEDIAN:
        return dict(zip(record.round_numbers, record.seconds, strict=True))
    told = record.extra_info["call_times"]
    parts = [Calls(tuple(times["seconds"]), tuple(times.get("counts", ()))) for times in told]
    found = quantile_of(joined(parts), QUANTILES[statistic])
    return {} if found is None else {0: found.seconds}
