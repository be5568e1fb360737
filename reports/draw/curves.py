"""Learning curves, and time against size."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.draw.style import COLOURS, LINES, MARKERS, MOST_SERIES, PALE, empty_figure, shorten
from likeforlike.reports.tell.plot_data import LearningCurve, LearningCurves, TimeAgainstSize


def learning_curves(data: LearningCurves) -> Figure:
    """Loss and accuracy over epochs, training thin, validation thick, the epoch of least loss marked."""
    curves = data.curves
    rows = -(-min(len(curves), MOST_SERIES) // 3)
    figure = empty_figure(9.2, 3.7 + 0.2 * rows, 0.6, 0.65 + 0.2 * rows, wspace=0.16)
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


def time_against_size(data: TimeAgainstSize) -> Figure:
    """Time over size, both logarithmic; ceilings pale."""
    curves, ceilings = data.curves, data.ceilings
    figure = empty_figure(8.2, 4.8, 0.95, 0.6, top=0.2)
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
    axes.set(xlabel=data.size_label, ylabel=data.unit)
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
