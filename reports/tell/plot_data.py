"""What the plots are drawn from: frozen figures, so that building a report imports no plotting library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rendered:
    """A plot as PNG, and as an SVG element without XML prologue, to stand inside HTML."""

    png: bytes
    svg: str
    narrow: str = ""
    """The same for a phone, where the plot has such a form."""


@dataclass(frozen=True)
class Curve:
    """A line of a plot: x ascending, y parallel to it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    struck: bool = False
    """Not to be believed: drawn pale, with open markers."""


@dataclass(frozen=True)
class RateAgainstSize:
    """FLOP/s over logarithmic size; ``ceilings`` are the rates above which no figure can be true."""

    curves: tuple[Curve, ...]
    ceilings: tuple[Curve, ...] = ()
    size_label: str = "size"


@dataclass(frozen=True)
class RelativeTimes:
    """Time over that of the fastest at each size, 1 being the fastest; size is logarithmic."""

    curves: tuple[Curve, ...]
    size_label: str = "size"


@dataclass(frozen=True)
class RoofPoint:
    """A kernel's rate at its operations a byte."""

    flop_per_byte: float
    flop_per_second: float
    cached: bool = False
    """Memory would bind it, but all that it moves fits into the caches: drawn hollow."""


@dataclass(frozen=True)
class RoofPoints:
    """The kernels of one workload whose figures can be true."""

    name: str
    points: tuple[RoofPoint, ...]


MOST_KERNELS = 24
"""Workloads, a precision each, that a roofline shows."""


@dataclass(frozen=True)
class Roofline:
    """Rates over operations a byte, both logarithmic, below the roofs of arithmetic and of memory."""

    kernels: tuple[RoofPoints, ...]
    compute: tuple[tuple[str, float], ...]
    """Name and FLOP/s of each roof of arithmetic, a precision each."""
    bytes_per_second: float
    """The roof of memory."""


@dataclass(frozen=True)
class ForestRow:
    """A ratio of times with its interval, and the verdict on it."""

    name: str
    """What over what."""
    ratio: float
    label: str
    """The ratio with its interval, as a reader sees it."""
    word: str
    """``faster``, ``slower``, ``same`` or ``unclear``; another where nobody is called faster all the same."""
    low: float | None = None
    high: float | None = None
    threshold: float = 0.0
    """Share around 1 within which it would be called the same; 0 for none."""
    group: str = ""
    """What the rows under one heading have in common."""
    checked: bool = True
    """Whether the answers of both were; drawn hollow else."""


@dataclass(frozen=True)
class ForestPlot:
    """Ratios on one logarithmic axis, first on top; rows of a group stand together."""

    rows: tuple[ForestRow, ...]
    label: str = "time over the other's"


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
class LearningCurves:
    """Loss and accuracy over epochs, one curve a trainer."""

    curves: tuple[LearningCurve, ...]


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
class Bars:
    """Horizontal bars, first on top; ``line`` is a value that none can pass, and its name."""

    bars: tuple[Bar, ...]
    label: str
    line: tuple[float, str] | None = None


@dataclass(frozen=True)
class Step:
    """One rung: what was changed, seconds per epoch before and after, accuracy after."""

    change: str
    before: float | None
    after: float
    accuracy: str
    low: float | None = None
    """Least and most that ``after`` may be by the interval of the change, given ``before``."""
    high: float | None = None
    sure: bool = True
    """Whether the sign of the change is; drawn pale else."""


@dataclass(frozen=True)
class Waterfall:
    """Where each second goes: the first bar whole, then each change from where the last one ended."""

    steps: tuple[Step, ...]
    label: str = "seconds per epoch"


@dataclass(frozen=True)
class Range:
    """One effect: its mean, and what it was in each order."""

    name: str
    mean: float
    values: tuple[float, ...]
    sure: bool = True
    """Whether its sign is; drawn pale else."""


@dataclass(frozen=True)
class Ranges:
    """Effects on one axis around 0, first on top."""

    ranges: tuple[Range, ...]
    label: str


@dataclass(frozen=True)
class Spread:
    """Ratios of one machine to the baseline: quantiles 0, 25, 50, 75, 100 % and their geometric mean."""

    name: str
    quantiles: tuple[float, float, float, float, float]
    mean: float


@dataclass(frozen=True)
class MachineSpreads:
    """One row a machine; a ratio of 1 is the baseline."""

    spreads: tuple[Spread, ...]
    baseline: str


@dataclass(frozen=True)
class MachineHistogram:
    """The geometric means of many machines over a baseline."""

    means: tuple[float, ...]
    baseline: str


@dataclass(frozen=True)
class TradeOffPoint:
    """One of several, by what it costs (x, less is better) and what it gives (y, more is better)."""

    name: str
    x: float
    y: float
    x_between: tuple[float, float] | None = None
    y_between: tuple[float, float] | None = None
    on_front: bool = False
    """Whether none of the others is better at both."""
    struck: bool = False
    """Not to be believed: drawn hollow and pale."""


@dataclass(frozen=True)
class TradeOff:
    """Points on two axes, x logarithmic where they lie far apart; the front is a line."""

    points: tuple[TradeOffPoint, ...]
    x_label: str
    y_label: str
    """Of shares, shown in per cent."""


@dataclass(frozen=True)
class HistoryStep:
    """A lasting change of a cell: where, and how it is called there."""

    position: int
    """Of the first run after it."""
    label: str
    sure: bool = True
    """Drawn pale else."""


@dataclass(frozen=True)
class HistoryPanel:
    """One cell over its runs, in the order of the commits. Times over the cell's first level."""

    name: str
    judged: tuple[float, ...]
    """What was judged: without the machine's factor where that is known."""
    measured: tuple[float, ...]
    """As measured; empty where it is the same."""
    levels: tuple[float, ...]
    """Of the parts between steps."""
    steps: tuple[HistoryStep, ...]
    set_aside: frozenset[int]
    """Lone outliers."""
    first: str
    """What the first run is of,"""
    last: str
    """and the last."""


@dataclass(frozen=True)
class Histories:
    """Small multiples, one a cell."""

    panels: tuple[HistoryPanel, ...]


PlotData = (
    ForestPlot
    | RateAgainstSize
    | RelativeTimes
    | Roofline
    | LearningCurves
    | Bars
    | Waterfall
    | Ranges
    | MachineSpreads
    | MachineHistogram
    | TradeOff
    | Histories
)
"""All that a figure of the report can be drawn from."""
