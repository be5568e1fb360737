"""Machines of one kind: how far they lie apart, and which one is odd.

Machines are of one kind when their fingerprints are the same; a host name tells two of them apart. Nothing
is paired between them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped
from likeforlike.reports.sort.measured.study import Study

LEAST_UNITS = 3
"""Of two nobody can say which is odd."""
ODD_DEVIATIONS = 3.5
"""Modified z-score from which a value is an outlier (Iglewicz and Hoaglin 1993, section 3.3)."""
TO_NORMAL = 1.4826
"""Median absolute deviation to standard deviation, as ``scipy.stats`` has it, whose import takes a second."""
ODD_SHARE = 0.05
"""A machine nearer than this to its kind is never called odd, however alike the others are."""


@dataclass(frozen=True)
class Unit:
    """One machine of a kind, or one of its runs where all were on the same machine."""

    name: str
    ratio: float
    """Geometric mean, over cells, of its time over the median of its kind."""
    cells: int
    odd: bool = False


@dataclass(frozen=True)
class KindSpread:
    """The machines of one kind on one device at one workload, fastest first."""

    machine: Machine
    device: str
    workload: str
    file: str
    """Whose, where several files of the kind stand side by side."""
    units: tuple[Unit, ...]
    repetitions: bool
    """Whether the units are runs on one machine, not machines."""

    @property
    def odd(self) -> list[Unit]:
        """Those that lie apart from the others."""
        return [unit for unit in self.units if unit.odd]


def kind_spreads(study: Study) -> list[KindSpread]:
    """Every kind with at least two machines or runs that share a cell."""
    spreads = []
    nodes = grouped((file.machine.id, file.node) for file in study.files)
    measured = grouped((item.machine.id, item) for item in study.measurements)
    for machine in study.machines:
        repetitions = len(set(nodes[machine.id])) < 2
        mine = measured.get(machine.id, [])
        places = grouped(((item.key.device, item.key.workload, item.key.apart), item) for item in mine)
        for (device, workload, file), items in places.items():
            units = tuple(_marked(_units(items, repetitions)))
            if len(units) > 1:
                spreads.append(KindSpread(machine, device, workload, file, units, repetitions))
    return spreads


def _units(measured: Iterable[Measurement], repetitions: bool) -> list[Unit]:
    """Ratios of each unit to its kind's median, cell by cell, then their geometric mean."""
    logs: dict[str, list[float]] = {}
    for item in measured:
        if item.refuted or item.kind == NOISE_FLOOR:
            continue
        runs = grouped((_unit_name(run, repetitions), run) for run in item.runs)
        medians = {name: _median_seconds(mine) for name, mine in runs.items()}
        medians = {name: median for name, median in medians.items() if median > 0}
        if len(medians) < 2:
            continue
        middle = statistics.median(medians.values())
        for name, median in medians.items():
            logs.setdefault(name, []).append(math.log(median / middle))
    return [Unit(name, math.exp(statistics.fmean(values)), len(values)) for name, values in logs.items()]


def _unit_name(run: Run, repetitions: bool) -> str:
    return run.file.path if repetitions else run.file.node or run.file.path


def _median_seconds(runs: list[Run]) -> float:
    samples = [sample for run in runs for sample in run.quiet_samples or run.cell.samples]
    return statistics.median(samples or [run.cell.median_seconds for run in runs])


def _marked(units: list[Unit]) -> list[Unit]:
    """The units, fastest first, with those marked that lie apart."""
    units = sorted(units, key=lambda unit: unit.ratio)
    if len(units) < LEAST_UNITS:
        return units
    logs = np.log([unit.ratio for unit in units])
    middle = float(np.median(logs))
    deviation = TO_NORMAL * float(np.median(np.abs(logs - middle)))
    limit = max(math.log1p(ODD_SHARE), ODD_DEVIATIONS * deviation)
    return [replace(unit, odd=abs(log - middle) > limit) for unit, log in zip(units, logs, strict=True)]
