"""The forest plot: many ratios with their intervals on one axis, for a page and for a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from likeforlike.reports.draw.ratio_axis import ratio_axis
from likeforlike.reports.draw.style import COLOURS, INK, PALE, empty_figure, label_inches, shorten
from likeforlike.reports.tell.plot_data import ForestPlot, ForestRow

LOOKS = {
    "faster": ("<", COLOURS[0]),
    "same": ("s", COLOURS[2]),
    "slower": (">", COLOURS[1]),
    "unclear": ("o", PALE),
}
"""Marker and colour of each word; a marker points to where it lies."""
OTHERS = ("X", "#4d4d4d")
"""Those of other words: nobody is called faster, although times differ."""
BAND = "#d3dde6"
LINE_INCHES, AXIS_INCHES, LETTERS, LONGEST = 0.215, 3.5, 8.5, 56
"""On a page: height of a line, width of the axis, size of the letters in points, characters of a name."""
NARROW_INCHES, NARROW_LETTERS, NARROW_NAME, NARROW_HEADING = 4.3, 7.5, 36, 58
"""On a phone: width of it all, size of the letters, characters of a name and of a heading's line."""
HEADING, GAP_INCHES, BOLD_INCHES = 40, 0.1, 0.7 * LETTERS / 72
"""On a page: characters of a heading's line that have room beside the axis however short the names are, what
is left free between the two, and the width of a bold letter, which is wider than a name's."""
LEAST_RANGE, CAPS = 1.12, (5.0, 20.0, 100.0)
"""The axis reaches at least from 1 over the one to it; ratios beyond the cap stand at its end."""
MOST_BEYOND = 0.25
"""The cap is the first of :data:`CAPS` that no larger share of the ratios lies beyond."""


@dataclass(frozen=True)
class _Line:
    """A heading or a row, and how far below the first line it stands, in lines."""

    place: float
    heading: str = ""
    row: ForestRow | None = None


def forest(data: ForestPlot) -> Figure:
    """Names at the left, intervals in the middle, figures and words at the right."""
    names = [shorten(row.name, LONGEST) for row in data.rows]
    left, wide = _beside_the_axis(names, [row.group for row in data.rows])
    lines, height = _lines(data.rows, 1.0, wide)
    right = label_inches([_figures(row) for row in data.rows], LETTERS)
    figure = empty_figure(left + AXIS_INCHES + right, LINE_INCHES * height + 1.0, left, 0.55, right, 0.45)
    axes = figure.subplots()
    _draw(axes, data, lines, height)
    for line in lines:
        if line.row is None:
            _write(axes, -left / AXIS_INCHES, line.place, line.heading, LETTERS, **_HEADING)
        else:
            _write(axes, 1.03, line.place, _figures(line.row), LETTERS, color=_ink(line.row))
    axes.set_yticks([line.place for line in lines if line.row is not None], names, fontsize=LETTERS)
    _legend(figure, data.rows, LETTERS, 6)
    return figure


def narrow_forest(data: ForestPlot) -> Figure:
    """Each interval below its name and figures, so that nothing is wider than a phone."""
    lines, height = _lines(data.rows, 1.9, NARROW_HEADING)
    figure = empty_figure(NARROW_INCHES, 0.18 * height + 1.15, 0.12, 0.5, 0.12, 0.65)
    axes = figure.subplots()
    _draw(axes, data, lines, height)
    for line in lines:
        if line.row is None:
            _write(axes, 0.0, line.place, line.heading, NARROW_LETTERS, **_HEADING)
        else:
            ink = _ink(line.row)
            name = shorten(line.row.name, NARROW_NAME)
            _write(axes, 0.0, line.place - 0.95, name, NARROW_LETTERS, color=ink, **_PAPER)
            figures = _figures(line.row)
            _write(axes, 1.0, line.place - 0.95, figures, NARROW_LETTERS, color=ink, ha="right", **_PAPER)
    axes.set_yticks([])
    axes.spines.left.set_visible(False)
    _legend(figure, data.rows, NARROW_LETTERS, 3)
    return figure


_PAPER: dict[str, Any] = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
_HEADING: dict[str, Any] = {"fontweight": "bold", **_PAPER}


def _beside_the_axis(names: Sequence[str], headings: Sequence[str]) -> tuple[float, int]:
    """How wide the margin of names and headings is, and how many characters a heading's line has in it.

    As wide as the longest name or, where that is less, as the longest line of the folded headings.
    """
    named = label_inches(names, LETTERS)
    wide = max(HEADING, int((named - GAP_INCHES) / BOLD_INCHES))
    longest = max((len(line) for heading in headings for line in textwrap.wrap(heading, wide)), default=0)
    return max(named, longest * BOLD_INCHES + GAP_INCHES), wide


def _figures(row: ForestRow) -> str:
    return f"{row.label} {row.word}"


def _ink(row: ForestRow) -> str:
    return "#6a6a6a" if row.word == "unclear" else INK


def _lines(rows: Sequence[ForestRow], step: float, wide: int) -> tuple[list[_Line], float]:
    """Rows, so many lines apart, under the headings of their groups, and the height of all, in lines."""
    lines: list[_Line] = []
    place = 0.0
    for heading, members in groupby(rows, key=lambda row: row.group):
        if heading:
            place += 0.4 if lines else 0.0
            folded = textwrap.wrap(heading, wide)
            lines.append(_Line(place + (len(folded) - 1) / 2, "\n".join(folded)))
            place += len(folded)
        for row in members:
            lines.append(_Line(place + step - 1.0, row=row))
            place += step
    return lines, place


def _draw(axes: Axes, data: ForestPlot, lines: Sequence[_Line], height: float) -> None:
    """Everything but the words."""
    limits = _range(data.rows)
    for line in lines:
        if line.row is not None:
            _draw_row(axes, line.place, line.row, limits)
    ratio_axis(axes, *limits, 7)
    axes.set_xlim(*limits)
    axes.set_ylim(height - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.grid(visible=False, axis="y")
    beyond = any(not limits[0] <= row.ratio <= limits[1] for row in data.rows)
    axes.set_xlabel(data.label + ("; double marks lie beyond the axis" if beyond else ""), fontsize=LETTERS)


def _range(rows: Sequence[ForestRow]) -> tuple[float, float]:
    """From where to where the axis goes: the ratios, and every interval that says something."""
    sizes = [max(row.ratio, 1 / row.ratio) for row in rows]
    fitting = (cap for cap in CAPS if sum(size > cap for size in sizes) <= MOST_BEYOND * len(sizes))
    cap = next(fitting, CAPS[-1])
    shown = [row.ratio for row in rows]
    for row in rows:
        if row.word != "unclear" and row.low is not None and row.high is not None:
            shown += [row.low, row.high]
    least, most = min([1.0, *shown]), max([1.0, *shown])
    room = (most / least) ** 0.04
    least, most = min(least / room, 1 / LEAST_RANGE), max(most * room, LEAST_RANGE)
    return max(least, 1 / cap), min(most, cap)


def _draw_row(axes: Axes, place: float, row: ForestRow, limits: tuple[float, float]) -> None:
    marker, colour = LOOKS.get(row.word, OTHERS)
    if row.threshold > 0.0:
        inner, outer = 1 / (1 + row.threshold), 1 + row.threshold
        axes.barh(place, outer - inner, 1.0, inner, color=BAND, zorder=0.4)
    if row.low is not None and row.high is not None:
        ends = [min(max(end, limits[0]), limits[1]) for end in (row.low, row.high)]
        axes.plot(ends, [place] * 2, color=colour, linewidth=1.8, solid_capstyle="butt")
        for end, known in zip(ends, (row.low, row.high), strict=True):
            if end == known:
                axes.plot([end], [place], "|", color=colour, markersize=6)
    at = min(max(row.ratio, limits[0]), limits[1])
    inward = (limits[1] / limits[0]) ** (-0.022 if at > 1 else 0.022)
    places = [at] if at == row.ratio else [at, at * inward]
    face = colour if row.checked else "white"
    look: Any = {"color": colour, "markerfacecolor": face, "markersize": 6.5, "clip_on": False}
    axes.plot(places, [place] * len(places), marker, **look)


def _write(axes: Axes, x: float, y: float, text: str, points: float, **look: Any) -> None:
    """Text beside the axis, ``x`` in its widths and ``y`` in lines."""
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=points, **look)


def _legend(figure: Figure, rows: Sequence[ForestRow], points: float, columns: int) -> None:
    looks = {row.word: LOOKS.get(row.word, OTHERS) for row in rows}
    handles: list[Line2D | Patch] = [
        Line2D([], [], marker=looks[word][0], color=looks[word][1], markersize=6.5, label=word)
        for word in dict.fromkeys([*LOOKS, *looks])
        if word in looks
    ]
    if any(row.threshold for row in rows):
        handles.append(Patch(color=BAND, label="counts as the same"))
    if not all(row.checked for row in rows):
        hollow: Any = {"marker": "o", "color": INK, "markerfacecolor": "white", "linestyle": ""}
        handles.append(Line2D([], [], label="not checked", **hollow))
    columns = min(columns, len(handles))
    figure.legend(handles=handles, loc="upper center", ncols=columns, borderaxespad=0.3, fontsize=points)
