"""Machines against a baseline: their ratios one by one, or of many the distribution."""

from __future__ import annotations

from matplotlib.figure import Figure

from likeforlike.reports.draw.ratio_axis import ratio_axis
from likeforlike.reports.draw.style import COLOURS, INK, PALE, empty_figure, label_inches, shorten
from likeforlike.reports.tell.plot_data import MachineHistogram, MachineSpreads


def machine_spreads(data: MachineSpreads) -> Figure:
    """One row a machine: range, middle half and geometric mean of its ratios; 1 is the baseline."""
    spreads = data.spreads
    names = [shorten(item.name) for item in spreads]
    figure = empty_figure(8.2, 1.0 + 0.42 * len(spreads), label_inches(names), 0.6)
    axes = figure.subplots()
    for position, item in enumerate(spreads):
        least, low, middle, high, most = item.quantiles
        axes.plot([least, most], [position] * 2, color=PALE, linewidth=1.2)
        axes.plot([low, high], [position] * 2, color=COLOURS[0], linewidth=6, solid_capstyle="butt")
        axes.plot([middle], [position], marker="|", markersize=13, color="white", markeredgewidth=2)
        axes.plot(
            [item.mean], [position], marker="D", markersize=7, color=COLOURS[1], markeredgecolor="white"
        )
    least = min([1.0, *(item.quantiles[0] for item in spreads)]) / 1.05
    ratio_axis(axes, least, max([1.0, *(item.quantiles[4] for item in spreads)]) * 1.05)
    axes.set_yticks(range(len(spreads)), names)
    axes.set_ylim(len(spreads) - 0.4, -0.6)
    axes.set_xlabel(
        f"time over that of {shorten(data.baseline)} (left is faster): range, middle half, ◆ mean"
    )
    axes.grid(visible=False, axis="y")
    return figure


def machine_histogram(data: MachineHistogram) -> Figure:
    """How the geometric means of many machines are distributed."""
    figure = empty_figure(8.2, 3.4, 0.7, 0.6)
    axes = figure.subplots()
    axes.hist(data.means, bins=min(40, max(8, len(data.means) // 8)), color=COLOURS[0], edgecolor="white")
    axes.axvline(1.0, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set(xlabel=f"geometric mean of times over those of {shorten(data.baseline)}", ylabel="machines")
    return figure
