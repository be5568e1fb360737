"""One plot's data into PNG and SVG."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from likeforlike.reports.draw.bars import bars, ranges, waterfall
from likeforlike.reports.draw.curves import learning_curves, rate_against_size, relative_times
from likeforlike.reports.draw.forest import forest, narrow_forest
from likeforlike.reports.draw.histories import histories, narrow_histories
from likeforlike.reports.draw.machine_plots import machine_histogram, machine_spreads
from likeforlike.reports.draw.roofline import roofline
from likeforlike.reports.draw.style import styled
from likeforlike.reports.draw.trade_off import trade_off
from likeforlike.reports.tell.plot_data import (
    Bars,
    ForestPlot,
    Histories,
    LearningCurves,
    MachineHistogram,
    MachineSpreads,
    PlotData,
    Ranges,
    RateAgainstSize,
    RelativeTimes,
    Rendered,
    Roofline,
    TradeOff,
    Waterfall,
)

_DRAWERS: dict[type, Callable[[Any], Figure]] = {
    Bars: bars,
    ForestPlot: forest,
    Histories: histories,
    LearningCurves: learning_curves,
    MachineHistogram: machine_histogram,
    MachineSpreads: machine_spreads,
    Ranges: ranges,
    RateAgainstSize: rate_against_size,
    RelativeTimes: relative_times,
    TradeOff: trade_off,
    Roofline: roofline,
    Waterfall: waterfall,
}


_NARROW: dict[type, Callable[[Any], Figure]] = {ForestPlot: narrow_forest, Histories: narrow_histories}
"""Drawers for a phone, of plots that are of no use when they are shrunk."""


def figure_of(data: PlotData) -> Figure:
    """The plot of these data, in the style that all share."""
    with styled():
        return _DRAWERS[type(data)](data)


def render(data: PlotData) -> Rendered:
    """Draw once, write in both forms; once more for a phone where the plot asks for it."""
    picture = io.BytesIO()
    figure = figure_of(data)
    narrow = _NARROW.get(type(data))
    with styled():
        quickly = {"compress_level": 3}
        FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None}, pil_kwargs=quickly)
        return Rendered(picture.getvalue(), _svg(figure), "" if narrow is None else _svg(narrow(data)))


def _svg(figure: Figure) -> str:
    """The figure as an SVG element."""
    drawing = io.StringIO()
    FigureCanvasSVG(figure).print_svg(drawing, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = drawing.getvalue()
    return text[text.index("<svg") :]
