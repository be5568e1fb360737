"""Bars, waterfalls and ranges."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from likeforlike.reports.draw.style import COLOURS, HATCHES, INK, PALE, empty_figure, label_inches, shorten
from likeforlike.reports.tell.plot_data import Bar, Bars, Ranges, Step, Waterfall

UNSURE = "#e4e4e4"
"""Fill of what is not sure."""

BEYOND_BARS = 2.0
"""How high an interval may reach, in heights of the highest bar: a longer one would make the bars flat."""


def bars(data: Bars) -> Figure:
    """Horizontal bars with intervals, first on top, and a line none can pass."""
    items, line = data.bars, data.line
    names = [shorten(item.name) for item in items]
    figure = empty_figure(8.2, 1.0 + 0.42 * len(items), label_inches(names), 0.6)
    axes = figure.subplots()
    for position, item in enumerate(items):
        axes.barh(
            position,
            item.value,
            height=0.62,
            color="white" if item.struck else COLOURS[item.family],
            hatch=HATCHES[item.family],
            edgecolor=PALE if item.struck else "white",
            linewidth=0.8,
        )
        if item.low is not None and item.high is not None:
            arms = [[item.value - item.low], [item.high - item.value]]
            axes.errorbar(item.value, position, xerr=arms, color=INK, capsize=3, linewidth=1.2)
        end = max(item.value, item.high or 0.0)
        axes.annotate(item.label, (end, position), xytext=(5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(items)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(data.label)
    inches = 8.2 - label_inches(names) - 0.2
    axes.set_xlim(0, max((_room(item, inches) for item in items), default=1.0))
    if line is not None:
        axes.axvline(line[0], color=INK, linestyle=(0, (4, 2)), linewidth=1.4)
        axes.set_title(f"dashed line: {line[1]}", loc="left", fontsize=8.5)
    return figure


def _room(item: Bar, inches: float) -> float:
    """Where an axis so long must end for the bar, its interval and its label to fit."""
    share = min(label_inches([item.label]) / inches, 0.8)
    return max(item.value, item.high or 0.0) / (1.0 - share)


def waterfall(data: Waterfall) -> Figure:
    """The first bar whole, then each change from where the last one ended; pale if its sign is not sure."""
    steps = data.steps
    figure = empty_figure(max(6.5, 1.05 * len(steps) + 1.2), 4.8, 0.7, 1.1, top=0.2)
    axes = figure.subplots()
    limit = BEYOND_BARS * max((max(step.after, step.before or 0) for step in steps), default=1.0)
    for position, step in enumerate(steps):
        whole = step.before is None or position == len(steps) - 1
        top = _draw_step(axes, position, step, limit)
        text = (
            f"{step.after:.2f}"
            if step.before is None
            else f"{step.after - step.before:+z.2f}\n= {step.after:.2f}"
        )
        axes.annotate(
            text,
            (position, top),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            fontweight="bold" if whole else "normal",
            color=INK if step.sure else "#666666",
        )
        if position + 1 < len(steps):
            axes.plot([position - 0.33, position + 1.33], [step.after] * 2, color=INK, linewidth=0.7)
    names = [f"{_folded(step.change)}\n{step.accuracy}" for step in steps]
    axes.set_yscale("linear")
    axes.set_xticks(range(len(steps)), names, fontsize=8)
    axes.set_ylabel(data.label)
    ends = [max(step.after, step.before or 0, min(step.high or 0, limit)) for step in steps]
    axes.set_ylim(0, 1.18 * max(ends, default=1.0))
    axes.grid(visible=False, axis="x")
    return figure


def _draw_step(axes: Axes, position: int, step: Step, limit: float) -> float:
    """A bar and the interval of where it ends, an arrow where it goes on; returns how high the two reach."""
    start = 0.0 if step.before is None else step.before
    rise = step.after - start
    family = 0 if step.before is None else (1 if rise > 0 else 2)
    axes.bar(
        position,
        rise,
        bottom=start,
        width=0.66,
        color=COLOURS[family] if step.sure else UNSURE,
        hatch=HATCHES[family],
        edgecolor="white" if step.sure else PALE,
    )
    if step.low is None or step.high is None:
        return max(start, step.after)
    if step.high > limit:
        axes.annotate(
            "",
            (position, limit),
            (position, step.low),
            arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0},
        )
        axes.plot([position], [step.low], "_", color=INK, markersize=8)
        return limit
    middle = (step.low + step.high) / 2
    axes.errorbar(
        position, middle, yerr=(step.high - step.low) / 2, fmt="none", color=INK, capsize=4, linewidth=1.2
    )
    return max(start, step.after, step.high)


def ranges(data: Ranges) -> Figure:
    """A line from the least to the most of each effect, a mark for each value, a diamond for the mean."""
    names = [shorten(item.name) for item in data.ranges]
    figure = empty_figure(8.2, 1.0 + 0.42 * len(names), label_inches(names), 0.6)
    axes = figure.subplots()
    for position, item in enumerate(data.ranges):
        colour = COLOURS[0] if item.sure else PALE
        axes.plot([min(item.values), max(item.values)], [position] * 2, color=colour, linewidth=1.6)
        axes.plot(item.values, [position] * len(item.values), "|", color=colour, markersize=11)
        axes.plot([item.mean], [position], "D", color=colour, markersize=6)
        text = f"{item.mean:+z.2f}"
        axes.annotate(
            text, (item.mean, position), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8
        )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.8)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(data.label)
    return figure


def _folded(text: str, width: int = 15) -> str:
    """The text on several lines."""
    lines = [""]
    for word in shorten(text, 60).split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
