"""The curves over size: rates where operations are counted, else times over the fastest's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Figure, numbered
from likeforlike.reports.tell.formatting import (
    significant,
)
from likeforlike.reports.tell.plot_data import Curve, RateAgainstSize, RelativeTimes
from likeforlike.reports.tell.sections.implementations import dtype_of, others_of
from likeforlike.reports.tell.sections.over_size.series import Place, Series, rate_of, series_of


def figures(context: Context, declared: Declared, items: Sequence[Measurement]) -> list[Figure]:
    """One for each machine with several sizes."""
    machines = grouped((item.machine.id, item) for item in sorted(items, key=context.rank))
    drawn = [figure for mine in machines.values() if (figure := _figure(context, declared, mine)) is not None]
    return numbered(drawn, f"{declared.section}-over-size")


def _figure(context: Context, declared: Declared, mine: Sequence[Measurement]) -> Figure | None:
    """One machine, and the precision and further axes that it has most cells of."""
    kinds = [(dtype_of(item), others_of(item)) for item in mine]
    dtype, others = kind = max(dict.fromkeys(kinds), key=kinds.count)
    series = {
        place: members
        for place, members in series_of(mine).items()
        if len(members) > 1 and (place.dtype, place.others) == kind
    }
    if not series:
        return None
    where = f" at {others}" if others else ""
    where += f" on {context.title(mine[0])}" if context.several else ""
    what = declared.noun if dtype == "–" else f"{dtype} {declared.noun}"
    label = _size_label(declared)
    ordered = _in_turns(series)
    more = f" (the first 8 of {len(ordered)})" if len(ordered) > 8 else ""
    if all(item.flop_per_second for members in series.values() for item in members):
        return _rates_figure(
            ordered, f"Rate of {_article(what)} over {size_name(mine[0])}{where}{more}", label
        )
    return _relative_figure(ordered, f"Time of {_article(what)} over the fastest's{where}{more}", label)


def _article(what: str) -> str:
    return f"a{'n' if what[:1] in 'aeio' else ''} {what}"


def _size_label(declared: Declared) -> str:
    """What stands below the curves."""
    axis = declared.size_axis
    assert axis is not None  # else the workload is not told here
    return axis.label or axis.name + (f" ({axis.unit})" if axis.unit else "")


def _rates_figure(ordered: Series, caption: str, size_label: str) -> Figure:
    curves = tuple(_curve(*one, [rate_of(item) for item in one[1]]) for one in ordered)
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
        RateAgainstSize(curves, ceilings, size_label),
    )


def _relative_figure(ordered: Series, caption: str, size_label: str) -> Figure:
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
        RelativeTimes(curves, size_label),
    )


def _in_turns(series: dict[Place, list[Measurement]]) -> Series:
    """Devices by turns, since of many series a plot shows the first ones."""
    devices = grouped((pair[0].device, pair) for pair in series.items()).values()
    return [pair for turn in zip_longest(*devices) for pair in turn if pair is not None]


def _curve(place: Place, members: Sequence[Measurement], values: Sequence[float]) -> Curve:
    return Curve(
        f"{place.implementation} on {place.device}",
        tuple(size_of(item) for item in members),
        tuple(values),
        any(item.implausible for item in members),
    )


def _ceiling_curves(ordered: Series) -> list[Curve]:
    curves: dict[str, Curve] = {}
    for place, members in ordered:
        held = [(size_of(item), item.ceiling) for item in members if item.ceiling is not None]
        if len(held) < 2:
            continue
        name = f"ceiling of {place.device}" if held[0][1].of_device else "highest peak of any device"
        sizes, ceilings = zip(*held, strict=True)
        curves.setdefault(name, Curve(name, sizes, tuple(c.flop_per_second for c in ceilings)))
        told = [item.extra.ceiling for item in members if item.extra.ceiling is not None]
        best = max((c.measured_flop_per_second or 0.0 for c in told), default=0.0)
        if best:
            name = f"best measured on {place.device}"
            curves.setdefault(name, Curve(name, sizes, (best,) * len(sizes)))
    return list(curves.values())
