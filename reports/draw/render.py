"""One plot's data into PNG and SVG."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from likeforlike.reports.draw.bars import bars, ranges, waterfall
from likeforlike.reports.draw.curves import learning_curves, time_against_size
from likeforlike.reports.draw.machine_plots import machine_histogram, machine_spreads
from likeforlike.reports.draw.style import styled
from likeforlike.reports.tell.plot_data import (
    Bars,
    LearningCurves,
    MachineHistogram,
    MachineSpreads,
    PlotData,
    Ranges,
    Rendered,
    TimeAgainstSize,
    Waterfall,
)

_DRAWERS: dict[type, Callable[[Any], Figure]] = {
    Bars: bars,
    LearningCurves: learning_curves,
    MachineHistogram: machine_histogram,
    MachineSpreads: machine_spreads,
    Ranges: ranges,
    TimeAgainstSize: time_against_size,
    Waterfall: waterfall,
}


def figure_of(data: PlotData) -> Figure:
    """The plot of these data, in the style that all share."""
    with styled():
        return _DRAWERS[type(data)](data)


def render(data: PlotData) -> Rendered:
    """Draw once, write in both forms."""
    picture, drawing = io.BytesIO(), io.StringIO()
    figure = figure_of(data)
    with styled():
        quickly = {"compress_level": 3}
        FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None}, pil_kwargs=quickly)
        FigureCanvasSVG(figure).print_svg(
            drawing, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = drawing.getvalue()
    return Rendered(picture.getvalue(), text[text.index("<svg") :])
