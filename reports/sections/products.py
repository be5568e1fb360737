"""CPU against GPU: matrix products, and which implementation is fastest."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from devices.plausibility import format_rate, format_seconds
from reports.crossover import Crossover, crossover, growth_exponent
from reports.document import Block, Entry, Figure, Section, Table, Text, numbered, row, section
from reports.formats import (
    rate_entry,
    ratio_entry,
    seconds_entry,
    share_entry,
    speed_up_entry,
    time_entry,
    verdict_entry,
)
from reports.sections.view import View
from reports.series import Curve, drawing
from reports.study import Measurement, grouped

MATMUL = "matmul"


def products_section(view: View) -> Section | None:
    """Everything about products on the detailed machines."""
    items = view.detailed_of(MATMUL)
    if not items:
        return None
    blocks: list[Block | None] = [_device_text(items), _device_table(view, items)]
    blocks.append(_growth_table(view, items))
    blocks += _figures(view, items)
    blocks.append(ranking_table(view, items, MATMUL, "Implementations of the product, compared"))
    return section("products", "CPU against GPU: matrix products", blocks)


def _device_text(items: Sequence[Measurement]) -> Text:
    told = "Square matrices, one product a sample; operations are 2 n³. The ceiling errs upwards."
    if all(item.key.device.startswith("cpu") for item in items):
        told += " No GPU was measured, so there is no speed-up to tell."
    return Text(told)


def accelerators(items: Iterable[Measurement]) -> list[str]:
    """Devices other than the first CPU, in order of appearance."""
    return list(dict.fromkeys(item.key.device for item in items if item.key.device != "cpu:0"))


def _device_table(view: View, items: Sequence[Measurement]) -> Table:
    """One row for each implementation, precision and size; devices side by side."""
    devices = accelerators(items)
    rows = []
    places = grouped(((item.machine.id, replace(item.key, device="")), item) for item in items)
    for (_, key), members in sorted(places.items(), key=lambda pair: _order(view, pair[1][0])):
        found = {item.key.device: item for item in members}
        cpu = found.get("cpu:0")
        entries: list[Entry | str | None] = [key.name, _dtype(members[0]), _size_entry(members[0])]
        if view.several:
            entries.append(view.title(members[0]))
        entries += [time_entry(cpu), rate_entry(cpu), share_entry(cpu)]
        words = []
        for device in devices:
            item = found.get(device)
            pair = None if item is None else view.comparisons.across_devices.get((item.machine.id, item.key))
            entries += [time_entry(item), rate_entry(item), share_entry(item), speed_up_entry(pair)]
            entries.append(verdict_entry(pair))
            words += [pair.word] if pair else []
        rows.append(row(*entries, workload=MATMUL, machine=view.title(members[0]), verdict=words))
    columns = ["implementation", "dtype", "size", *(["machine"] if view.several else [])]
    for device in ["cpu:0", *devices]:
        columns += [device, f"{device} rate", f"{device} of ceiling"]
        columns += [f"speed-up {device}", f"verdict on {device}"] if device != "cpu:0" else []
    note = (
        "Speed-up is CPU time over the device's: a ratio of medians, for devices take no turns. "
        "Figures struck through can't be true or were disturbed; “What can't be believed” says why."
        if devices
        else ""
    )
    return Table("products", "Time and rate of the products", tuple(columns), tuple(rows), note)


def _order(view: View, item: Measurement) -> tuple[int, str, str, float]:
    return view.rank(item), item.key.name, _dtype(item), size_of(item)


def _dtype(item: Measurement) -> str:
    return str(item.key.axis.get("dtype", "–"))


def size_of(item: Measurement) -> float:
    """The size axis as a figure; 0 where it is none."""
    size = item.key.axis.get("size")
    return float(size) if isinstance(size, int | float) and not isinstance(size, bool) else 0.0


def _size_entry(item: Measurement) -> Entry:
    size = size_of(item)
    return Entry(f"{size:,.0f}", size) if size else Entry(str(item.key.axis.get("size", "–")))


def _series(items: Iterable[Measurement]) -> dict[tuple[str, str, str, str], list[Measurement]]:
    """Sizes of one implementation, precision and device on one machine."""
    places = grouped(
        ((item.machine.id, item.key.name, _dtype(item), item.key.device), item) for item in items
    )
    return {place: sorted(members, key=size_of) for place, members in places.items()}


def device_crossovers(view: View, with_transfers: bool) -> dict[tuple[str, str, str, str], Crossover]:
    """For each accelerator's series, the size from which it beats the CPU, by what is sure alone."""
    sure = {(item.other.machine.id, item.other.key) for item in view.comparisons.devices if item.sure}
    series = _series(item for item in view.detailed_of(MATMUL) if item.trusted)
    result = {}
    for place, members in series.items():
        machine, implementation, dtype, device = place
        if device.startswith("cpu"):
            continue
        cpu = {size_of(item): item for item in series.get((machine, implementation, dtype, "cpu:0"), [])}
        points = []
        for item in members:
            extra = transfer_seconds(item) if with_transfers else 0.0
            if (item.machine.id, item.key) in sure and size_of(item) in cpu and extra is not None:
                points.append((size_of(item), cpu[size_of(item)].median_seconds, item.median_seconds + extra))
        found = crossover(points)
        if found is not None:
            result[place] = found
    return result


def transfer_seconds(item: Measurement) -> float | None:
    """Median time to bring operands to the device and the result back; None where it was not measured."""
    moved = [run.cell.extra.transfer for run in item.runs if run.cell.extra.transfer is not None]
    if not moved:
        return None
    there = statistics.median(s for transfer in moved for s in transfer.to_device_seconds)
    back = statistics.median(s for transfer in moved for s in transfer.to_host_seconds)
    return there + back


def _growth_table(view: View, items: Sequence[Measurement]) -> Table | None:
    without, within = (device_crossovers(view, transfers) for transfers in (False, True))
    rows = []
    for place, members in sorted(_series(items).items()):
        sound = [item for item in members if not item.doubt]
        exponent = growth_exponent([(size_of(item), item.median_seconds) for item in sound])
        if exponent is None and place not in without:
            continue
        best = max((item for item in sound if item.flop_per_second), key=_rate, default=None)
        entries: list[Entry | str | None] = [*place[1:], *([view.title(members[0])] if view.several else [])]
        entries += [
            None if exponent is None else Entry(f"{exponent:.2f}", exponent),
            rate_entry(best),
            _ceiling_entry(members[0]),
            _crossover_entry(without.get(place)),
            _crossover_entry(within.get(place)),
        ]
        rows.append(row(*entries, workload=MATMUL, machine=view.title(members[0])))
    if not rows:
        return None
    machine = ("machine",) if view.several else ()
    columns = (
        "implementation",
        "dtype",
        "device",
        *machine,
        "time grows with size to the",
        "best rate",
        "ceiling",
        "pays from size",
        "with transfers",
    )
    note = (
        "Over all sound sizes; a product alone grows to the 3rd power, overhead with less. From what size a "
        "device pays rests on sure verdicts against the CPU alone."
    )
    return Table(
        "growth", "How time grows with size, and from what size a device pays", columns, tuple(rows), note
    )


def _rate(item: Measurement) -> float:
    return item.flop_per_second or 0.0


def _ceiling_entry(item: Measurement) -> Entry:
    if item.ceiling is None or not item.ceiling.of_device:
        return Entry("not known")
    return Entry(format_rate(item.ceiling.flop_per_second), item.ceiling.flop_per_second)


def _crossover_entry(found: Crossover | None) -> Entry:
    return Entry("–") if found is None else Entry(found.text, found.size)


def _figures(view: View, items: Sequence[Measurement]) -> list[Figure]:
    """One for each machine with several sizes."""
    machines = grouped((item.machine.id, item) for item in sorted(items, key=view.rank))
    drawn = [figure for mine in machines.values() if (figure := _figure(view, mine)) is not None]
    return numbered(drawn, "time-against-size")


def _figure(view: View, mine: Sequence[Measurement]) -> Figure | None:
    """One machine, and the precision that it has most cells of."""
    dtypes = [_dtype(item) for item in mine]
    dtype = max(dict.fromkeys(dtypes), key=dtypes.count)
    series = {
        place: members
        for place, members in _series(item for item in mine if _dtype(item) == dtype).items()
        if len(members) > 1
    }
    if not series:
        return None
    curves = [_curve(place, members) for place, members in _in_turns(series)]
    ceilings = _ceiling_curves(series)
    facts = "; ".join(
        f"{curve.name} {format_seconds(curve.y[0])} at {curve.x[0]:,.0f} to {format_seconds(curve.y[-1])} at "
        f"{curve.x[-1]:,.0f}" + (", implausible" if curve.struck else "")
        for curve in curves[:8]
    )
    where = f" on {view.title(mine[0])}" if view.several else ""
    more = f" (the first 8 of {len(curves)})" if len(curves) > 8 else ""
    return Figure(
        "time-against-size",
        f"Time of a {dtype} product against size{where}, both logarithmic{more}; "
        "grey, the least time that the ceiling allows",
        f"Log-log lines of time over size: {facts}.",
        drawing("time_against_size", tuple(curves), tuple(ceilings), "size n of the n × n matrices", "time"),
    )


def _in_turns(
    series: dict[tuple[str, str, str, str], list[Measurement]],
) -> list[tuple[tuple[str, str, str, str], list[Measurement]]]:
    """Devices by turns, since of many series a plot shows the first ones."""
    devices = grouped((pair[0][3], pair) for pair in series.items()).values()
    return [pair for turn in zip_longest(*devices) for pair in turn if pair is not None]


def _curve(place: tuple[str, str, str, str], members: Sequence[Measurement]) -> Curve:
    return Curve(
        f"{place[1]} on {place[3]}",
        tuple(size_of(item) for item in members),
        tuple(item.median_seconds for item in members),
        any(item.implausible for item in members),
    )


def _ceiling_curves(series: dict[tuple[str, str, str, str], list[Measurement]]) -> list[Curve]:
    curves: dict[str, Curve] = {}
    for place, members in series.items():
        held = [(i, i.ceiling, i.extra.flop) for i in members if i.ceiling is not None and i.extra.flop]
        if len(held) < 2:
            continue
        name = f"ceiling of {place[3]}" if held[0][1].of_device else "highest peak of any device"
        sizes = tuple(size_of(item) for item, _, _ in held)
        times = tuple(flop / ceiling.flop_per_second for _, ceiling, flop in held)
        curves.setdefault(name, Curve(name, sizes, times))
    return list(curves.values())


def ranking_table(view: View, items: Sequence[Measurement], name: str, caption: str) -> Table | None:
    """Implementations of one place compared with the fastest of their division; None if there is one each."""
    if not any((item.machine.id, item.key) in view.comparisons.against_base for item in items):
        return None
    rows = []
    ordered = sorted(
        items,
        key=lambda item: (
            view.rank(item),
            item.key.device,
            item.extra.division,
            [str(v) for _, v in item.key.axes if not isinstance(v, int)],
            size_of(item),
            item.median_seconds,
        ),
    )
    for item in ordered:
        comparison = view.comparisons.against_base.get((item.machine.id, item.key))
        entries = [Entry(item.key.name), Entry(item.key.device)]
        entries += [Entry(view.title(item))] if view.several else []
        entries += [_size_entry(item), Entry(_dtype(item)), Entry(item.extra.division), time_entry(item)]
        entries += [
            Entry("base") if comparison is None else ratio_entry(comparison),
            verdict_entry(comparison),
        ]
        entries += [seconds_entry(item.extra.cold_seconds)]
        word = comparison.word if comparison else "base"
        rows.append(row(*entries, workload=item.key.workload, machine=view.title(item), verdict=word))
    machine = ("machine",) if view.several else ()
    columns = (
        "implementation",
        "device",
        *machine,
        "size",
        "dtype",
        "division",
        "time",
        "ratio to the fastest",
        "verdict",
        "first call",
    )
    note = "Each device, size, dtype and division has its own base, its fastest; ratios are of paired rounds."
    folded = len(rows) > 30
    return Table(f"{name}-implementations", caption, columns, tuple(rows), note, folded) if rows else None
