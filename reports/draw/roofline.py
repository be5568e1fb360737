"""The roofline: rates over operations a byte, below what arithmetic and memory let through."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from likeforlike.devices.limits.units import format_bandwidth, format_rate, plain_number
from likeforlike.reports.draw.style import (
    COLOURS,
    INK,
    MARKERS,
    PALE,
    empty_figure,
    label_inches,
    shorten,
)
from likeforlike.reports.tell.plot_data import MOST_KERNELS, Roofline

CACHED = "hollow: fits into the caches"
_ROOM = 2.5
"""Beyond the outermost points and the ridges, as a factor."""


def roofline(data: Roofline) -> Figure:
    """Points by workload; grey lines are the roofs, each with its name and figure."""
    shown = data.kernels[:MOST_KERNELS]
    names = [shorten(kernels.name) for kernels in shown]
    hollow = any(point.cached for kernels in shown for point in kernels.points)
    right = label_inches([*names, *([CACHED] if hollow else [])], 8.5) + 0.4
    figure = empty_figure(6.4 + right, 4.8, 1.1, 0.6, right=right, top=0.25)
    axes = figure.subplots()
    left, end = _span(data)
    _draw_roofs(axes, data, left, end)
    for number, (kernels, name) in enumerate(zip(shown, names, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        marker = MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]  # no two alike in both
        axes.plot([], [], marker=marker, color=colour, linestyle="none", markersize=6, label=name)
        for point in kernels.points:
            axes.plot(
                [point.flop_per_byte],
                [point.flop_per_second],
                marker=marker,
                markersize=6,
                color=colour,
                markerfacecolor="white" if point.cached else colour,
                linestyle="none",
                zorder=3,
            )
    if hollow:
        axes.plot([], [], "o", color=INK, markerfacecolor="white", markersize=6, label=CACHED)
    axes.set_xlabel("operations a byte (FLOP/byte)")
    figure.legend(*axes.get_legend_handles_labels(), loc="center right")
    return figure


def _span(data: Roofline) -> tuple[float, float]:
    """From where to where the axis of operations a byte goes: all points and ridges, with room."""
    ridges = [rate / data.bytes_per_second for _, rate in data.compute]
    places = [point.flop_per_byte for kernels in data.kernels for point in kernels.points] + ridges
    return min(places) / _ROOM, max(places) * _ROOM


def _draw_roofs(axes: Axes, data: Roofline, left: float, end: float) -> None:
    highest = max(rate for _, rate in data.compute)
    rates = [point.flop_per_second for kernels in data.kernels for point in kernels.points]
    least = min([*rates, left * data.bytes_per_second])
    axes.set(xscale="log", yscale="log", xlim=(left, end), ylim=(least / 1.6, max([*rates, highest]) * 2.2))
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        subs = (1.0,) if high > 1000 * low else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=20))
        axis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: plain_number(x)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: format_rate(y)))
    ridge = highest / data.bytes_per_second
    axes.plot([left, ridge], [left * data.bytes_per_second, highest], color=PALE, linewidth=2.2, zorder=1)
    _write(axes, f"memory: {format_bandwidth(data.bytes_per_second)}", ridge, highest, slope=True)
    written = math.inf
    for name, rate in sorted(data.compute, key=lambda roof: -roof[1]):
        axes.plot([rate / data.bytes_per_second, end], [rate, rate], color=PALE, linewidth=2.2, zorder=1)
        below = written < 1.5 * rate  # its name would run into that of the roof above
        _write(axes, f"{name}: {format_rate(rate)}", end, rate, below=below)
        written = rate


def _write(axes: Axes, text: str, x: float, y: float, *, slope: bool = False, below: bool = False) -> None:
    """A roof's name on it, before its right end; along the slope where it is one."""
    angle, away = 0.0, (-4.0, -5.0 if below else 4.0)
    if slope:
        # a decade is not as long upwards as it is across
        (x0, y0), (x1, y1) = axes.transData.transform([(x, y), (10 * x, 10 * y)])
        turn = math.atan2(y1 - y0, x1 - x0)
        along, aside = -6.0, 4.0
        away = (
            along * math.cos(turn) - aside * math.sin(turn),
            along * math.sin(turn) + aside * math.cos(turn),
        )
        angle = math.degrees(turn)
    axes.annotate(
        text,
        (x, y),
        xytext=away,
        textcoords="offset points",
        rotation=angle,
        rotation_mode="anchor",
        ha="right",
        va="top" if below else "bottom",
        color="#555555",
        fontsize=8,
    )
