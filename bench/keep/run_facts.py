"""What only all cells of a run together show: the noise floor, flat series, the best rate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.plan.run_plan import Context
from likeforlike.devices.limits.bandwidths import MEMORY, ReachedBandwidth, memory_ceiling
from likeforlike.devices.limits.ceilings import Ceiling, Reached, device_ceiling
from likeforlike.devices.limits.plausibility import flat_span, judge_series, suspicion
from likeforlike.models.contract.axis import PRECISION
from likeforlike.models.contract.workload import Workload
from likeforlike.models.registry import built_in_workloads
from likeforlike.reports.statistics.launches import over_launches, unit_of
from likeforlike.reports.statistics.ratios import LEAST_PAIRS, paired_ratio, unpaired_ratio


def judge_together(
    records: Sequence[Mapping[str, Any]],
    medians: Sequence[float],
    context: Context,
    declared: Mapping[str, Workload] | None = None,
) -> None:
    """Complete the judgement of counted kernels once all sizes are known, in place.

    A series whose time hardly grows with size marks the cells between which it does not; a workload's best
    plausible rate on a device stands beside its ceiling as the measured one. ``records`` are ``extra_info``
    objects, ``declared`` the workloads by name, else our own.
    """
    known = declared or built_in_workloads()
    sizes = {name: w.size_axis.name for name, w in known.items() if w.kind == "kernel" and w.size_axis}
    counted = [
        (record, median)
        for record, median in zip(records, medians, strict=True)
        if record["workload"] in sizes and record["flop"] is not None
    ]
    series: dict[tuple[Any, ...], list[tuple[Mapping[str, Any], float]]] = {}
    for record, median in counted:
        others = [pair for pair in record["axes"].items() if pair[0] != sizes[record["workload"]]]
        key = (record["workload"], record["implementation"], record["device"], *others)
        series.setdefault(key, []).append((record, median))
    for members in series.values():
        first = members[0][0]
        device, dtype = first["device"], _precision(first)
        ceiling = device_ceiling(context.fingerprint, device, dtype, first.get("environment"))
        points = [(_judged_flop(record), median) for record, median in members]
        reason, span = judge_series(points, ceiling), flat_span(points, ceiling)
        flat = [r for r, _ in members if span is not None and span[0][0] <= _judged_flop(r) <= span[1][0]]
        for record in flat if reason else ():
            if reason not in record["plausible"]["reasons"]:
                record["plausible"]["reasons"].append(reason)
                record["plausible"]["ok"] = False
    for record, _ in counted:
        rates = [
            other["flop"] / median
            for other, median in counted
            if other["plausible"]["ok"] and median > 0 and _alike(other, record)
        ]
        if record["ceiling"] is not None:
            record["ceiling"]["measured_flop_per_second"] = max(rates, default=None)


def judge_suspicion(
    records: Sequence[Mapping[str, Any]],
    medians: Sequence[float],
    reached: Mapping[tuple[str, str], Reached],
    bandwidths: Mapping[str, ReachedBandwidth] = {},
    fingerprint: Mapping[str, Any] | None = None,
) -> set[tuple[str, str]]:
    """Hold figures against the best rates measured here, in place; where any is suspicious.

    Places are (device, precision), and (device, ``MEMORY``) too where bytes are counted. A figure that is
    implausible anyway is not suspicious as well.
    """
    places = set()
    for record, median in zip(records, medians, strict=True):
        told, place = record["ceiling"], _place(record)
        best, widest = reached.get(place), bandwidths.get(place[0])
        if told is not None:
            told["reached"] = best and {"flop_per_second": best.flop_per_second, "source": best.source}
        moved, of_memory = record.get("bytes_moved"), record.get("memory_ceiling")
        if of_memory is not None:
            of_memory["reached"] = widest and asdict(widest)
        ceiling = told and Ceiling(told["flop_per_second"], told["source"])
        memory = None if moved is None else memory_ceiling(fingerprint, record["device"])
        work = (_judged_flop(record), median, ceiling, best, moved, memory, widest)
        reason = suspicion(*work) if record["plausible"]["ok"] else None
        record["plausible"]["suspicious"] = [reason] if reason else []
        if reason:
            places |= {place} if moved is None else {place, (place[0], MEMORY)}
    return places


def _judged_flop(record: Mapping[str, Any]) -> Any:
    """What is held against ceilings; older records have no other count than that told."""
    fewest = record.get("fewest_flop")
    return record["flop"] if fewest is None else fewest


def _place(record: Mapping[str, Any]) -> tuple[str, str]:
    """Device and precision; a logical CPU has the whole processor."""
    device = "cpu:0" if record["device"].startswith("cpu") else record["device"]
    return device, _precision(record)


def _precision(record: Mapping[str, Any]) -> str:
    told = record["axes"].get(PRECISION) or record.get("precision")
    return str(told or (record.get("recipe") or {}).get("precision", "float64"))


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two are of one workload, device and precision."""
    return [one["workload"], one["device"], _precision(one)] == [
        other["workload"],
        other["device"],
        _precision(other),
    ]


def noise_facts(records: Mapping[str, CellRecord]) -> dict[str, Any] | None:
    """The machine's noise floor from the A/A pair, and the harness's own cost per sample, if measured."""
    floors = {name: w for name, w in built_in_workloads().items() if w.kind == "noise floor"}
    measured = [r for r in records.values() if r.extra_info.get("workload") in floors and r.seconds]
    idle = [record for record in measured if _name(record) in floors[record.extra_info["workload"]].idle]
    twins = sorted((record for record in measured if record not in idle), key=_name)
    facts: dict[str, Any] = {}
    if len(twins) == 2:
        facts |= _twin_facts(twins[0], twins[1])
    if idle:
        facts["harness_seconds_per_sample"] = statistics.median(next(iter(idle)).seconds)
    return facts or None


def _name(record: CellRecord) -> str:
    return str(record.extra_info["implementation"])


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
