"""The plots: pure functions of figures, drawn without pyplot, so that no state is left behind.

Series differ in colour (Okabe and Ito's, told apart by the colour-blind), in marker and in line, bars in
hatching, so that every plot is legible in grey. Names are never parsed as mathematics.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from devices.plausibility import format_seconds
from reports.series import Bar, Curve, LearningCurve, Rendered, Spread, Step

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES: tuple[Any, ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (6, 2)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
    (0, (8, 3, 2, 3)),
)
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---")
MOST_SERIES = len(COLOURS)
INK, PALE = "#222222", "#8a8a8a"
LONGEST_NAME = 44
STYLE: Any = {
    "text.parse_math": False,
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titley": 1.0,  # told, not searched for at every draw
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "likeforlike",
    "figure.dpi": 110,
    "axes.edgecolor": "#555555",
    "text.color": INK,
    "axes.labelcolor": INK,
}


@contextmanager
def _styled() -> Iterator[None]:
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def render(draw: Callable[[], Figure]) -> Rendered:
    """Draw once, write in both forms."""
    picture, drawing = io.BytesIO(), io.StringIO()
    with _styled():
        figure = draw()
        quickly = {"compress_level": 3}
        FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None}, pil_kwargs=quickly)
        FigureCanvasSVG(figure).print_svg(
            drawing, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = drawing.getvalue()
    return Rendered(picture.getvalue(), text[text.index("<svg") :])


def _blank(
    width: float,
    height: float,
    left: float,
    bottom: float,
    right: float = 0.2,
    top: float = 0.35,
    **more: Any,
) -> Figure:
    """An empty figure with its margins, all in inches.

    Margins are told, not found: matplotlib's layout engines draw every figure twice more, over half of a
    report's time.
    """
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, **more)
    return figure


def _label_inches(names: Sequence[str], points: float = 9.5) -> float:
    """Room for the longest of some labels, at six tenths of its size a character."""
    return 0.25 + 0.6 * points / 72 * max((len(name) for name in names), default=0)


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """A name short enough for a legend."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def learning_curves(curves: Sequence[LearningCurve]) -> Figure:
    """Loss and accuracy over epochs, training thin, validation thick, the epoch of least loss marked."""
    rows = -(-min(len(curves), MOST_SERIES) // 3)
    figure = _blank(9.2, 3.7 + 0.2 * rows, 0.6, 0.65 + 0.2 * rows, wspace=0.16)
    left, right = figure.subplots(1, 2)
    for number, curve in enumerate(curves[:MOST_SERIES]):
        name = shorten(curve.name, 34)
        for axes, train, validation in (
            (left, curve.loss, curve.val_loss),
            (right, curve.accuracy, curve.val_accuracy),
        ):
            look = {"color": COLOURS[number], "linestyle": LINES[number]}
            axes.plot(*_known(curve.epochs, train), linewidth=0.9, alpha=0.75, **look)
            x, y = _known(curve.epochs, validation)
            axes.plot(
                x,
                y,
                linewidth=1.9,
                marker=MARKERS[number],
                markersize=4.5,
                markevery=max(1, len(x) // 8),
                label=name,
                **look,
            )
            _mark_best(axes, curve, validation, COLOURS[number])
    for axes, title in ((left, "loss"), (right, "accuracy")):
        axes.set(xlabel="epoch", title=f"{title}: thick validation, thin training")
        axes.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=min(3, len(labels)))
    return figure


def _known(x: Sequence[int], y: Sequence[float | None]) -> tuple[list[int], list[float]]:
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if b is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _mark_best(axes: Axes, curve: LearningCurve, values: Sequence[float | None], colour: str) -> None:
    if curve.best is None or curve.best not in curve.epochs:
        return
    value = values[curve.epochs.index(curve.best)]
    if value is not None:
        axes.plot([curve.best], [value], marker="*", markersize=13, color=colour, markeredgecolor="white")


def time_against_size(
    curves: Sequence[Curve], ceilings: Sequence[Curve], size_label: str = "size", unit: str = "time"
) -> Figure:
    """Time over size, both logarithmic; ceilings are the times below which no figure can be true."""
    figure = _blank(8.2, 4.8, 0.95, 0.6, top=0.2)
    axes = figure.subplots()
    for number, curve in enumerate(curves[:MOST_SERIES]):
        colour = COLOURS[number]
        axes.plot(
            curve.x,
            curve.y,
            color=colour,
            linestyle=LINES[number],
            marker=MARKERS[number],
            markersize=6,
            markerfacecolor="white" if curve.struck else colour,
            linewidth=1.6,
            label=shorten(curve.name + (" (implausible)" if curve.struck else "")),
        )
    for number, curve in enumerate(ceilings):
        axes.plot(curve.x, curve.y, color=PALE, linewidth=2.4, linestyle=("-", (0, (3, 3)))[number % 2])
        axes.annotate(
            shorten(curve.name),
            (curve.x[0], curve.y[0]),
            xytext=(14, -3),
            textcoords="offset points",
            color="#555555",
            fontsize=8,
            va="center",
        )
    axes.set_xscale("log")
    _log_times(axes)
    sizes = sorted({x for curve in curves for x in curve.x})
    axes.xaxis.set_major_locator(FixedLocator(_thinned(sizes)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel=size_label, ylabel=unit)
    axes.legend(loc="upper left")
    return figure


def _thinned(sizes: list[float]) -> list[float]:
    """At most a dozen ticks."""
    step = max(1, len(sizes) // 12)
    return sizes[::step]


def _log_times(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: format_seconds(y)))
    axes.yaxis.set_minor_locator(NullLocator())


def bars(items: Sequence[Bar], label: str, line: tuple[float, str] | None = None) -> Figure:
    """Horizontal bars with intervals, first on top, and a line none can pass."""
    names = [shorten(item.name) for item in items]
    figure = _blank(8.2, 1.0 + 0.42 * len(items), _label_inches(names), 0.6)
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
    axes.set_xlabel(label)
    axes.set_xlim(0, 1.22 * max((max(item.value, item.high or 0.0) for item in items), default=1.0))
    if line is not None:
        axes.axvline(line[0], color=INK, linestyle=(0, (4, 2)), linewidth=1.4)
        axes.set_title(f"dashed line: {line[1]}", loc="left", fontsize=8.5)
    return figure


def waterfall(steps: Sequence[Step], label: str = "seconds per epoch") -> Figure:
    """Where each second goes: the first bar whole, then each change from where the last one ended."""
    figure = _blank(max(6.5, 1.05 * len(steps) + 1.2), 4.8, 0.7, 1.1, top=0.2)
    axes = figure.subplots()
    for position, step in enumerate(steps):
        whole = step.before is None or position == len(steps) - 1
        start = 0.0 if step.before is None else step.before
        rise = step.after - start
        family = 0 if step.before is None else (1 if rise > 0 else 2)
        axes.bar(
            position,
            rise,
            bottom=start,
            width=0.66,
            color=COLOURS[family],
            hatch=HATCHES[family],
            edgecolor="white",
        )
        text = f"{step.after:.2f}" if step.before is None else f"{rise:+z.2f}\n= {step.after:.2f}"
        axes.annotate(
            text,
            (position, max(start, step.after)),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            fontweight="bold" if whole else "normal",
        )
        if position + 1 < len(steps):
            axes.plot([position - 0.33, position + 1.33], [step.after] * 2, color=INK, linewidth=0.7)
    names = [f"{_folded(step.change)}\n{step.accuracy}" for step in steps]
    axes.set_yscale("linear")
    axes.set_xticks(range(len(steps)), names, fontsize=8)
    axes.set_ylabel(label)
    axes.set_ylim(0, 1.18 * max((max(step.after, step.before or 0) for step in steps), default=1.0))
    axes.grid(visible=False, axis="x")
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


def machine_spreads(spreads: Sequence[Spread], baseline: str) -> Figure:
    """One row a machine: range, middle half and geometric mean of its ratios; 1 is the baseline."""
    names = [shorten(item.name) for item in spreads]
    figure = _blank(8.2, 1.0 + 0.42 * len(spreads), _label_inches(names), 0.6)
    axes = figure.subplots()
    for position, item in enumerate(spreads):
        least, low, middle, high, most = item.quantiles
        axes.plot([least, most], [position] * 2, color=PALE, linewidth=1.2)
        axes.plot([low, high], [position] * 2, color=COLOURS[0], linewidth=6, solid_capstyle="butt")
        axes.plot([middle], [position], marker="|", markersize=13, color="white", markeredgewidth=2)
        axes.plot(
            [item.mean], [position], marker="D", markersize=7, color=COLOURS[1], markeredgecolor="white"
        )
    axes.axvline(1.0, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set_xscale("log")
    axes.set_yticks(range(len(spreads)), names)
    axes.set_ylim(len(spreads) - 0.4, -0.6)
    axes.xaxis.set_major_locator(FixedLocator(_ratio_ticks(spreads)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"×{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"time over that of {shorten(baseline)} (left is faster): range, middle half, ◆ mean")
    axes.grid(visible=False, axis="y")
    return figure


def _ratio_ticks(spreads: Sequence[Spread]) -> list[float]:
    """Round ratios over the range shown, not too many."""
    least = min([1.0, *(item.quantiles[0] for item in spreads)]) / 1.05
    most = max([1.0, *(item.quantiles[4] for item in spreads)]) * 1.05
    for steps in ((1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,)):
        decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
        every = (float(f"{step * 10.0**decade:.3g}") for decade in decades for step in steps)
        ticks = [tick for tick in every if least <= tick <= most]
        if len(ticks) <= 9:
            return ticks
    return ticks[:: len(ticks) // 9 + 1]


def machine_histogram(means: Sequence[float], baseline: str) -> Figure:
    """How the geometric means of many machines are distributed."""
    figure = _blank(8.2, 3.4, 0.7, 0.6)
    axes = figure.subplots()
    axes.hist(means, bins=min(40, max(8, len(means) // 8)), color=COLOURS[0], edgecolor="white")
    axes.axvline(1.0, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set(xlabel=f"geometric mean of times over those of {shorten(baseline)}", ylabel="machines")
    return figure
