"""The plots: made without pyplot, safe from names, distinct without colour, bounded in number of series."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from likeforlike.reports.draw import style
from likeforlike.reports.draw.bars import UNSURE
from likeforlike.reports.draw.forest import LOOKS, NARROW_INCHES, forest, narrow_forest
from likeforlike.reports.draw.ratio_axis import ratio_ticks
from likeforlike.reports.draw.render import figure_of, render
from likeforlike.reports.tell.plot_data import (
    MOST_KERNELS,
    Bar,
    Bars,
    Curve,
    ForestPlot,
    ForestRow,
    Histories,
    HistoryPanel,
    HistoryStep,
    LearningCurve,
    LearningCurves,
    MachineHistogram,
    MachineSpreads,
    PlotData,
    Range,
    Ranges,
    RateAgainstSize,
    RelativeTimes,
    Roofline,
    RoofPoint,
    RoofPoints,
    Spread,
    Step,
    TradeOff,
    TradeOffPoint,
    Waterfall,
)

EPOCHS = (1, 2, 3)


def learning(name, best=2):
    return LearningCurve(
        name, EPOCHS, (0.5, 0.4, 0.3), (0.5, 0.3, None), (0.8, 0.9, 0.95), (0.8, 0.9, 0.85), best
    )


STEPS = (
    Step("start", None, 3.0, "88 %"),
    Step("up", 3.0, 5.0, "", 4.5, 5.5),
    Step("down", 5.0, 2.0, "", 1.0, 6.0, sure=False),
)
FOREST = ForestPlot(
    (
        ForestRow("a over b", 0.5, "×0.5", "faster", 0.4, 0.6, 0.02, "cpu:0"),
        ForestRow("c over b", 1.0, "×1", "same", 0.99, 1.01, 0.02, "cpu:0"),
        ForestRow("d over b", 1.1, "×1.1", "unclear", 0.001, 900.0, 0.02, "cpu:0", checked=False),
        ForestRow("e over b", 400.0, "×400", "slower", 390.0, 410.0, 0.02, "gpu:0"),
        ForestRow("f over b", 1.2, "×1.2", "unclear", None, None, 0.02, "gpu:0"),
    )
)
ROOFLINE = Roofline(
    (
        RoofPoints("product", (RoofPoint(200.0, 1.8e11), RoofPoint(20.0, 9e10))),
        RoofPoints("sum", (RoofPoint(0.25, 4e9), RoofPoint(0.25, 9e9, cached=True))),
    ),
    (("float32", 2e11), ("float64", 1.9e11)),
    2e10,
)
EVERY = [
    LearningCurves((learning("a"), learning("b", None))),
    RateAgainstSize(
        (Curve("a", (1, 10), (1e9, 2e9)), Curve("b", (1, 10), (1e9, 1e11), True)),
        (Curve("ceiling", (1, 10), (1e10, 1e10)),),
    ),
    RelativeTimes((Curve("a", (1, 10), (1.0, 1.0)), Curve("b", (1, 10), (1.1, 1.3)))),
    FOREST,
    ROOFLINE,
    Bars(
        (Bar("a", 1.0, "1 s", 0, 0.9, 1.1), Bar("b", 2.0, "2 s", 1, struck=True)), "seconds", (0.5, "floor")
    ),
    Waterfall(STEPS),
    Ranges((Range("a", -2.0, (-3.7, -0.3)), Range("b", 0.5, (0.5,), sure=False)), "seconds"),
    MachineSpreads((Spread("a", (0.5, 0.8, 1.0, 1.5, 9.0), 1.1),), "base"),
    MachineHistogram((0.5, 1.0, 2.0), "base"),
    Histories(
        (
            HistoryPanel(
                "slower, then as before",
                (1.0, 1.01, 0.99, 1.2, 1.21, 1.19, 3.0, 1.01, 1.0, 0.99),
                (1.0, 1.1, 0.99, 1.2, 1.21, 1.3, 3.0, 1.01, 1.1, 0.99),
                (1.0, 1.2, 1.0),
                (HistoryStep(3, "×1.2"), HistoryStep(7, "×0.833", sure=False)),
                frozenset({6}),
                "aaaaaaaaa",
                "bbbbbbbbb+",
            ),
            HistoryPanel("two runs", (1.0, 40.0), (), (1.0,), (), frozenset(), "2026-01-01", "2026-01-02"),
        )
    ),
    TradeOff(
        (
            TradeOffPoint("a", 1.4, 0.89, (1.3, 1.5), (0.88, 0.9), on_front=True),
            TradeOffPoint("b", 5.0, 0.891, on_front=True),
            TradeOffPoint("c", 26.0, 0.887, struck=True),
        ),
        "seconds per epoch",
        "accuracy",
    ),
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


def test_steps_that_are_not_sure_are_pale_and_intervals_stand_on_the_bars_ends():
    axes = figure_of(Waterfall(STEPS)).axes[0]
    colours = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colours == [style.COLOURS[0].lower(), style.COLOURS[1].lower(), UNSURE]
    whiskers = [tuple(y for _, y in c.get_segments()[0]) for c in axes.collections]
    assert whiskers == [(4.5, 5.5), (1.0, 6.0)]


def test_a_very_wide_interval_leaves_the_bars_their_height():
    """Highest bar 5: an interval to 500 goes on beyond an arrow at 10, one to 6 stands as it is."""
    wide = replace(STEPS[1], low=1.0, high=500.0)
    axes = figure_of(Waterfall((STEPS[0], wide, STEPS[2]))).axes[0]
    assert axes.get_ylim() == (0.0, pytest.approx(11.8))
    arrows = [text for text in axes.texts if text.arrow_patch is not None]
    assert [(text.xy, text.get_position()) for text in arrows] == [((1, 10.0), (1, 1.0))]
    assert [tuple(y for _, y in c.get_segments()[0]) for c in axes.collections] == [(1.0, 6.0)]


class TestRoofline:
    def test_the_roofs_meet_at_their_ridge(self):
        """200 GFLOP/s and 20 GB/s: 10 FLOP a byte; 190 GFLOP/s: 9.5."""
        axes = figure_of(ROOFLINE).axes[0]
        roofs = [line for line in axes.lines if line.get_color() == style.PALE]
        slope, high, low = (list(zip(*line.get_data(), strict=True)) for line in roofs)
        assert slope[-1] == high[0] == (10.0, 2e11)
        assert slope[0][1] == pytest.approx(slope[0][0] * 2e10), "bytes a second times FLOP a byte"
        assert low[0] == (9.5, 1.9e11)
        assert axes.get_xscale() == axes.get_yscale() == "log"

    def test_each_roof_says_its_name_and_figure(self):
        told = [text.get_text() for text in figure_of(ROOFLINE).axes[0].texts]
        assert told == ["memory: 20 GB/s", "float32: 200 GFLOP/s", "float64: 190 GFLOP/s"]

    def test_what_fits_into_the_caches_is_hollow_and_the_legend_says_so(self):
        figure = figure_of(ROOFLINE)
        points = [
            line for line in figure.axes[0].lines if line.get_linestyle() == "None" and len(line.get_xdata())
        ]
        assert [line.get_markerfacecolor() == "white" for line in points] == [False, False, False, True]
        (legend,) = figure.legends
        names = [text.get_text() for text in legend.get_texts()]
        assert names == ["product", "sum", "hollow: fits into the caches"]

    def test_two_dozen_workloads_are_told_apart(self):
        many = tuple(RoofPoints(f"w{n}", (RoofPoint(1.0 + n, 1e9),)) for n in range(MOST_KERNELS + 3))
        axes = figure_of(replace(ROOFLINE, kernels=many)).axes[0]
        looks = [(ln.get_marker(), ln.get_color()) for ln in axes.lines if len(ln.get_xdata()) == 1]
        assert len(looks) == len(set(looks)) == MOST_KERNELS


class TestForest:
    def markers(self, figure):
        """Marker, colour, face and place of each ratio."""
        lines = [line for line in figure.axes[0].lines if line.get_marker() in "<>so"]
        return [(ln.get_marker(), ln.get_color(), list(ln.get_xdata()), ln.get_ydata()[0]) for ln in lines]

    def test_words_differ_in_marker_and_in_lightness(self):
        looks = list(LOOKS.values())
        assert len({marker for marker, _ in looks}) == len(looks)
        assert LOOKS["unclear"][1] == style.PALE

    @pytest.mark.parametrize("drawn", [forest, narrow_forest])
    def test_each_row_stands_where_its_ratio_is(self, drawn):
        figure = drawn(FOREST)
        least, most = figure.axes[0].get_xlim()
        assert most == 5.0  # of five ratios one lies beyond: the axis ends at the first cap
        marks = self.markers(figure)
        assert [mark[0] for mark in marks] == ["<", "s", "o", ">", "o"]
        assert [mark[2][0] for mark in marks] == [0.5, 1.0, 1.1, 5.0, 1.2]
        assert [len(mark[2]) for mark in marks] == [1, 1, 1, 2, 1]  # beyond the axis: a double mark
        assert [mark[3] for mark in marks] == sorted(mark[3] for mark in marks)
        assert least < 0.4

    def test_the_band_is_what_counts_as_the_same(self):
        (band,) = {(round(b.get_x(), 6), round(b.get_width(), 6)) for b in forest(FOREST).axes[0].patches}
        assert band == (round(1 / 1.02, 6), round(1.02 - 1 / 1.02, 6))

    def test_headings_names_and_figures_are_told_once(self):
        svg, narrow = render(FOREST).svg, render(FOREST).narrow
        for text in ("cpu:0", "gpu:0", "a over b", "×400 slower"):
            assert svg.count(f">{text}<") == narrow.count(f">{text}<") == 1
        assert "double marks lie beyond the axis" in svg

    @pytest.mark.parametrize(
        ("name", "group", "lines"),
        [
            ("a over b", "cpu:0", 1),
            ("a over b", "matmul on cpu:0 of 2 x AMD EPYC in a file", 2),  # 41 characters
            ("a over b", "Trainers, each under its own recipe, on cpu:0 of 2 x AMD EPYC in recipes-2026", 2),
            ("a over b", "0123456789" * 9, 3),  # 90 characters in lines of 40
            ("n" * 56, f"{'e' * 24} {'e' * 24}", 1),  # beside names of 56 a heading has lines of 49
            ("n" * 56, f"{'e' * 24} {'e' * 25}", 2),
        ],
    )
    def test_a_heading_ends_before_the_axis_however_short_the_names_are(self, name, group, lines):
        figure = forest(ForestPlot(tuple(replace(row, name=name, group=group) for row in FOREST.rows)))
        axes = figure.axes[0]
        (heading,) = [text for text in axes.texts if text.get_fontweight() == "bold"]
        assert "".join(heading.get_text().split()) == "".join(group.split())
        assert heading.get_text().count("\n") == lines - 1
        assert self.markers(figure)[0][3] == lines  # below the last of them
        with style.styled():
            box = heading.get_window_extent(FigureCanvasAgg(figure).get_renderer())
        assert -1.0 < box.x0 < box.x1 < axes.bbox.x0

    def test_the_narrow_one_is_narrow(self):
        rows = tuple(replace(row, name="long " * 30, group="group " * 30) for row in FOREST.rows)
        figure = narrow_forest(ForestPlot(rows))
        with style.styled():
            box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
        assert box.width <= NARROW_INCHES


@pytest.mark.parametrize(
    ("least", "most", "ticks"),
    [
        (0.89, 1.12, [0.9, 0.95, 1.0, 1.05, 1.1]),
        (0.9, 21, [1, 2, 5, 10, 20]),
        (0.01, 100, [0.01, 0.1, 1, 10, 100]),
    ],
)
def test_ticks_of_ratios_are_round_and_few(least, most, ticks):
    assert ratio_ticks(least, most, 7) == ticks


@pytest.mark.parametrize(("ceiling", "scale"), [(2.5e9, "linear"), (9e9, "log")])
def test_rates_stand_on_a_logarithmic_axis_only_where_they_lie_apart(ceiling, scale):
    data = RateAgainstSize((Curve("a", (1, 10), (1e9, 2e9)),), (Curve("top", (1, 10), (ceiling,) * 2),))
    axes = figure_of(data).axes[0]
    assert axes.get_yscale() == scale
    assert axes.get_ylim()[1] > ceiling
    assert scale == "log" or axes.get_ylim()[0] == 0.0


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
