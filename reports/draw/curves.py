"""Learning curves, and curves over size."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from likeforlike.devices.limits.units import format_rate
from likeforlike.reports.draw.style import (
    COLOURS,
    INK,
    LINES,
    MARKERS,
    MOST_SERIES,
    PALE,
    empty_figure,
    label_inches,
    shorten,
)
from likeforlike.reports.tell.plot_data import (
    Curve,
    LearningCurve,
    LearningCurves,
    RateAgainstSize,
    RelativeTimes,
)

LINEAR_UP_TO = 3
"""Figures further apart than this stand on a logarithmic axis."""


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


def rate_against_size(data: RateAgainstSize) -> Figure:
    """Rate over size, from 0 or, where rates and ceilings lie apart, logarithmic; ceilings as lines."""
    figure, axes = _over_size(data.curves, data.size_label)
    rates = [y for curve in (*data.curves, *data.ceilings) for y in curve.y if y > 0]
    if rates and max(rates) > LINEAR_UP_TO * min(rates):
        _log_rates(axes, min(rates), max(rates))
    else:
        axes.set_ylim(0, 1.12 * max(rates, default=1.0))
    for number, curve in enumerate(data.ceilings):
        style = ("-", (0, (3, 3)))[number % 2]
        axes.plot(curve.x, curve.y, color=PALE, linewidth=2.4, linestyle=style)
        axes.annotate(
            f"{shorten(curve.name)}: {format_rate(curve.y[0])}",
            (curve.x[0], curve.y[0]),
            xytext=(0, 5),
            textcoords="offset points",
            color="#555555",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: format_rate(y) if y else "0"))
    return figure


def _log_rates(axes: Axes, least: float, most: float) -> None:
    axes.set_yscale("log")
    axes.set_ylim(least / 1.15, most * 1.4)
    subs = (1.0,) if most > 100 * least else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=subs, numticks=20))
    axes.yaxis.set_minor_locator(NullLocator())


def relative_times(data: RelativeTimes) -> Figure:
    """Time over the fastest's at each size."""
    figure, axes = _over_size(data.curves, data.size_label)
    ratios = [y for curve in data.curves for y in curve.y]
    if max(ratios, default=1.0) > LINEAR_UP_TO:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.axhline(1.0, color=INK, linewidth=0.8)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"×{y:g}"))
    axes.set_ylabel("time over the fastest's")
    return figure


def _over_size(curves: Sequence[Curve], label: str) -> tuple[Figure, Axes]:
    """Curves over logarithmic size, their names at the right, those in doubt hollow."""
    shown = curves[:MOST_SERIES]
    names = [shorten(curve.name + (" (implausible)" if curve.struck else "")) for curve in shown]
    right = label_inches(names, 8.5) + 0.5
    figure = empty_figure(6.4 + right, 4.6, 1.1, 0.6, right=right, top=0.2)
    axes = figure.subplots()
    for number, (curve, name) in enumerate(zip(shown, names, strict=True)):
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
            label=name,
        )
    axes.set_xscale("log")
    sizes = sorted({x for curve in curves for x in curve.x})
    axes.xaxis.set_major_locator(FixedLocator(_thinned(sizes)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label)
    figure.legend(*_sorted_by_end(axes, shown), loc="center right")
    return figure, axes


def _sorted_by_end(axes: Axes, curves: Sequence[Curve]) -> tuple[list[Artist], list[str]]:
    """Legend entries in the order in which the curves end, highest first."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(handles)), key=lambda n: -curves[n].y[-1])
    return [handles[n] for n in order], [labels[n] for n in order]


def _thinned(sizes: list[float]) -> list[float]:
    """At most a dozen ticks."""
    step = max(1, len(sizes) // 12)
    return sizes[::step]
