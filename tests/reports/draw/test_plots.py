"""The plots: made without pyplot, safe from names, distinct without colour, bounded in number of series."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from likeforlike.reports.draw import style
from likeforlike.reports.draw.render import figure_of, render
from likeforlike.reports.tell.plot_data import (
    Bar,
    Bars,
    Curve,
    LearningCurve,
    LearningCurves,
    MachineHistogram,
    MachineSpreads,
    PlotData,
    Range,
    Ranges,
    Spread,
    Step,
    TimeAgainstSize,
    Waterfall,
)

EPOCHS = (1, 2, 3)


def learning(name, best=2):
    return LearningCurve(
        name, EPOCHS, (0.5, 0.4, 0.3), (0.5, 0.3, None), (0.8, 0.9, 0.95), (0.8, 0.9, 0.85), best
    )


STEPS = (Step("start", None, 3.0, "88 %"), Step("up", 3.0, 5.0, ""), Step("down", 5.0, 2.0, ""))
EVERY = [
    LearningCurves((learning("a"), learning("b", None))),
    TimeAgainstSize(
        (Curve("a", (1, 10), (1e-3, 1.0)), Curve("b", (1, 10), (1e-3, 1e-3), True)),
        (Curve("ceiling", (1, 10), (1e-6, 1e-3)),),
    ),
    Bars(
        (Bar("a", 1.0, "1 s", 0, 0.9, 1.1), Bar("b", 2.0, "2 s", 1, struck=True)), "seconds", (0.5, "floor")
    ),
    Waterfall(STEPS),
    Ranges((Range("a", -2.0, (-3.7, -0.3)), Range("b", 0.5, (0.5,), sure=False)), "seconds"),
    MachineSpreads((Spread("a", (0.5, 0.8, 1.0, 1.5, 9.0), 1.1),), "base"),
    MachineHistogram((0.5, 1.0, 2.0), "base"),
]


def test_every_kind_of_plot_is_tried():
    assert {type(data) for data in EVERY} == set(get_args(PlotData))


@pytest.mark.parametrize("made", EVERY, ids=lambda data: type(data).__name__)
class TestEvery:
    def test_is_a_picture_and_a_drawing(self, made):
        rendered = render(made)
        assert rendered.png.startswith(b"\x89PNG")
        assert rendered.svg.startswith("<svg")
        assert rendered.svg.rstrip().endswith("</svg>")

    def test_is_the_same_each_time(self, made):
        assert render(made) == render(made)


def test_series_differ_without_colour():
    looks = set(zip(style.MARKERS, map(str, style.LINES), strict=True))
    assert len(looks) == len(style.COLOURS) == style.MOST_SERIES
    assert len(set(style.HATCHES)) == len(style.HATCHES)


def test_at_most_eight_lines_however_many_are_given():
    figure = figure_of(LearningCurves(tuple(learning(f"t{n}", None) for n in range(50))))
    assert len(figure.axes[0].lines) == 2 * style.MOST_SERIES


def test_names_are_neither_mathematics_nor_mark_up():
    name = "$\\frac{1}{0}$ <script>&"
    svg = render(Bars((Bar(name, 1.0, name),), name)).svg
    assert "<script>" not in svg
    assert "$\\frac{1}{0}$ &lt;script&gt;&amp;" in svg


def test_long_names_are_cut():
    assert len(style.shorten("x" * 500)) == style.LONGEST_NAME


def test_the_waterfall_ends_where_the_last_rung_is():
    figure = figure_of(Waterfall(STEPS))
    heights = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in figure.axes[0].patches]
    assert heights == [(0.0, 3.0), (3.0, 5.0), (5.0, 2.0)]


def test_no_global_state_and_no_pyplot():
    program = """
import sys
import matplotlib
from likeforlike.reports.draw import style
from likeforlike.reports.draw.render import render
from likeforlike.reports.tell.plot_data import MachineHistogram
before = {name: matplotlib.rcParams[name] for name in style.STYLE}
render(MachineHistogram((1.0, 2.0), "b"))
assert "matplotlib.pyplot" not in sys.modules
assert before == {name: matplotlib.rcParams[name] for name in style.STYLE}
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).resolve().parents[3], check=True)
