"""CPU against GPU: matrix products, and which implementation is fastest."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.sort.measurements import Measurement, grouped, size_of
from likeforlike.reports.statistics.crossover import Crossover, crossover, growth_exponent
from likeforlike.reports.tell import document
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Figure, Section, Table, Text, numbered, row
from likeforlike.reports.tell.formatting import (
    ENERGY,
    comparison_text,
    joules_entry,
    listed,
    rate_entry,
    share_entry,
    significant,
    speed_up_entry,
    time_entry,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import Curve, RateAgainstSize, RelativeTimes
from likeforlike.reports.tell.sections.implementations import dtype_of, ranking_table, size_entry

MATMUL = "matmul"
SIZE_LABEL = "size n of the n × n matrices"

_Place = tuple[str, str, str, str]
"""Machine, implementation, precision, device."""
_Series = list[tuple[_Place, list[Measurement]]]


def sections(context: Context) -> list[Section | None]:
    """Everything about products on the detailed machines."""
    items = context.detailed_of(MATMUL)
    if not items:
        return []
    blocks: list[Block | None] = [_device_text(items), _device_table(context, items)]
    blocks.append(_growth_table(context, items))
    blocks += _figures(context, items)
    blocks.append(ranking_table(context, items, MATMUL, "Implementations of the product, compared"))
    return [document.section("products", "CPU against GPU: matrix products", blocks)]


def findings(context: Context) -> Kinds:
    """From what size a device pays, then which implementation is fastest at the largest product."""
    return [_device_findings(context), _fastest_findings(context)]


def _device_text(items: Sequence[Measurement]) -> Text:
    told = "Square matrices, one product a sample; operations are 2 n³. The ceiling errs upwards."
    if all(item.key.device.startswith("cpu") for item in items):
        told += " No GPU was measured, so there is no speed-up to tell."
    return Text(told)


def _accelerators(items: Iterable[Measurement]) -> list[str]:
    """Devices other than the first CPU, in order of appearance."""
    return list(dict.fromkeys(item.key.device for item in items if item.key.device != "cpu:0"))


def _device_table(context: Context, items: Sequence[Measurement]) -> Table:
    """One row for each implementation, precision and size; devices side by side."""
    devices = _accelerators(items)
    counted = {item.key.device for item in items if item.joules is not None}
    rows = []
    places = grouped(((item.machine.id, replace(item.key, device="")), item) for item in items)
    for (_, key), members in sorted(places.items(), key=lambda pair: _order(context, pair[1][0])):
        found = {item.key.device: item for item in members}
        cpu = found.get("cpu:0")
        entries: list[Entry | str | None] = [key.name, dtype_of(members[0]), size_entry(members[0])]
        if context.several:
            entries.append(context.title(members[0]))
        entries += [time_entry(cpu), rate_entry(cpu), share_entry(cpu)]
        entries += [joules_entry(cpu and cpu.joules)] if "cpu:0" in counted else []
        words = []
        for device in devices:
            item = found.get(device)
            pair = (
                None if item is None else context.comparisons.across_devices.get((item.machine.id, item.key))
            )
            entries += [time_entry(item), rate_entry(item), share_entry(item)]
            entries += [joules_entry(item and item.joules)] if device in counted else []
            entries.append(speed_up_entry(pair))
            entries.append(verdict_entry(pair))
            words += [pair.word] if pair else []
        rows.append(row(*entries, workload=MATMUL, machine=context.title(members[0]), verdict=words))
    columns = ["implementation", "dtype", "size", *(["machine"] if context.several else [])]
    for device in ["cpu:0", *devices]:
        columns += [device, f"{device} rate", f"{device} of ceiling"]
        columns += [f"{device} {ENERGY}"] if device in counted else []
        columns += [f"speed-up {device}", f"verdict on {device}"] if device != "cpu:0" else []
    note = (
        "Speed-up is CPU time over the device's: a ratio of times, for devices take no turns. "
        "Figures struck through can't be true or were disturbed; “What can't be believed” says why."
        if devices
        else ""
    )
    minor = [f"{device} {what}" for what in ("of ceiling", "rate") for device in ("cpu:0", *devices)]
    minor += [f"verdict on {device}" for device in devices]
    caption = "Time and rate of the products"
    return Table("products", caption, tuple(columns), tuple(rows), note, minor=tuple(minor))


def _order(context: Context, item: Measurement) -> tuple[int, str, str, float]:
    return context.rank(item), item.key.name, dtype_of(item), size_of(item)


def _series(items: Iterable[Measurement]) -> dict[_Place, list[Measurement]]:
    """Sizes of one implementation, precision and device on one machine."""
    places = grouped(
        ((item.machine.id, item.key.name, dtype_of(item), item.key.device), item) for item in items
    )
    return {place: sorted(members, key=size_of) for place, members in places.items()}


def _device_crossovers(context: Context, with_transfers: bool) -> dict[_Place, Crossover]:
    """For each accelerator's series, the size from which it beats the CPU, by what is sure alone."""
    sure = {(item.other.machine.id, item.other.key) for item in context.comparisons.devices if item.sure}
    series = _series(item for item in context.detailed_of(MATMUL) if item.trusted)
    result = {}
    for place, members in series.items():
        machine, implementation, dtype, device = place
        if device.startswith("cpu"):
            continue
        cpu = {size_of(item): item for item in series.get((machine, implementation, dtype, "cpu:0"), [])}
        points = []
        for item in members:
            extra = _transfer_seconds(item) if with_transfers else 0.0
            if (item.machine.id, item.key) in sure and size_of(item) in cpu and extra is not None:
                points.append((size_of(item), cpu[size_of(item)].median_seconds, item.median_seconds + extra))
        found = crossover(points)
        if found is not None:
            result[place] = found
    return result


def _transfer_seconds(item: Measurement) -> float | None:
    """Median time to bring operands to the device and the result back; None where it was not measured."""
    moved = [run.cell.extra.transfer for run in item.runs if run.cell.extra.transfer is not None]
    if not moved:
        return None
    there = statistics.median(s for transfer in moved for s in transfer.to_device_seconds)
    back = statistics.median(s for transfer in moved for s in transfer.to_host_seconds)
    return there + back


def _growth_table(context: Context, items: Sequence[Measurement]) -> Table | None:
    without, within = (_device_crossovers(context, transfers) for transfers in (False, True))
    rows = []
    for place, members in sorted(_series(items).items()):
        sound = [item for item in members if not item.doubt]
        exponent = growth_exponent([(size_of(item), item.median_seconds) for item in sound])
        if exponent is None and place not in without:
            continue
        best = max((item for item in sound if item.flop_per_second), key=_rate, default=None)
        entries: list[Entry | str | None] = [
            *place[1:],
            *([context.title(members[0])] if context.several else []),
        ]
        entries += [
            None if exponent is None else Entry(f"{exponent:.2f}", exponent),
            rate_entry(best),
            _ceiling_entry(members[0]),
            _crossover_entry(without.get(place)),
            _crossover_entry(within.get(place)),
        ]
        rows.append(row(*entries, workload=MATMUL, machine=context.title(members[0])))
    if not rows:
        return None
    machine = ("machine",) if context.several else ()
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
    caption = "How time grows with size, and from what size a device pays"
    return Table("growth", caption, columns, tuple(rows), note, minor=("ceiling", "best rate"))


def _rate(item: Measurement) -> float:
    return item.flop_per_second or 0.0


def _ceiling_entry(item: Measurement) -> Entry:
    if item.ceiling is None or not item.ceiling.of_device:
        return Entry("not known")
    return Entry(format_rate(item.ceiling.flop_per_second), item.ceiling.flop_per_second)


def _crossover_entry(found: Crossover | None) -> Entry:
    return Entry("–") if found is None else Entry(found.text, found.size)


def _figures(context: Context, items: Sequence[Measurement]) -> list[Figure]:
    """One for each machine with several sizes."""
    machines = grouped((item.machine.id, item) for item in sorted(items, key=context.rank))
    drawn = [figure for mine in machines.values() if (figure := _figure(context, mine)) is not None]
    return numbered(drawn, "products-over-size")


def _figure(context: Context, mine: Sequence[Measurement]) -> Figure | None:
    """One machine, and the precision that it has most cells of."""
    dtypes = [dtype_of(item) for item in mine]
    dtype = max(dict.fromkeys(dtypes), key=dtypes.count)
    series = {
        place: members
        for place, members in _series(item for item in mine if dtype_of(item) == dtype).items()
        if len(members) > 1
    }
    if not series:
        return None
    where = f" on {context.title(mine[0])}" if context.several else ""
    ordered = _in_turns(series)
    more = f" (the first 8 of {len(ordered)})" if len(ordered) > 8 else ""
    if all(item.flop_per_second for members in series.values() for item in members):
        return _rates_figure(ordered, f"Rate of a {dtype} product over size{where}{more}")
    return _relative_figure(ordered, f"Time of a {dtype} product over the fastest's{where}{more}")


def _rates_figure(ordered: _Series, caption: str) -> Figure:
    curves = tuple(_curve(*one, [_rate(item) for item in one[1]]) for one in ordered)
    ceilings = tuple(_ceiling_curves(ordered))
    facts = "; ".join(
        f"{curve.name} {format_rate(curve.y[0])} at {curve.x[0]:,.0f} to {format_rate(curve.y[-1])} at "
        f"{curve.x[-1]:,.0f}" + (", implausible" if curve.struck else "")
        for curve in curves[:8]
    )
    held = "".join(f"; {line.name} {format_rate(line.y[0])}" for line in ceilings)
    return Figure(
        "rates",
        f"{caption}: operations over median time; grey, what the device can do at most",
        f"Lines of FLOP/s over size: {facts}{held}.",
        RateAgainstSize(curves, ceilings, SIZE_LABEL),
    )


def _relative_figure(ordered: _Series, caption: str) -> Figure:
    """Where work is not counted: times over the least of each size."""
    best: dict[float, float] = {}
    for _, members in ordered:
        for item in members:
            best[size_of(item)] = min(item.median_seconds, best.get(size_of(item), item.median_seconds))
    curves = tuple(
        _curve(*one, [item.median_seconds / best[size_of(item)] for item in one[1]]) for one in ordered
    )
    facts = "; ".join(
        f"{curve.name} ×{significant(curve.y[0])} at {curve.x[0]:,.0f} to ×{significant(curve.y[-1])} at "
        f"{curve.x[-1]:,.0f}"
        for curve in curves[:8]
    )
    return Figure(
        "relative",
        f"{caption} of the same size; operations were not counted",
        f"Lines of time over the fastest's at each size: {facts}.",
        RelativeTimes(curves, SIZE_LABEL),
    )


def _in_turns(series: dict[_Place, list[Measurement]]) -> _Series:
    """Devices by turns, since of many series a plot shows the first ones."""
    devices = grouped((pair[0][3], pair) for pair in series.items()).values()
    return [pair for turn in zip_longest(*devices) for pair in turn if pair is not None]


def _curve(place: _Place, members: Sequence[Measurement], values: Sequence[float]) -> Curve:
    return Curve(
        f"{place[1]} on {place[3]}",
        tuple(size_of(item) for item in members),
        tuple(values),
        any(item.implausible for item in members),
    )


def _ceiling_curves(ordered: _Series) -> list[Curve]:
    curves: dict[str, Curve] = {}
    for place, members in ordered:
        held = [(size_of(item), item.ceiling) for item in members if item.ceiling is not None]
        if len(held) < 2:
            continue
        name = f"ceiling of {place[3]}" if held[0][1].of_device else "highest peak of any device"
        sizes, ceilings = zip(*held, strict=True)
        curves.setdefault(name, Curve(name, sizes, tuple(c.flop_per_second for c in ceilings)))
        told = [item.extra.ceiling for item in members if item.extra.ceiling is not None]
        best = max((c.measured_flop_per_second or 0.0 for c in told), default=0.0)
        if best:
            name = f"best measured on {place[3]}"
            curves.setdefault(name, Curve(name, sizes, (best,) * len(sizes)))
    return list(curves.values())


def _device_findings(context: Context) -> Iterator[str]:
    """How much faster than the CPU a device is at best, and from what size it pays."""
    without, within = (_device_crossovers(context, transfers) for transfers in (False, True))
    best: dict[str, Comparison] = {}
    for item in context.comparisons.devices:
        place = item.other.machine.id + item.other.key.device
        if item.sure and item.word == "faster" and item.other.key.workload == "matmul":
            known = best.get(place)
            if known is None or item.verdict.estimate.ratio < known.verdict.estimate.ratio:
                best[place] = item
    for item in best.values():
        key = item.other.key
        place_key = (item.other.machine.id, key.name, str(key.axis.get("dtype", "–")), key.device)
        pays = "".join(
            f"{lead} {found[place_key].pays}"
            for lead, found in (("; it pays", without), (", with transfers", within))
            if place_key in found
        )
        speed_up = significant(1.0 / item.verdict.estimate.ratio)
        where = f" ({context.title(item.other)})" if context.several else ""
        yield (
            f"{key.device}{where} is up to ×{speed_up} as fast as cpu:0 at products "
            f"({key.name}, {key.axis.get('dtype')}, size {key.axis.get('size')}){pays}."
        )
    yield from _never_paying(context, set(best))


def _never_paying(context: Context, paying: set[str]) -> Iterator[str]:
    """Accelerators that are surely slower than the CPU at every product they both have."""
    compared = [item for item in context.comparisons.devices if item.other.key.workload == "matmul"]
    for place, items in grouped((i.other.machine.id + i.other.key.device, i) for i in compared).items():
        if place in paying or not all(item.sure and item.word in ("slower", "same") for item in items):
            continue
        largest = max(size_of(item.other) for item in items)
        other = items[0].other
        where = f" ({context.title(other)})" if context.several else ""
        yield f"{other.key.device}{where} pays at no product that was measured, up to size {largest:,.0f}."


def _fastest_findings(context: Context) -> Iterator[str]:
    """Who is fastest at the largest product of each device with a clear verdict, and by how much."""
    compared = [item for item in context.comparisons.implementations if item.base.key.workload == "matmul"]
    places = grouped(
        (
            (
                i.base.machine.id,
                i.base.extra.division,
                i.base.key.device,
                i.base.key.axis.get("dtype"),
                (i.base.key.apart, i.base.key.circumstances),
            ),
            i,
        )
        for i in compared
    )
    ordered = sorted(places.values(), key=lambda mine: mine[0].base.extra.division != "default")
    for every in ordered:
        mine = [item for item in every if item.sure]
        if not mine:
            continue
        size = max(size_of(item.base) for item in mine)
        mine = [item for item in mine if size_of(item.base) == size]
        largest = (
            "largest product"
            if size == max(size_of(item.base) for item in every)
            else ("largest product with a clear verdict")
        )
        base = mine[0].base
        tuned = "" if base.extra.division == "default" else f", division {base.extra.division}"
        yield (
            f"At the {largest} {context.where(base)} ({base.key.axis.get('dtype')}, size "
            f"{size:,.0f}{tuned}) {_times_text(mine)}."
        )


def _times_text(mine: Sequence[Comparison]) -> str:
    """``torch takes ×1.13 and jax ×1.23 of tf-eager's time; numpy takes as long``, with intervals."""
    name = mine[0].base.key.implementation
    unlike = [item for item in mine if item.verdict.different]
    like = [item.other.key.implementation for item in mine if not item.verdict.different]
    parts = []
    if unlike:
        ratios = [f"{item.other.key.implementation} {comparison_text(item)}" for item in unlike]
        first, _, rest = listed(ratios).partition(" ")
        parts.append(f"{first} takes {rest} of {name}'s time")
    if like:
        parts.append(
            f"{listed(like)} take{'s' * (len(like) == 1)} as long" + ("" if unlike else f" as {name}")
        )
    return "; ".join(parts)
