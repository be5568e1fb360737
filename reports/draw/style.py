"""Colours, markers, margins and labels that all plots share.

Plots are drawn without pyplot, so that no state is left behind. Series differ in colour (Okabe and Ito's,
told apart by the colour-blind), in marker and in line, bars in hatching, so that every plot is legible in
grey. Names are never parsed as mathematics.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

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
def styled() -> Iterator[None]:
    """Draw in the common style; a missing glyph shows as a box and needs no warning."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def empty_figure(
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


def label_inches(names: Sequence[str], points: float = 9.5) -> float:
    """Room for the longest of some labels, at six tenths of its size a character."""
    return 0.25 + 0.6 * points / 72 * max((len(name) for name in names), default=0)


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """A name short enough for a legend."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
