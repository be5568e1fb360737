"""Every measurement held against its device's ceiling, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from likeforlike.devices.limits.bandwidths import MemoryCeiling, ReachedBandwidth, memory_ceiling
from likeforlike.devices.limits.ceilings import PRECISIONS, Ceiling, Reached, device_ceiling
from likeforlike.devices.limits.plausibility import flat_span, judge, judge_series, suspicion
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name


def with_plausibility(measured: list[Measurement]) -> tuple[Measurement, ...]:
    """Every measurement held against its device's ceiling, and every series of sizes against flatness."""
    ceilings: dict[tuple[str, str, str, frozenset[tuple[str, str]]], Ceiling | None] = {}

    def ceiling_of(item: Measurement) -> Ceiling | None:
        environment = frozenset(item.environment.items())
        place = (item.machine.id, item.key.device, precision_of(item.extra), environment)
        if place not in ceilings:
            ceilings[place] = device_ceiling(item.machine.fingerprint, place[1], place[2], item.environment)
        return ceilings[place]

    memories: dict[tuple[str, str], MemoryCeiling] = {}

    def memory_of(item: Measurement) -> MemoryCeiling | None:
        if item.extra.bytes_moved is None:
            return None
        place = (item.machine.id, item.key.device)
        if place not in memories:
            memories[place] = memory_ceiling(item.machine.fingerprint, item.key.device)
        return memories[place]

    result = [replace(item, ceiling=ceiling_of(item), memory=memory_of(item)) for item in measured]
    flat, best, widest = _flat_reasons(result), _reached(result), _bandwidths(result)
    result = [
        replace(
            item,
            implausible=_reasons(item, flat),
            reached=best.get(_place(item)),
            bandwidth=widest.get(_whole_device(item)),
        )
        for item in result
    ]
    return tuple(replace(item, suspicious=_suspicion(item)) for item in result)


def _place(item: Measurement) -> tuple[str, str, str]:
    """Machine, device and precision; a logical CPU has the whole processor."""
    return *_whole_device(item), precision_of(item.extra)


def _whole_device(item: Measurement) -> tuple[str, str]:
    return item.machine.id, "cpu:0" if item.key.device.startswith("cpu") else item.key.device


def _bandwidths(measured: list[Measurement]) -> dict[tuple[str, str], ReachedBandwidth]:
    """The best bandwidth that any file says was measured of a device's memory."""
    best: dict[tuple[str, str], ReachedBandwidth] = {}
    for item in measured:
        for run in item.runs:
            told = run.cell.extra.memory_ceiling and run.cell.extra.memory_ceiling.reached
            known = best.get(_whole_device(item))
            if told and (known is None or told.bytes_per_second > known.bytes_per_second):
                best[_whole_device(item)] = ReachedBandwidth(told.bytes_per_second, told.source)
    return best


def _reached(measured: list[Measurement]) -> dict[tuple[str, str, str], Reached]:
    """The best rate that any file says was measured at a place, by a search over products of its own."""
    best: dict[tuple[str, str, str], Reached] = {}
    for item in measured:
        for run in item.runs:
            told = run.cell.extra.ceiling and run.cell.extra.ceiling.reached
            known = best.get(_place(item))
            if told and (known is None or told.flop_per_second > known.flop_per_second):
                best[_place(item)] = Reached(told.flop_per_second, told.source)
    return best


def _suspicion(item: Measurement) -> str:
    if item.implausible:
        return ""
    seconds = min(run.cell.median_seconds for run in item.runs)
    memory = (item.extra.bytes_moved, item.memory, item.bandwidth)
    return suspicion(judged_flop(item.extra), seconds, item.ceiling, item.reached, *memory) or ""


def judged_flop(extra: Extra) -> float | None:
    """Operations that are held against ceilings: those told, or the fewest of any known algorithm."""
    return extra.flop if extra.fewest_flop is None else extra.fewest_flop


def precision_of(extra: Extra) -> str:
    """The precision mode a cell worked in; float32, whose ceiling is higher than float64's, if untold."""
    told = extra.axes.get("dtype") or extra.precision or (extra.recipe or {}).get("precision")
    return str(told) if told in PRECISIONS else "float32"


def _reasons(item: Measurement, flat: Mapping[tuple[str, Key], str]) -> tuple[str, ...]:
    reasons: dict[str, None] = {}
    fastest = min((run.cell for run in item.runs), key=lambda cell: cell.median_seconds)
    extra = fastest.extra
    waited = extra.synchronised_median_seconds if extra.timing == "unsynchronised" else None
    memory = (extra.bytes_moved, item.memory)
    reasons |= dict.fromkeys(judge(judged_flop(extra), fastest.median_seconds, item.ceiling, waited, *memory))
    series = flat.get((item.machine.id, item.key))
    if series:
        reasons[series] = None
    if not reasons:  # what the file says of itself, where it knows more than its figures show
        reasons = {
            reason: None
            for run in item.runs
            if run.cell.extra.plausible is not None and not run.cell.extra.plausible.ok
            for reason in run.cell.extra.plausible.reasons or ("marked implausible by its own run",)
        }
    return tuple(reasons)


def _flat_reasons(measured: list[Measurement]) -> dict[tuple[str, Key], str]:
    """The reason for each measurement that belongs to a series whose time hardly grows with its work."""
    series = grouped((_series_of(item), item) for item in measured if item.extra.flop)
    reasons = {}
    for items in series.values():
        if len(items) < 2:
            continue
        points = [(judged_flop(item.extra) or 0.0, item.median_seconds) for item in items]
        span = flat_span(points, items[0].ceiling)
        reason = judge_series(points, items[0].ceiling)
        if span is None or reason is None:
            continue
        for item, point in zip(items, points, strict=True):
            if span[0][0] <= point[0] <= span[1][0]:
                reasons[item.machine.id, item.key] = reason
    return reasons


def _series_of(item: Measurement) -> tuple[Any, ...]:
    others = tuple((name, value) for name, value in item.key.axes if name != size_name(item))
    return item.machine.id, item.key.workload, item.key.implementation, item.key.device, others
