"""Made-up histories whose truth is known: cells and copies over commits, on a machine that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likeforlike.reports.history.series import History, Series, Visit

CELLS = 20
TWINS = 3
NOISE = 0.01
"""Standard deviation of the log of a cell's figure from run to run, the machine's own move apart."""


@dataclass(frozen=True)
class Nature:
    """What moves the figures besides the code."""

    tails: float = 0.0
    """Degrees of freedom of Student's noise; 0 for normal noise."""
    outliers: float = 0.0
    """Share of a cell's runs that are 10 to 60 % slower for no reason."""
    walk: float = 0.0
    """Of the whole machine: standard deviation of a random walk's step, from run to run."""
    jumps: int = 0
    """Of the whole machine: lasting steps of 5 to 15 %, at either side."""
    own_drift: float = 0.0
    """Of each cell alone: standard deviation of what decays by three tenths from run to run."""
    apart: float = 0.0
    """Share of the cells that what moves the machine does not move."""


NATURES: Mapping[str, Nature] = {
    "independent runs": Nature(),
    "heavy tails (Student's t, 3 degrees)": Nature(tails=3.0),
    "outlying runs (5 %, 10 to 60 % slower)": Nature(outliers=0.05),
    "machine walks (2 % a run)": Nature(walk=0.02),
    "machine steps twice (5 to 15 %)": Nature(jumps=2),
    "each cell drifts by itself (1 %, by 0.7 of the last)": Nature(own_drift=0.01),
    "machine walks (4 % a run), and half of the cells don't follow": Nature(walk=0.04, apart=0.5),
    "machine steps twice, and half of the cells don't follow": Nature(jumps=2, apart=0.5),
    "all of these at once": Nature(3.0, 0.05, 0.02, 2, 0.01, 0.5),
}


@dataclass(frozen=True)
class Truth:
    """The one step of code in a history: which cell, at which position, and the log of its ratio."""

    cell: int
    position: int
    log_ratio: float


def made_up(
    nature: Nature, runs: int, draw: np.random.Generator, truth: Truth | None = None, cells: int = CELLS
) -> History:
    """A history of so many cells, two copies of the noise floor's product and :data:`TWINS` twins."""
    machine = np.cumsum(draw.normal(0.0, nature.walk, runs)) if nature.walk else np.zeros(runs)
    for _ in range(nature.jumps):
        size = draw.uniform(0.05, 0.15) * draw.choice((-1.0, 1.0))
        machine[int(draw.integers(1, runs)) :] += size
    visits = tuple(_visit(number) for number in range(runs))
    names = [(f"cell-{n}", False) for n in range(cells)]
    names += [(f"twin-{n}", True) for n in range(TWINS)] + [("product-a", True), ("product-b", True)]
    series = []
    for number, (name, reference) in enumerate(names):
        follows = reference or draw.random() >= nature.apart
        logs = follows * machine + _own(nature, runs, draw)
        if truth is not None and number == truth.cell:
            logs[truth.position :] += truth.log_ratio
        series.append(_series(name, reference, visits, logs))
    return History(tuple(series), {"machine": "machine"}, ())


def _own(nature: Nature, runs: int, draw: np.random.Generator) -> np.ndarray:
    if nature.tails:
        noise = draw.standard_t(nature.tails, runs) * NOISE / np.sqrt(nature.tails / (nature.tails - 2.0))
    else:
        noise = draw.normal(0.0, NOISE, runs)
    if nature.outliers:
        noise = noise + np.where(
            draw.random(runs) < nature.outliers, np.log1p(draw.uniform(0.1, 0.6, runs)), 0.0
        )
    if nature.own_drift:
        drift = draw.normal(0.0, nature.own_drift, runs)
        for n in range(1, runs):
            drift[n] = 0.7 * drift[n - 1] + np.sqrt(1.0 - 0.7**2) * drift[n]
        noise = noise + drift
    return np.asarray(noise)


def _visit(number: int) -> Visit:
    when = f"2026-01-01T00:{number // 60:02}:{number % 60:02}"
    return Visit(f"run-{number}", "machine", f"{number:040x}", False, when, when, ())


def _series(name: str, reference: bool, visits: tuple[Visit, ...], logs: np.ndarray) -> Series:
    return Series(
        machine="machine",
        workload="made-up",
        implementation=name,
        device="cpu:0",
        axes="",
        axes_by_name={},
        cell=name,
        plugins=(),
        visits=visits,
        logs=tuple(float(log) for log in logs),
        reference=reference,
    )
