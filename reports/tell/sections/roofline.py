"""Whether arithmetic or memory binds each kernel, how near it is to that roof, and the roofline."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.bandwidths import MEBIBYTE
from likeforlike.devices.limits.units import format_bandwidth, format_rate, plain_number
from likeforlike.reports.judge.rooflines import compute_source, memory_source, roofs_of, standing_of
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.plausibility import precision_of
from likeforlike.reports.tell import document
from likeforlike.reports.tell.context import Context, Kinds, place, place_columns
from likeforlike.reports.tell.document import Block, Entry, Figure, Section, Table, Text, numbered, row
from likeforlike.reports.tell.formatting import (
    known_resources,
    marked,
    percent,
    rate_entry,
    resource_entries,
    time_entry,
)
from likeforlike.reports.tell.plot_data import MOST_KERNELS, Roofline, RoofPoint, RoofPoints
from likeforlike.reports.tell.wording.roof_text import roof_entry

_ABOUT = (
    "A call takes at least its operations over the rate of arithmetic, and at least its bytes over the "
    "bandwidth of memory; the larger binds it. Bytes are those of operands and results, each once. The roofs "
    "are the best that was measured on the machine or, where nothing was, the data sheet's."
)
_CACHED = (
    " What fits into the caches need not move through memory: of calls that memory would bind, those are "
    "told as bound by the caches, whose bandwidth was not measured. A share of memory's roof above 100 % "
    "means that the caches kept part of the operands from call to call."
)


def sections(context: Context) -> list[Section | None]:
    """One, where any kernel's bytes are counted and its roofs known."""
    shown = {machine.id for machine in context.detailed}
    measured = [item for item in context.study.measurements if item.machine.id in shown]
    every = [item for item in measured if standing_of(item) is not None]
    if not every:
        return []
    items = sorted(every, key=lambda item: (context.rank(item), item.key.device))
    about = _ABOUT + (_CACHED if any(_bound(item) != "compute" for item in items) else "")
    blocks: list[Block | None] = [Text(about), _roofs_table(context, items)]
    blocks += _figures(context, items)
    blocks.append(_kernels_table(context, items))
    return [document.section("roofline", "Roofline: what binds each kernel", blocks)]


def findings(context: Context) -> Kinds:
    """None: what binds a kernel compares nothing."""
    return []


def _bound(item: Measurement) -> str:
    found = standing_of(item)
    return found.bound if found else ""


def _roofs_table(context: Context, items: Sequence[Measurement]) -> Table:
    """The roofs of each device and precision, and where they meet."""
    places = grouped(((item.machine.id, item.key.device, precision_of(item.extra)), item) for item in items)
    rows = []
    for (_, device, precision), members in places.items():
        item = max(members, key=lambda member: member.extra.flop is not None)
        roofs = roofs_of(item)
        caches = roofs.cache_bytes
        entries: list[Entry | str | None] = [device, *([context.title(item)] if context.several else [])]
        entries.append(precision)
        compute, memory, ridge = roofs.flop_per_second, roofs.bytes_per_second, roofs.ridge
        entries.append(None if compute is None else Entry(format_rate(compute), compute))
        entries.append(None if memory is None else Entry(format_bandwidth(memory), memory))
        entries.append(None if ridge is None else Entry(f"{plain_number(ridge)} FLOP/byte", ridge))
        entries.append(None if not caches else Entry(f"{plain_number(caches / MEBIBYTE)} MiB", caches))
        entries += [compute_source(item) or None, memory_source(item) or None]
        rows.append(row(*entries, machine=context.title(item)))
    columns = (
        "device",
        *(("machine",) if context.several else ()),
        "dtype",
        "compute",
        "memory",
        "they meet at",
        "caches",
        "compute by",
        "memory by",
    )
    return Table("roofs", "The roofs", columns, tuple(rows), minor=("memory by", "compute by"))


def _kernels_table(context: Context, items: Sequence[Measurement]) -> Table:
    """Every kernel, nearest its roof first within its workload."""
    rows, memory = [], known_resources(items)
    for item in sorted(items, key=lambda item: _order(context, item)):
        found = standing_of(item)
        assert found is not None  # else it is not among the items
        moved = item.bytes_per_second or 0.0
        intensity = Entry(plain_number(found.intensity), found.intensity) if found.intensity else None
        first, *rest = place(context, item)
        entries = [Entry(item.key.workload), first, *rest, Entry(axes_text(item.key.bare.axes) or "–")]
        struck = bool(item.doubt)
        rows.append(
            row(
                *entries,
                time_entry(item),
                intensity,
                rate_entry(item),
                Entry(marked(format_bandwidth(moved), item), moved, struck=struck),
                Entry(found.bound, struck=struck),
                None if found.share is None else Entry(percent(found.share), found.share, struck=struck),
                *resource_entries(item, memory),
                workload=item.key.workload,
                machine=context.title(item),
            )
        )
    columns = ("workload", "implementation", *place_columns(context), "axes", "time", "FLOP/byte", "rate")
    columns += ("bytes a second", "bound by", "share of that roof", *memory)
    minor = (*memory, "rate", "bytes a second", "time")
    folded = len(rows) > 30
    return Table(
        "roofline", "How near each kernel is to its roof", columns, tuple(rows), "", folded, minor=minor
    )


def _order(context: Context, item: Measurement) -> tuple[int, tuple[int, int], str, list[str], float]:
    share = roof_entry(item).value or 0.0
    axes = [f"{value:020.6f}" if isinstance(value, int | float) else str(value) for _, value in item.key.axes]
    return context.rank(item), context.study.place_of(item.key.workload), item.key.device, axes, -share


def _figures(context: Context, items: Sequence[Measurement]) -> list[Figure]:
    """One for each machine and device, of all kernels that compute and whose figures can be true."""
    sound = [item for item in items if item.extra.flop and not item.refuted]
    devices = grouped(((item.machine.id, item.key.device), item) for item in sound)
    return numbered([_figure(context, mine) for mine in devices.values()], "roofline")


def _figure(context: Context, mine: Sequence[Measurement]) -> Figure:
    roofs = {precision_of(item.extra): roofs_of(item) for item in mine}
    compute = {name: found.flop_per_second for name, found in roofs.items() if found.flop_per_second}
    moved = max(found.bytes_per_second or 0.0 for found in roofs.values())
    named = tuple(compute.items())
    several = len(roofs) > 1
    kernels = grouped(
        (f"{i.key.workload} {precision_of(i.extra)}" if several else i.key.workload, i) for i in mine
    )
    points = tuple(RoofPoints(name, tuple(map(_point, members))) for name, members in kernels.items())
    facts = "; ".join(_facts(name, members) for name, members in kernels.items())
    held = ", ".join(f"{name} {format_rate(rate)}" for name, rate in named)
    where = context.where(mine[0])
    more = f" (the first {MOST_KERNELS} of {len(points)})" if len(points) > MOST_KERNELS else ""
    return Figure(
        "roofline",
        f"Rates over operations a byte {where}, all kernels whose operations and bytes are counted{more}; "
        "grey, the roofs",
        f"Points of FLOP/s over FLOP/byte below the roofs ({held}; "
        f"memory {format_bandwidth(moved)}): {facts}.",
        Roofline(points, named, moved),
    )


def _facts(name: str, members: Sequence[Measurement]) -> str:
    shares = [standing.share for item in members if (standing := standing_of(item)) and standing.share]
    near = f", at most {percent(max(shares))} of its roof" if shares else ""
    bound = " and ".join(dict.fromkeys(map(_bound, members)))
    return f"{name} bound by {bound}{near}"


def _point(item: Measurement) -> RoofPoint:
    found = standing_of(item)
    assert found is not None  # else it is not among the items
    return RoofPoint(found.intensity, item.flop_per_second or 0.0, found.bound == "caches")
