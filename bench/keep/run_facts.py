"""What only all cells of a run together show: the noise floor, flat series, the best rate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.plan.run_plan import Context
from likeforlike.devices.limits.ceilings import Ceiling, Reached, device_ceiling
from likeforlike.devices.limits.plausibility import flat_span, judge_series, suspicion
from likeforlike.reports.statistics.launches import over_launches, unit_of
from likeforlike.reports.statistics.ratios import LEAST_PAIRS, paired_ratio, unpaired_ratio


def judge_together(records: Sequence[Mapping[str, Any]], medians: Sequence[float], context: Context) -> None:
    """Complete the judgement of products once all sizes are known, in place.

    A series whose time hardly grows with size marks the cells between which it does not; the best
    plausible rate of a device stands beside its ceiling as the measured one. ``records`` are
    ``extra_info`` objects.
    """
    products = [pair for pair in zip(records, medians, strict=True) if pair[0]["workload"] == "matmul"]
    series: dict[tuple[str, ...], list[tuple[Mapping[str, Any], float]]] = {}
    for record, median in products:
        axes = record["axes"]
        alike = (axes["dtype"], axes.get("cache", ""), axes.get("operands", ""))
        series.setdefault((record["implementation"], record["device"], *alike), []).append((record, median))
    for (_, device, dtype, *_), members in series.items():
        ceiling = device_ceiling(context.fingerprint, device, dtype, members[0][0].get("environment"))
        points = [(record["flop"], median) for record, median in members]
        reason, span = judge_series(points, ceiling), flat_span(points, ceiling)
        flat = [r for r, _ in members if span is not None and span[0][0] <= r["flop"] <= span[1][0]]
        for record in flat if reason else ():
            if reason not in record["plausible"]["reasons"]:
                record["plausible"]["reasons"].append(reason)
                record["plausible"]["ok"] = False
    for record, _ in products:
        rates = [
            other["flop"] / median
            for other, median in products
            if other["plausible"]["ok"] and median > 0 and _same_device(other, record)
        ]
        if record["ceiling"] is not None:
            record["ceiling"]["measured_flop_per_second"] = max(rates, default=None)


def judge_suspicion(
    records: Sequence[Mapping[str, Any]],
    medians: Sequence[float],
    reached: Mapping[tuple[str, str], Reached],
) -> set[tuple[str, str]]:
    """Hold figures against the best rates measured here, in place; where any is suspicious.

    Places are (device, precision). A figure that is implausible anyway is not suspicious as well.
    """
    places = set()
    for record, median in zip(records, medians, strict=True):
        told, place = record["ceiling"], _place(record)
        best = reached.get(place)
        if told is not None:
            told["reached"] = best and {"flop_per_second": best.flop_per_second, "source": best.source}
        ceiling = told and Ceiling(told["flop_per_second"], told["source"])
        reason = suspicion(record["flop"], median, ceiling, best) if record["plausible"]["ok"] else None
        record["plausible"]["suspicious"] = [reason] if reason else []
        if reason:
            places.add(place)
    return places


def _place(record: Mapping[str, Any]) -> tuple[str, str]:
    """Device and precision; a logical CPU has the whole processor."""
    device = "cpu:0" if record["device"].startswith("cpu") else record["device"]
    told = (record.get("recipe") or {}).get("precision") or record["axes"].get("dtype", "float64")
    return device, str(told)


def _same_device(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one["device"] == other["device"] and one["axes"]["dtype"] == other["axes"]["dtype"]


def noise_facts(records: Mapping[str, CellRecord]) -> dict[str, Any] | None:
    """The machine's noise floor from the A/A pair, and the harness's own cost per sample, if measured."""
    by_name = {
        record.extra_info["implementation"]: record
        for record in records.values()
        if record.extra_info.get("workload") == "noise" and record.seconds
    }
    facts: dict[str, Any] = {}
    if "twin-a" in by_name and "twin-b" in by_name:
        facts |= _twin_facts(by_name["twin-a"], by_name["twin-b"])
    if "nothing" in by_name:
        facts["harness_seconds_per_sample"] = statistics.median(by_name["nothing"].seconds)
    return facts or None


def _twin_facts(first: CellRecord, second: CellRecord) -> dict[str, Any]:
    """Ratio of the twins' times, over launches; over rounds of one; of medians if they share no rounds."""
    theirs = dict(zip(second.round_numbers, second.seconds, strict=True))
    launches = first.extra_info.get("launch_numbers") or [0] * len(first.seconds)
    pairs: dict[int, list[tuple[float, float]]] = {}
    for number, launch, seconds in zip(first.round_numbers, launches, first.seconds, strict=True):
        if number in theirs and min(seconds, theirs[number]) > 0:
            pairs.setdefault(launch, []).append((seconds, theirs[number]))
    count = sum(map(len, pairs.values()))
    if len(pairs) > 1:
        estimate = over_launches([unit_of(np.log([b / a for a, b in found])) for found in pairs.values()])
    elif count >= LEAST_PAIRS:
        (found,) = pairs.values()
        estimate = paired_ratio([a for a, _ in found], [b for _, b in found])
    else:
        count, estimate = 0, unpaired_ratio(first.seconds, second.seconds)
    facts: dict[str, Any] = {"aa_ratio": estimate.ratio, "aa_pairs": count}
    if math.isfinite(estimate.high):  # too few samples bound nothing
        facts["aa_interval"] = [estimate.low, estimate.high]
    return facts
