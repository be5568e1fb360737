"""What the plots are drawn from: frozen figures, so that building a report imports no plotting library."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Rendered:
    """A plot as PNG, and as an SVG element without XML prologue, to stand inside HTML."""

    png: bytes
    svg: str


def drawing(plot: str, *arguments: Any) -> Callable[[], Any]:
    """A function that draws one of ``reports.plots`` with these arguments, imported only when called.

    It can be sent to another process.
    """
    return partial(_draw, plot, *arguments)


def _draw(plot: str, *arguments: Any) -> Any:
    return getattr(importlib.import_module("reports.plots"), plot)(*arguments)


@dataclass(frozen=True)
class Curve:
    """A line of a plot: x ascending, y parallel to it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    struck: bool = False
    """Not to be believed: drawn pale, with open markers."""


@dataclass(frozen=True)
class LearningCurve:
    """One trainer's epochs; values parallel, absent ones None."""

    name: str
    epochs: tuple[int, ...]
    loss: tuple[float | None, ...]
    val_loss: tuple[float | None, ...]
    accuracy: tuple[float | None, ...]
    val_accuracy: tuple[float | None, ...]
    best: int | None
    """The epoch of least validation loss."""


@dataclass(frozen=True)
class Bar:
    """A bar with its interval; ``family`` decides colour and hatching."""

    name: str
    value: float
    label: str
    family: int = 0
    low: float | None = None
    high: float | None = None
    struck: bool = False


@dataclass(frozen=True)
class Step:
    """One rung: what was changed, seconds per epoch before and after, accuracy after."""

    change: str
    before: float | None
    after: float
    accuracy: str


@dataclass(frozen=True)
class Spread:
    """Ratios of one machine to the baseline: quantiles 0, 25, 50, 75, 100 % and their geometric mean."""

    name: str
    quantiles: tuple[float, float, float, float, float]
    mean: float
