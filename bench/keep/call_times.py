"""All timed calls of a launch, where a quantile of them is asked for: recorded, and told as one figure."""

from __future__ import annotations

from typing import Any

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.launches import ROUNDS_A_PART
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
    """What a launch is held against others by: samples by round, or of each pair one figure, its quantile.

    Of one that took turns in several pairs those of all of them: no two share a number. Nothing where the
    calls are too few for the quantile.
    """
    extra = record.extra_info
    own: dict[str, Any] = {"seconds": record.seconds, "round_numbers": record.round_numbers}
    turns = [{**own, "call_times": extra.get("call_times", ())}, *extra.get("beside", {}).values()]
    statistic = extra.get("statistic", MEDIAN)
    if statistic == MEDIAN:
        return {n: s for told in turns for n, s in zip(told["round_numbers"], told["seconds"], strict=True)}
    found = {}
    for told in turns:
        calls = told.get("call_times", ())
        parts = [Calls(tuple(times["seconds"]), tuple(times.get("counts", ()))) for times in calls]
        quantile = quantile_of(joined(parts), QUANTILES[statistic])
        if quantile is not None:
            found[min(told["round_numbers"], default=0) // ROUNDS_A_PART] = quantile.seconds
    return found
