"""What several cost against what they give: points, their intervals, and the front as a line."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from likeforlike.reports.draw.style import COLOURS, INK, PALE, empty_figure, label_inches, shorten
from likeforlike.reports.tell.plot_data import TradeOff, TradeOffPoint

LINEAR_UP_TO = 3
"""Costs further apart than this stand on a logarithmic axis."""
STEPS = (1, 1.5, 2, 3, 5, 7)
LEAST_APART_INCHES = 0.19
"""Between the middles of two names."""
HEIGHT, BOTTOM, TOP = 4.4, 0.6, 0.25


def trade_off(data: TradeOff) -> Figure:
    """Names stand at the right in the order of the points' heights, each with a line to its point."""
    points = sorted(data.points, key=lambda point: -point.y)
    names = [shorten(point.name + (" (in doubt)" if point.struck else ""), 34) for point in points]
    right = label_inches(names, 8.5) + 0.35
    height = max(HEIGHT, BOTTOM + TOP + 0.1 + LEAST_APART_INCHES * len(points))
    figure = empty_figure(6.4 + right, height, 0.85, BOTTOM, right=right, top=TOP)
    axes = figure.subplots()
    _draw_points(axes, points)
    _draw_front(axes, points)
    _limit(axes, points)
    axes.set_xlabel(f"{data.x_label} (left is better)")
    axes.set_ylabel(f"{data.y_label} (up is better)")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y * 100:.4g} %"))
    _name(axes, points, names, height - BOTTOM - TOP)
    return figure


def _draw_points(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    for point in points:
        colour = PALE if point.struck else COLOURS[0] if point.on_front else COLOURS[1]
        if point.x_between is not None:
            axes.plot(point.x_between, (point.y, point.y), color=colour, linewidth=1.0, alpha=0.7)
        if point.y_between is not None:
            axes.plot((point.x, point.x), point.y_between, color=colour, linewidth=1.0, alpha=0.7)
        axes.plot(
            [point.x],
            [point.y],
            marker="D" if point.on_front else "o",
            markersize=7,
            color=colour,
            markerfacecolor="white" if point.struck else colour,
            linestyle="none",
            zorder=3,
        )


def _draw_front(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    """Steps: up to the next better one nothing is given for a longer time."""
    front = sorted((point for point in points if point.on_front), key=lambda point: point.x)
    if len(front) > 1:
        axes.step(
            [point.x for point in front],
            [point.y for point in front],
            where="post",
            color=COLOURS[0],
            linewidth=1.4,
            linestyle="--",
        )


def _limit(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    xs = [x for point in points for x in (point.x, *(point.x_between or ()))]
    ys = [y for point in points for y in (point.y, *(point.y_between or ()))]
    least, most = min(xs), max(xs)
    if most > LINEAR_UP_TO * least > 0:
        axes.set_xscale("log")
        axes.set_xlim(least / 1.15, most * 1.15)
        ticks = [step * 10.0**power for power in range(-9, 9) for step in STEPS]
        axes.xaxis.set_major_locator(
            FixedLocator(_thinned([t for t in ticks if least / 1.15 <= t <= most * 1.15]))
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, most * 1.08)
    room = 0.08 * (max(ys) - min(ys)) or 0.01
    axes.set_ylim(min(ys) - room, max(ys) + room)


def _thinned(ticks: list[float]) -> list[float]:
    return ticks[:: max(1, -(-len(ticks) // 9))]


def _name(axes: Axes, points: Sequence[TradeOffPoint], names: Sequence[str], inches: float) -> None:
    """Names at the right edge, as near to their points' heights as leaves each its room."""
    low, high = axes.get_ylim()
    wanted = [(point.y - low) / (high - low) for point in points]
    for point, name, place in zip(
        points, names, spread_down(wanted, LEAST_APART_INCHES / inches), strict=True
    ):
        axes.annotate(
            name,
            (point.x, point.y),
            xytext=(1.02, place),
            textcoords="axes fraction",
            fontsize=8.5,
            color=INK if not point.struck else PALE,
            fontweight="bold" if point.on_front else "normal",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "#bbbbbb", "linewidth": 0.6, "shrinkB": 4},
            annotation_clip=False,
        )


def spread_down(wanted: Sequence[float], least: float) -> list[float]:
    """Places between 0 and 1, highest first, at least so far apart, each near where it is wanted."""
    placed: list[float] = []
    for place in wanted:
        placed.append(min(place, placed[-1] - least) if placed else min(place, 1.0))
    lift = max(0.0, -placed[-1]) if placed else 0.0
    for number in range(len(placed) - 1, -1, -1):
        lowest = placed[number + 1] + least if number + 1 < len(placed) else 0.0
        placed[number] = max(placed[number], lowest) if lift else placed[number]
    return placed
