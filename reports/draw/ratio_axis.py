"""A logarithmic axis of ratios, with round ticks."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from likeforlike.reports.draw.style import INK

MOST_TICKS = 9
_STEPS: tuple[tuple[float, ...], ...] = (
    (1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    (1, 1.5, 2, 3, 5, 7),
    (1, 2, 5),
    (1,),
)


def ratio_axis(axes: Axes, least: float, most: float, most_ticks: int = MOST_TICKS) -> None:
    """Make the x axis one of ratios over a range that holds 1, which gets a line."""
    axes.axvline(1.0, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(least, most, most_ticks)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"×{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def ratio_ticks(least: float, most: float, most_ticks: int = MOST_TICKS) -> list[float]:
    """Round ratios over the range, not too many; near 1 every few percent."""
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    fine = [1 + step / 100 for step in range(-30, 31, 5)] if most / least < 1.5 else []
    choices = [fine, [1 + step / 100 for step in range(-30, 31, 10)]] if fine else []
    choices += [[step * 10.0**decade for decade in decades for step in steps] for steps in _STEPS]
    for every in choices:
        ticks = [tick for tick in (float(f"{tick:.3g}") for tick in every) if least <= tick <= most]
        if len(ticks) <= most_ticks:
            return ticks
    return ticks[:: len(ticks) // most_ticks + 1]
