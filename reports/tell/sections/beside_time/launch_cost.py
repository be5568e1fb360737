"""Launch cost and kernel cost side by side, and what waiting costs: never mixed into one figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context, Kinds, place, place_columns
from likeforlike.reports.tell.document import Entry, Points, Row, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    known_resources,
    percent,
    resource_entries,
    seconds_entry,
    time_entry,
)
from likeforlike.reports.tell.wording.waiting import waiting_share

FIGURES = {"back_to_back": "back to back", "events": "by events", "replayed": "graph replayed"}
"""The file's names and a reader's."""
FOLDED_FROM = 30
LAUNCH_SHARE = 0.5
"""From which share of a GPU's time a finding tells that most of it is launch and wait."""

NOTE = (
    "One call: the host's time of a call and its wait, on which all other tables and every verdict rest. "
    "Back to back: calls in a row, then one wait, divided by their number. By events: the device's own time. "
    "Graph replayed: a captured call launched again in a row. Launch and wait: one call less the time by "
    "events. All but the first are measured after the samples, in no turns, and judged by nobody."
)


def sections(context: Context) -> list[Section | None]:
    """One, where any file tells of it."""
    items = [item for item in context.study.measurements if item.extra.launch_cost]
    return [
        section(
            "launch-cost",
            "Launch cost and kernel cost",
            [_table(context, items), _reasons(items), _waiting_table(context), _cold_text(context)],
        )
    ]


def findings(context: Context) -> Kinds:
    """Where most of a GPU's time is none of the kernel's."""
    return [_findings(context)]


def _findings(context: Context) -> Iterator[str]:
    """For each device the cell with the largest share of launch and wait."""
    shares = grouped(
        ((item.machine.id, item.key.device), (share, item))
        for item in context.study.measurements
        if item.trusted and (share := _launch_share(item)) is not None
    )
    for found in shares.values():
        share, item = max(found, key=lambda pair: pair[0])
        if share < LAUNCH_SHARE:
            continue
        own = format_seconds(item.launch_seconds("events") or 0.0)
        axes = axes_text(item.key.axes)
        yield (
            f"Times {context.where(item)} are of one call and its wait by the host's clock, and verdicts "
            f"rest on those: at {axes} {percent(share)} of {item.key.implementation}'s "
            f"{format_seconds(item.median_seconds)} are launch and wait; by events the device works {own}."
        )


def _launch_share(item: Measurement) -> float | None:
    """Share of the time of one call that the device's own is not; None without events."""
    own = item.launch_seconds("events")
    if own is None or not item.median_seconds or item.extra.timing != "synchronised":
        return None
    return max(0.0, 1.0 - own / item.median_seconds)


def _table(context: Context, items: Sequence[Measurement]) -> Table | None:
    shown = [item for item in items if any(item.launch_seconds(name) is not None for name in FIGURES)]
    if not shown:
        return None
    there = [name for name in FIGURES if any(item.launch_seconds(name) is not None for item in shown)]
    events, memory = "events" in there, known_resources(shown)
    columns = (
        "implementation",
        *place_columns(context),
        "workload",
        "one call",
        *(FIGURES[name] for name in there),
        *(("launch and wait",) if events else ()),
        "a wait",
        *memory,
    )
    ordered = sorted(shown, key=lambda item: (context.rank(item), not item.key.device.startswith("gpu")))
    rows = tuple(_row(context, item, there, events, memory) for item in ordered)
    minor = (*memory, "a wait", "graph replayed")
    folded = len(rows) > FOLDED_FROM
    return Table("launch-cost", "A call, and its kernel alone", columns, rows, NOTE, folded, minor)


def _row(
    context: Context, item: Measurement, there: Sequence[str], events: bool, memory: tuple[str, ...]
) -> Row:
    own = item.launch_seconds("events")
    beside = None if own is None else max(0.0, item.median_seconds - own)
    axes = tuple(pair for pair in item.key.axes if pair[0] not in ("cache", "operands", "file"))
    return row(
        *place(context, item),
        f"{item.key.workload} {axes_text(axes)}".strip(),
        time_entry(item),
        *(seconds_entry(item.launch_seconds(name)) for name in there),
        *((seconds_entry(beside),) if events else ()),
        seconds_entry(item.waiting_seconds),
        *resource_entries(item, memory),
        workload=item.key.workload,
        machine=context.title(item),
    )


def _reasons(items: Sequence[Measurement]) -> Points | None:
    """Why figures lack, each reason once, with whose they are."""
    told = grouped(
        ((FIGURES.get(name, name), figure.not_measurable), item.key.implementation)
        for item in items
        for run in item.runs
        for name, figure in run.cell.extra.launch_cost.items()
        if figure.not_measurable
    )
    lines = [
        f"Without a time {what} ({', '.join(dict.fromkeys(names))}): {reason}."
        if what != "back to back"
        else f"Not called back to back ({', '.join(dict.fromkeys(names))}): {reason}."
        for (what, reason), names in told.items()
    ]
    return Points(tuple(lines)) if lines else None


def _cold_text(context: Context) -> Text | None:
    """What was written where before each timed call of cells with cold caches."""
    told: dict[str, None] = {}
    for item in context.study.measurements:
        cold = item.extra.cold_cache
        if cold is not None:
            holds = f", which hold {cold.cache_bytes / 2**20:,.0f} MiB" if cold.cache_bytes else ""
            where = f"{item.key.device}" + (f" of {context.title(item)}" if context.several else "")
            source = f" ({cold.source})" if cold.source else ""
            told[f"{cold.written_bytes / 2**20:,.0f} MiB through the caches of {where}{holds}{source}"] = None
    if not told:
        return None
    return Text(
        f"Cold caches: before each timed call was written {'; '.join(told)}. Operands then come from memory."
    )


def _waiting_table(context: Context) -> Table | None:
    """A wait for work that is done, framework by framework."""
    places = grouped(
        ((item.machine.id, item.key.device, item.extra.framework or "–"), item)
        for item in context.study.measurements
        if item.waiting_seconds is not None
    )
    rows: list[Row] = []
    for (machine, device, framework), mine in places.items():
        kernels = [item for item in mine if item.kind != NOISE_FLOOR]  # of a call that does nothing, all is
        shares = [share for item in kernels if (share := waiting_share(item)) is not None]
        waits = sorted(item.waiting_seconds or 0.0 for item in mine)
        rows.append(
            row(
                framework,
                device,
                *((context.study.titles[machine],) if context.several else ()),
                seconds_entry(waits[len(waits) // 2]),
                Entry(percent(max(shares)), max(shares)) if shares else None,
                machine=context.study.titles[machine],
            )
        )
    if not rows:
        return None
    columns = ("framework", *place_columns(context), "a wait", "most of a time")
    note = (
        "A wait for work that is done already: what waiting alone adds to each sample. It is in every time "
        "of this report, and taken out of none."
    )
    return Table("waiting", "What waiting costs", columns, tuple(rows), note)
