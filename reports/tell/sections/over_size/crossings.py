"""From what size something pays: a device over the CPU, one implementation over another."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.call_times import asked_seconds, compared_statistic
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.statistics.crossover import Crossover, crossover
from likeforlike.reports.statistics.quantiles import MEDIAN
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Entry, Table, row
from likeforlike.reports.tell.sections.implementations import further, has_dtype
from likeforlike.reports.tell.sections.over_size.series import Place, place_of, series_of


def device_crossovers(context: Context, declared: Declared, with_transfers: bool) -> dict[Place, Crossover]:
    """For each accelerator's series, the size from which it beats the CPU, by what is sure alone."""
    compared = context.comparisons.devices
    sure = {(item.other.machine.id, item.other.key): item for item in compared if item.sure}
    series = series_of(item for item in context.detailed_of(declared.name) if item.trusted)
    result = {}
    for place, members in series.items():
        if place.device.startswith("cpu"):
            continue
        cpu = {size_of(item): item for item in series.get(place._replace(device="cpu:0"), [])}
        points = []
        for item in members:
            extra = _transfer_seconds(item) if with_transfers else 0.0
            pair = sure.get((item.machine.id, item.key))
            if pair is not None and size_of(item) in cpu and extra is not None:
                base, other = _times(pair)
                points.append((size_of(item), base, other + extra))
        found = crossover(points)
        if found is not None:
            result[place] = found
    return result


def _times(pair: Comparison) -> tuple[float, float]:
    """Seconds of the base and of the other: of two that take the same time neither is the faster.

    By medians; of a verdict on a quantile, or one that the medians contradict, by its own ratio.
    """
    statistic = compared_statistic(pair.base, pair.other)
    base, other = pair.base.median_seconds, pair.other.median_seconds
    if pair.word == "same":
        return base, base
    if statistic != MEDIAN or (other < base) != (pair.word == "faster"):
        base = asked_seconds(pair.base, statistic) or base
        other = base * pair.verdict.estimate.ratio
    return base, other


def _transfer_seconds(item: Measurement) -> float | None:
    """Median time to bring operands to the device and the result back; None where it was not measured."""
    moved = [run.cell.extra.transfer for run in item.runs if run.cell.extra.transfer is not None]
    if not moved:
        return None
    there = statistics.median(s for transfer in moved for s in transfer.to_device_seconds)
    back = statistics.median(s for transfer in moved for s in transfer.to_host_seconds)
    return there + back


def overtaking_table(context: Context, declared: Declared, items: Sequence[Measurement]) -> Table | None:
    """From what size one implementation is faster than another that is faster below; sure verdicts alone."""
    others, typed = further(items), has_dtype(items)
    rows = []
    for (place, first, second), points in _sure_times(context, declared).items():
        swapped = [(size, b, a) for size, a, b in points]
        for slow, fast, times in ((first, second, points), (second, first, swapped)):
            crossed = crossover(times)
            slower_once = any(b > a for _, a, b in times)
            if crossed is not None and crossed.size is not None and slower_once:
                entries = [fast, slow, *((place.dtype,) if typed else ()), place.device]
                entries += [place.others] if others else []
                entries += [context.study.titles[place.machine]] if context.several else []
                told = Entry(crossed.text, crossed.size)
                title = context.study.titles[place.machine]
                rows.append(row(*entries, told, workload=declared.name, machine=title))
    if not rows:
        return None
    machine = ("machine",) if context.several else ()
    size = size_name(items[0])
    columns = (
        "implementation",
        "overtakes",
        *(("dtype",) if typed else ()),
        "device",
        *others,
        *machine,
        f"from {size}",
    )
    note = "Between two sizes the ratio is taken to follow a power of the size; sure verdicts alone count."
    caption = "From what size one implementation overtakes another"
    return Table(f"{declared.section}-overtaking", caption, columns, tuple(rows), note)


def _sure_times(
    context: Context, declared: Declared
) -> dict[tuple[Place, str, str], list[tuple[float, float, float]]]:
    """(size, seconds of one, seconds of the other) of each two that were compared with a sure verdict."""
    shown = {machine.id for machine in context.detailed}
    found = grouped(
        (_pair_key(item), item)
        for item in context.comparisons.implementations
        if item.sure and item.base.key.workload == declared.name and item.base.machine.id in shown
    )
    points = {}
    for key, items in found.items():
        times = [(i, *_times(i)) for i in items]
        points[key] = [
            (size_of(i.base), *((base, other) if i.base.key.name == key[1] else (other, base)))
            for i, base, other in times
        ]
    return points


def _pair_key(item: Comparison) -> tuple[Place, str, str]:
    first, second = sorted((item.base.key.name, item.other.key.name))
    return place_of(item.base)._replace(implementation=""), first, second
