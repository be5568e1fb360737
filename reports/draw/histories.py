"""Small multiples: each cell over commits, with the steps that were found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from likeforlike.reports.draw.style import COLOURS, INK, PALE, empty_figure, shorten
from likeforlike.reports.tell.plot_data import Histories, HistoryPanel

COLUMNS, PANEL_INCHES, ROW_INCHES = 3, 2.95, 1.95
"""Panels beside each other; width and height of one, its margins included."""
NARROW_INCHES = 4.3
LETTERS = 8.0
NAME = 44
LEAST_RANGE = 1.06
"""The axis reaches at least from 1 over the one to it: what moves by less looks as calm as it is."""
ROOM = 1.28
"""Room for labels above the largest, as a power of the range."""
SLOWER, FASTER, POINT = COLOURS[1], COLOURS[2], COLOURS[0]


def histories(data: Histories) -> Figure:
    """On a page: three beside each other."""
    return _figure(data.panels, min(COLUMNS, len(data.panels)), PANEL_INCHES)


def narrow_histories(data: Histories) -> Figure:
    """On a phone: one below the other."""
    return _figure(data.panels, 1, NARROW_INCHES)


def _figure(panels: Sequence[HistoryPanel], columns: int, wide: float) -> Figure:
    rows = math.ceil(len(panels) / columns)
    width, height = max(columns * wide, NARROW_INCHES) + 0.15, rows * ROW_INCHES + 0.3
    figure = empty_figure(width, height, 0.52, 0.3, 0.12, 0.62, wspace=0.24, hspace=0.5)
    grid = figure.subplots(rows, columns, squeeze=False)
    every = [axes for row in grid for axes in row]
    for axes, panel in zip(every, panels, strict=False):
        _draw(axes, panel)
    for axes in every[len(panels) :]:
        axes.set_visible(False)
    _legend(figure, panels)
    return figure


def _draw(axes: Axes, panel: HistoryPanel) -> None:
    count = len(panel.judged)
    numbers = range(count)
    if panel.measured:
        look: Any = {"color": "#c3c8cd", "markersize": 2.5, "linewidth": 0.8, "zorder": 1.5}
        axes.plot(numbers, panel.measured, "o-", **look)
    kept = [n for n in numbers if n not in panel.set_aside]
    size = 4.0 if count <= 60 else 2.2
    axes.plot(kept, [panel.judged[n] for n in kept], "o", color=POINT, markersize=size, zorder=2.5)
    aside = sorted(panel.set_aside)
    open_mark: Any = {"color": POINT, "markerfacecolor": "white", "markersize": size + 0.5, "zorder": 2.6}
    axes.plot(aside, [panel.judged[n] for n in aside], "o", **open_mark)
    bounds = [0, *(step.position for step in panel.steps), count]
    for level, start, end in zip(panel.levels, bounds, bounds[1:], strict=False):
        axes.plot([start - 0.4, end - 0.6], [level] * 2, color=INK, linewidth=1.4, zorder=2.0)
    low, high = _limits(panel)
    for number, step in enumerate(panel.steps):
        rises = panel.levels[number + 1] > panel.levels[number]
        colour = (SLOWER if rises else FASTER) if step.sure else PALE
        dashes: Any = "-" if step.sure else (0, (3, 2))
        axes.axvline(step.position - 0.5, color=colour, linewidth=1.3, linestyle=dashes, zorder=1.8)
        right = step.position > count / 2
        axes.annotate(
            step.label,
            (step.position - 0.5, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-3 if right else 3, -2 - 10 * (number % 2)),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            color=colour if step.sure else "#5a5a5a",
            fontsize=LETTERS,
            fontweight="bold" if step.sure else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            zorder=3.0,
        )
    _axes(axes, panel, (low, high))


def _limits(panel: HistoryPanel) -> tuple[float, float]:
    """From where to where, on a logarithmic axis: all that was judged, with room for the labels."""
    shown = [*panel.judged, *panel.measured, *panel.levels]
    low, high = min([*shown, 1 / LEAST_RANGE]), max([*shown, LEAST_RANGE])
    span = high / low
    return low / span**0.08, high * span ** (ROOM - 1.0 if panel.steps else 0.08)


def _axes(axes: Axes, panel: HistoryPanel, limits: tuple[float, float]) -> None:
    axes.set_yscale("log")
    axes.set_ylim(*limits)
    axes.yaxis.set_major_locator(FixedLocator(_ticks(*limits)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"×{value:.3g}"))
    count = len(panel.judged)
    axes.set_xlim(-0.7, count - 0.3)
    axes.xaxis.set_major_locator(FixedLocator([0, count - 1]))
    names = [panel.first, panel.last]
    axes.xaxis.set_major_formatter(FuncFormatter(lambda _, position: names[position or 0]))
    first, last = axes.get_xticklabels()[:2]
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    axes.tick_params(labelsize=LETTERS, length=2)
    axes.grid(visible=False, axis="x")
    axes.set_title(shorten(panel.name, NAME), fontsize=LETTERS + 0.5, loc="left", pad=4)


def _ticks(low: float, high: float) -> list[float]:
    """A few ratios that a reader knows, 1 among them."""
    for step in (0.02, 0.05, 0.1, 0.2, 0.4):
        found = [1.0 + step * n for n in range(-4, 5)]
        within = [ratio for ratio in found if low <= ratio <= high and ratio > 0.05]
        if low >= min(found) - step and high <= max(found) + step and len(within) <= 5:
            return within
    for base in (2.0, 5.0, 10.0, 100.0):
        within = [base**n for n in range(-8, 9) if low <= base**n <= high]
        if len(within) <= 5:
            return within
    return [1.0]


def _legend(figure: Figure, panels: Sequence[HistoryPanel]) -> None:
    dot: Any = {"marker": "o", "linestyle": "", "markersize": 4.5}
    handles = [Line2D([], [], color=POINT, label="a run, judged", **dot)]
    if any(panel.measured for panel in panels):
        handles.append(Line2D([], [], color="#c3c8cd", label="as measured", **dot))
    if any(panel.set_aside for panel in panels):
        handles.append(Line2D([], [], color=POINT, markerfacecolor="white", label="set aside", **dot))
    rises = [
        (step.sure, panel.levels[n + 1] > panel.levels[n])
        for panel in panels
        for n, step in enumerate(panel.steps)
    ]
    if (True, True) in rises:
        handles.append(Line2D([], [], color=SLOWER, label="slower"))
    if (True, False) in rises:
        handles.append(Line2D([], [], color=FASTER, label="faster"))
    if any(not sure for sure, _ in rises):
        handles.append(Line2D([], [], color=PALE, linestyle=(0, (3, 2)), label="not sure"))
    columns = min(len(handles), 6 if figure.get_figwidth() > NARROW_INCHES + 1 else 3)
    figure.legend(handles=handles, loc="upper left", ncols=columns, fontsize=LETTERS, borderaxespad=0.2)
