"""The section of each kernel with a size: devices side by side, time over size, implementations compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.statistics.crossover import Crossover, growth_exponent
from likeforlike.reports.tell import document
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Row, Section, Table, Text, row
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

OLDER_PREFIX = "CPU against GPU: "
"""Older files declare it as a part of the title, whatever was measured."""


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
    return document.section(declared.section, _title(declared, items), blocks)


def _title(declared: Declared, items: Sequence[Measurement]) -> str:
    """``Matrix products``, and ``CPU against GPU`` behind it where both were measured."""
    title = title_of(declared).removeprefix(OLDER_PREFIX)
    kinds = {item.key.device.partition(":")[0] for item in items}
    return f"{title[:1].upper()}{title[1:]}" + (", CPU against GPU" if {"cpu", "gpu"} <= kinds else "")


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


@dataclass(frozen=True)
class _Told:
    """What the table of devices tells of each, beside times."""

    dtype: bool
    others: tuple[str, ...]
    counted: tuple[str, ...]
    """Items a second, where the calls are of so many items."""
    rated: bool
    roofed: frozenset[str]
    """Devices with a roof."""
    resources: Mapping[str, tuple[str, ...]]
    """Columns of memory and the like, by device; the first CPU's first."""

    def of(self, device: str, item: Measurement | None) -> list[Entry | None]:
        """Entries of a device's columns; ``item`` is None where it wasn't measured."""
        entries: list[Entry | None] = [time_entry(item), *([items_entry(item)] if self.counted else [])]
        entries += [rate_entry(item), share_entry(item)] if self.rated else []
        entries += [roof_entry(item)] if device in self.roofed else []
        return [*entries, *resource_entries(item, self.resources[device])]

    def columns(self, device: str) -> list[str]:
        """Their names."""
        columns = [device, *(f"{device} {name}" for name in self.counted)]
        columns += [f"{device} rate", f"{device} of ceiling"] if self.rated else []
        columns += [f"{device} {ROOF}"] if device in self.roofed else []
        return [*columns, *(f"{device} {column}" for column in self.resources[device])]


def _told(items: Sequence[Measurement]) -> _Told:
    resources = {
        device: known_resources(item for item in items if item.key.device == device)
        for device in ["cpu:0", *_accelerators(items)]
    }
    return _Told(
        has_dtype(items),
        further(items),
        tuple(items_columns(items)),
        any(item.flop_per_second for item in items),
        frozenset(item.key.device for item in items if has_roof([item])),
        resources,
    )


def _device_table(context: Context, declared: Declared, items: Sequence[Measurement]) -> Table:
    """One row for each implementation, precision and size; devices side by side."""
    told = _told(items)
    devices = _accelerators(items)
    places = grouped(((item.machine.id, replace(item.key, device="")), item) for item in items)
    ordered = sorted(places.values(), key=lambda members: _order(context, members[0]))
    rows = tuple(_device_row(context, members, devices, told) for members in ordered)
    columns = ["implementation", *(["dtype"] if told.dtype else []), size_name(items[0]), *told.others]
    columns += ["machine"] if context.several else []
    for device in told.resources:
        columns += told.columns(device)
        columns += [f"speed-up {device}", f"verdict on {device}"] if device in devices else []
    note = (
        "Speed-up is CPU time over the device's: a ratio of times, for devices take no turns. "
        "Figures struck through can't be true or were disturbed; “What can't be believed” says why."
        f"{asked_note(items)}"
        if devices
        else ""
    )
    note = " ".join(filter(None, (note, ROOF_NOTE if told.roofed else "")))
    rates = (*(("of ceiling", "rate") if told.rated else ()), *((ROOF,) if told.roofed else ()))
    minor = [f"{device} {what}" for what in (*MEMORY, *rates) for device in told.resources]
    minor += [f"verdict on {device}" for device in devices]
    caption = f"Time{' and rate' if told.rated else ''} of the {declared.plural}"
    return Table(declared.section, caption, tuple(columns), rows, note, minor=tuple(minor))


def _device_row(context: Context, members: Sequence[Measurement], devices: Sequence[str], told: _Told) -> Row:
    """One implementation at one size, on the CPU and on each other device."""
    first, found = members[0], {item.key.device: item for item in members}
    entries: list[Entry | str | None] = [first.key.name, *([dtype_of(first)] if told.dtype else [])]
    entries += [size_entry(first), *([others_of(first)] if told.others else [])]
    entries += [context.title(first)] if context.several else []
    entries += told.of("cpu:0", found.get("cpu:0"))
    words = []
    for device in devices:
        item = found.get(device)
        pair = None if item is None else context.comparisons.across_devices.get((item.machine.id, item.key))
        entries += [*told.of(device, item), speed_up_entry(pair), verdict_entry(pair)]
        words += [pair.word] if pair else []
    return row(*entries, workload=first.key.workload, machine=context.title(first), verdict=words)


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
