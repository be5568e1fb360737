"""What a study's launches and twins show: how far launches differ, and how far copies of one thing do."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.sort.beside_time.units import Place, by_run, groups_in_turns, ratio_units, time_units
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.statistics.launches import (
    ASSUMED_FREEDOM,
    ASSUMED_RUN_SPREAD,
    ASSUMED_SPREAD,
    TELLING_FREEDOM,
    Unit,
    entrants_variances,
    pairs_variances,
)
from likeforlike.reports.statistics.moderated_variance import Spread, pooled_spread, times_larger
from likeforlike.reports.statistics.quantiles import mean_unit

Where = tuple[str, str, str]
"""Machine id, device and workload."""

LEAST_CELLS = 6
"""Of two runs, from which on they show what runs differ by."""


@dataclass(frozen=True)
class Copies:
    """A twin and what it is a copy of."""

    original: Measurement
    twin: Measurement
    ratio: float
    """Of the twin's time to the original's: median over launches of the median over rounds."""
    launches: int
    pairs: int


class Grounds:
    """How sure one may be on each machine, device and workload of a study."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._ratios: dict[tuple[str, ...], Spread | None] = {}
        self._times: dict[Where, Spread | None] = {}

    def ratio_spread(self, item: Measurement) -> Spread | None:
        """Between launches, of ratios of what took turns; None where nothing was launched twice.

        Of its own group where that has entrants and launches enough: small sizes scatter more than large.
        """
        return self._near(item, "launches")

    def ratio_run_spread(self, item: Measurement) -> Spread | None:
        """The same between runs, of the means of their launches; None where there are no two runs."""
        return self._near(item, "runs")

    def _near(self, item: Measurement, of: str) -> Spread | None:
        where = (of, *_where(item))
        groups = self._groups.get(_where(item), ())
        for number, members in enumerate(groups):
            if any(member.key == item.key for member in members):
                own = self._spread_of((*where, str(number)), [members])
                if own is not None and own.most >= TELLING_FREEDOM:
                    return own
        return self._spread_of(where, groups)

    def _spread_of(self, name: tuple[str, ...], groups: Sequence[Sequence[Measurement]]) -> Spread | None:
        if name not in self._ratios:
            self._ratios[name] = _ratio_spread(groups, of_runs=name[0] == "runs")
        return self._ratios[name]

    def time_spread(self, item: Measurement) -> Spread | None:
        """Between launches, of times as they are; None where nothing was launched twice."""
        where = _where(item)
        if where not in self._times:
            self._times[where] = _time_spread(self._groups.get(where, ()))
        return self._times[where]

    def one_launch_spread(self, item: Measurement) -> Spread:
        """Of ratios, for what was launched once: as other cells there show it, else assumed."""
        known = self.ratio_spread(item)
        if known is not None:
            return known
        return Spread(ASSUMED_SPREAD[kind_of(item)] ** 2, ASSUMED_FREEDOM, assumed=True)

    def copies(self, machine: Machine, device: str, workload: str) -> Sequence[Copies]:
        """The twin pairs measured there."""
        return self._copies.get((machine.id, device, workload), ())

    def noise(self, item: Measurement) -> tuple[float, float] | None:
        """Between which ratios copies of one thing lie on that device and workload.

        By the twins measured there; without any, by the A/A interval that the machine's files tell. None
        where neither was measured.
        """
        found = self._copies.get(_where(item), ())
        if not found:
            return self.study.noise(item.machine)
        ratios = [copies.ratio for copies in found]
        return min(1.0, *ratios), max(1.0, *ratios)

    @cached_property
    def _groups(self) -> dict[Where, list[list[Measurement]]]:
        """What took turns, launched at least twice, by place; trainings with whole epochs where told."""
        every = (*self.study.measurements, *self.study.twins)
        launched = [item for item in every if item.launches > 1 and item.samples and not item.refuted]
        return {
            where: [on_one_basis(members) for members in groups_in_turns(items)]
            for where, items in grouped((_where(item), item) for item in launched).items()
        }

    @cached_property
    def _copies(self) -> dict[Where, list[Copies]]:
        originals = {(i.machine.id, i.key): i for i in self.study.measurements} if self.study.twins else {}
        found = []
        for twin in self.study.twins:
            key = type(twin.key)(twin.key.workload, str(twin.extra.twin_of), twin.key.device, twin.key.axes)
            original = originals.get((twin.machine.id, key))
            units = ratio_units(original, twin).values() if original is not None else ()
            if original is not None and units and not (twin.refuted or original.refuted):
                pairs = sum(unit.rounds for unit in units)
                # not their mean: a burst in one launch would be taken for what copies differ by
                ratio = math.exp(statistics.median(unit.log for unit in units))
                found.append((_where(twin), Copies(original, twin, ratio, len(units), pairs)))
        return grouped(found)


def run_spread(item: Measurement) -> Spread:
    """Of a time between runs of the harness at different times, as assumed."""
    return Spread(ASSUMED_RUN_SPREAD[kind_of(item)] ** 2, ASSUMED_FREEDOM, assumed=True)


def runs_shown(items: Sequence[Measurement], logs: Sequence[float]) -> Spread | None:
    """The same as the cells of two runs show it, drawn towards what is assumed, and never more than that.

    ``logs``: of each cell's ratio. Most cells of two runs are of the same code: how far these lie from 1 is
    what runs differ by, with what launches add. Where all became slower nothing is learnt. None of fewer
    cells than ``LEAST_CELLS``.
    """
    if len(logs) < LEAST_CELLS:
        return None
    assumed = run_spread(items[0])
    of_a_ratio = (1.4826 * float(np.median(np.abs(logs)))) ** 2
    freedom = ASSUMED_FREEDOM + len(logs)
    shown = (ASSUMED_FREEDOM * assumed.variance + len(logs) * of_a_ratio / 2.0) / freedom
    return Spread(shown, freedom) if shown < assumed.variance else None


def _where(item: Measurement) -> Where:
    return item.machine.id, item.key.device, item.key.workload


def kind_of(item: Measurement) -> str:
    """``kernels`` or ``trainings``."""
    return "kernels" if item.extra.recipe is None else "trainings"


def _ratio_spread(groups: Iterable[Sequence[Measurement]], of_runs: bool) -> Spread | None:
    variances, freedoms, told, most = [], [], [], 0.0
    for items in groups:
        in_pairs = any(run.cell.extra.beside for item in items for run in item.runs)
        found = _in_pairs(items) if in_pairs else [ratio_units(items[0], item) for item in items]
        if of_runs:
            found = [_means_by_run(items[0], units) for units in found]
        shared = [place for place in found[0] if all(place in units for units in found)]
        if len(found) > 1 and len(shared) > 1:
            figures = np.array([[units[place].log for units in found] for place in shared])
            rounds = np.array([np.mean([units[place].rounds for units in found]) for place in shared])
            weights = rounds / rounds.mean()
            if in_pairs:
                own = pairs_variances(figures[:, 1:], weights)
            else:
                own = entrants_variances(figures, weights)
            variances += own[0]
            freedoms += own[1]
            most += own[2]
            told += _told_by_rounds(found, shared)[-len(own[0]) :]
    spread = pooled_spread(variances, freedoms, most)
    # where bursts took a third of the rounds their median's interval is wide, however near medians lie
    return spread and replace(spread, overstated=max(1.0, times_larger(told, variances, freedoms)))


def _means_by_run(item: Measurement, units: Mapping[Place, Unit]) -> dict[Place, Unit]:
    return {(run,): mean_unit(launches) for run, launches in by_run(item, units).items()}


def _in_pairs(items: Sequence[Measurement]) -> list[dict[Place, Unit]]:
    """Log-ratios of a group that couldn't be resident together, of each to the one that it took turns with.

    That is the first, and the original of a copy or of what stands on a further side. The first one's own, 0,
    come before them; who took turns with none is left out.
    """
    found = [ratio_units(items[0], items[0])]
    for number, item in enumerate(items[1:], 1):
        found.append(max((ratio_units(other, item) for other in items[:number]), key=len))
    return [units for units in found if units]


def _told_by_rounds(found: Sequence[Mapping[Place, Unit]], shared: Sequence[Place]) -> list[float]:
    """Of each entrant the mean squared error of a launch, by its rounds; of the base that of the others."""
    others = [float(np.mean([units[place].squared_error for place in shared])) for units in found[1:]]
    return [float(np.mean(others)), *others]


def _time_spread(groups: Iterable[Sequence[Measurement]]) -> Spread | None:
    """One variance a group, its entrants' mean: what they have in common is one draw of the machine."""
    variances, freedoms = [], []
    for items in groups:
        found = [_time_variance(item) for item in items]
        known = [part for part in found if part is not None]
        if known:
            variances.append(float(np.mean([variance for variance, _ in known])))
            freedoms.append(min(freedom for _, freedom in known))
    return pooled_spread(variances, freedoms)


def _time_variance(item: Measurement) -> tuple[float, float] | None:
    runs = [[unit.log for unit in run] for run in time_units(item).values()]
    freedom = sum(len(run) - 1 for run in runs)
    if not freedom:
        return None
    return float(sum(np.var(run) * len(run) for run in runs)) / freedom, float(freedom)
