"""The section of each kernel with a size: devices side by side, time over size, implementations compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.statistics.crossover import Crossover, growth_exponent
from likeforlike.reports.tell import document
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Section, Table, Text, row
from likeforlike.reports.tell.formatting import (
    MEMORY,
    items_columns,
    items_entry,
    known_resources,
    rate_entry,
    resource_entries,
    share_entry,
    speed_up_entry,
    time_entry,
    title_of,
    verdict_entry,
)
from likeforlike.reports.tell.sections.implementations import (
    dtype_of,
    further,
    has_dtype,
    others_of,
    ranking_table,
    size_entry,
)
from likeforlike.reports.tell.sections.over_size.crossings import device_crossovers, overtaking_table
from likeforlike.reports.tell.sections.over_size.curves import figures
from likeforlike.reports.tell.sections.over_size.sentences import device_findings, fastest_findings
from likeforlike.reports.tell.sections.over_size.series import rate_of, series_of, told_workloads
from likeforlike.reports.tell.wording.roof_text import ROOF, ROOF_NOTE, has_roof, roof_entry
from likeforlike.reports.tell.wording.tails_text import asked_note

GROWTH = "growth"
"""The table of the first workload that has one; of others the section's name stands before it."""


def sections(context: Context) -> list[Section | None]:
    """A section for each such workload on the detailed machines."""
    made: list[Section | None] = []
    for declared in told_workloads(context):
        items = context.detailed_of(declared.name)
        if items:
            growth = f"{declared.section}-{GROWTH}" if made else GROWTH
            made.append(_section(context, declared, items, growth))
    return made


def findings(context: Context) -> Kinds:
    """From what size a device pays, then which implementation is fastest at the largest size."""
    kinds: list[Iterable[str]] = []
    for declared in told_workloads(context):
        kinds += [device_findings(context, declared), fastest_findings(context, declared)]
    return kinds


def _section(
    context: Context, declared: Declared, items: Sequence[Measurement], growth: str
) -> Section | None:
    blocks: list[Block | None] = [_device_text(declared, items), _device_table(context, declared, items)]
    blocks.append(_growth_table(context, declared, items, growth))
    blocks.append(overtaking_table(context, declared, items))
    blocks += figures(context, declared, items)
    compared = f"Implementations of the {declared.noun}, compared"
    blocks.append(ranking_table(context, items, declared.name, compared))
    return document.section(declared.section, title_of(declared), blocks)


def _device_text(declared: Declared, items: Sequence[Measurement]) -> Text:
    summary = declared.summary.rstrip(".")
    told = declared.wording.about or f"{summary[:1].upper()}{summary[1:]}; a sample is one call."
    if any(item.flop_per_second for item in items):
        told += " The ceiling errs upwards."
    if not declared.feeds and all(item.key.device.startswith("cpu") for item in items):
        told += " No GPU was measured, so there is no speed-up to tell."
    return Text(told)


def _accelerators(items: Iterable[Measurement]) -> list[str]:
    """Devices other than the first CPU, in order of appearance."""
    return list(dict.fromkeys(item.key.device for item in items if item.key.device != "cpu:0"))


def _device_table(context: Context, declared: Declared, items: Sequence[Measurement]) -> Table:
    """One row for each implementation, precision and size; devices side by side."""
    others, typed = further(items), has_dtype(items)
    rated = any(item.flop_per_second for item in items)
    counted_items = items_columns(items)
    devices = _accelerators(items)
    told = {
        place: known_resources(i for i in items if i.key.device == place) for place in ["cpu:0", *devices]
    }
    bound = {item.key.device for item in items if has_roof([item])}
    rows = []
    places = grouped(((item.machine.id, replace(item.key, device="")), item) for item in items)
    for (_, key), members in sorted(places.items(), key=lambda pair: _order(context, pair[1][0])):
        found = {item.key.device: item for item in members}
        cpu = found.get("cpu:0")
        entries: list[Entry | str | None] = [key.name, *([dtype_of(members[0])] if typed else [])]
        entries.append(size_entry(members[0]))
        entries += [others_of(members[0])] if others else []
        if context.several:
            entries.append(context.title(members[0]))
        entries += [time_entry(cpu), *([items_entry(cpu)] if counted_items else [])]
        entries += [rate_entry(cpu), share_entry(cpu)] if rated else []
        entries += [roof_entry(cpu)] if "cpu:0" in bound else []
        entries += resource_entries(cpu, told["cpu:0"])
        words = []
        for device in devices:
            item = found.get(device)
            pair = (
                None if item is None else context.comparisons.across_devices.get((item.machine.id, item.key))
            )
            entries += [time_entry(item), *([items_entry(item)] if counted_items else [])]
            entries += [rate_entry(item), share_entry(item)] if rated else []
            entries += [roof_entry(item)] if device in bound else []
            entries += resource_entries(item, told[device])
            entries.append(speed_up_entry(pair))
            entries.append(verdict_entry(pair))
            words += [pair.word] if pair else []
        rows.append(row(*entries, workload=declared.name, machine=context.title(members[0]), verdict=words))
    columns = ["implementation", *(["dtype"] if typed else []), size_name(items[0]), *others]
    columns += ["machine"] if context.several else []
    for device in ["cpu:0", *devices]:
        columns += [device, *(f"{device} {name}" for name in counted_items)]
        columns += [f"{device} rate", f"{device} of ceiling"] if rated else []
        columns += [f"{device} {ROOF}"] if device in bound else []
        columns += [f"{device} {column}" for column in told[device]]
        columns += [f"speed-up {device}", f"verdict on {device}"] if device != "cpu:0" else []
    note = (
        "Speed-up is CPU time over the device's: a ratio of times, for devices take no turns. "
        "Figures struck through can't be true or were disturbed; “What can't be believed” says why."
        f"{asked_note(items)}"
        if devices
        else ""
    )
    note = " ".join(filter(None, (note, ROOF_NOTE if bound else "")))
    rates = (*(("of ceiling", "rate") if rated else ()), *((ROOF,) if bound else ()))
    minor = [f"{device} {what}" for what in (*MEMORY, *rates) for device in ("cpu:0", *devices)]
    minor += [f"verdict on {device}" for device in devices]
    caption = f"Time{' and rate' if rated else ''} of the {declared.plural}"
    return Table(declared.section, caption, tuple(columns), tuple(rows), note, minor=tuple(minor))


def _order(context: Context, item: Measurement) -> tuple[int, str, str, str, float]:
    return context.rank(item), item.key.name, dtype_of(item), others_of(item), size_of(item)


def _growth_table(
    context: Context, declared: Declared, items: Sequence[Measurement], name: str
) -> Table | None:
    others, typed = further(items), has_dtype(items)
    without, within = (device_crossovers(context, declared, transfers) for transfers in (False, True))
    rows = []
    for place, members in sorted(series_of(items).items()):
        sound = [item for item in members if not item.doubt]
        exponent = growth_exponent([(size_of(item), item.median_seconds) for item in sound])
        if exponent is None and place not in without:
            continue
        best = max((item for item in sound if item.flop_per_second), key=rate_of, default=None)
        entries: list[Entry | str | None] = [
            place.implementation,
            *((place.dtype,) if typed else ()),
            place.device,
            *((place.others,) if others else ()),
            *([context.title(members[0])] if context.several else []),
        ]
        entries += [
            None if exponent is None else Entry(f"{exponent:.2f}", exponent),
            rate_entry(best),
            _ceiling_entry(members[0]),
            _crossover_entry(without.get(place)),
            _crossover_entry(within.get(place)),
        ]
        rows.append(row(*entries, workload=declared.name, machine=context.title(members[0])))
    if not rows:
        return None
    machine = ("machine",) if context.several else ()
    columns = (
        "implementation",
        *(("dtype",) if typed else ()),
        "device",
        *others,
        *machine,
        f"time grows with {size_name(items[0])} to the",
        "best rate",
        "ceiling",
        f"pays from {size_name(items[0])}",
        "with transfers",
    )
    growth = f"; {declared.wording.growth}, overhead with less" if declared.wording.growth else ""
    note = (
        f"Over all sound sizes{growth}. From what size a "
        "device pays rests on sure verdicts against the CPU alone."
    )
    caption = "How time grows with size, and from what size a device pays"
    return Table(name, caption, columns, tuple(rows), note, minor=("ceiling", "best rate"))


def _ceiling_entry(item: Measurement) -> Entry:
    if item.ceiling is None or not item.ceiling.of_device:
        return Entry("not known")
    return Entry(format_rate(item.ceiling.flop_per_second), item.ceiling.flop_per_second)


def _crossover_entry(found: Crossover | None) -> Entry:
    return Entry("–") if found is None else Entry(found.text, found.size)
