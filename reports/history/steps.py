"""Where each cell stepped, judged over all cells together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise

import numpy as np

from likeforlike.reports.history.machine_factor import Factor, adjusted, factors, family
from likeforlike.reports.history.series import History, Series, Visit
from likeforlike.reports.history.shared_noise import inflations, shared_spread
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.statistics.change_points import LEVEL, Rule, Segmented, Step, find_steps, noise_of
from likeforlike.reports.statistics.moderated_variance import Spread
from likeforlike.reports.statistics.verdicts import THRESHOLD

RULE = Rule(threshold=math.log1p(THRESHOLD))
"""Steps of less than the report's own threshold are none."""

NEAR_RUNS = 4
"""Runs at either side of a step by which it is told whether the machine moved there."""

MACHINES_SHARE = 0.5
"""A step of which the machine's own move there could make up more than this share is not sure."""


@dataclass(frozen=True)
class Marked:
    """One series, judged."""

    series: Series
    logs: tuple[float, ...]
    """What was judged: without the machine's factor where ``adjusted``."""
    adjusted: bool
    factor: Factor
    found: Segmented

    def commits(self, step: Step) -> tuple[Visit, Visit]:
        """The last visit that is surely before a step, and the first that is surely after it."""
        return self.series.visits[step.earliest - 1], self.series.visits[step.latest]

    def machine_moved(self, step: Step) -> float:
        """Log by which the machine's factor differs from before a step to after it; 0 if unknown."""
        if not self.factor.logs:
            return 0.0
        moves = self._moves()
        before, after = self._parts(step)
        return float(np.mean(moves[after]) - np.mean(moves[before]))

    def sure(self, step: Step) -> bool:
        """Whether the cell itself moved, and not only its machine.

        Not sure is a cell divided by the factor where that moved there, the other way, by much of the step,
        unless the cell is seen to follow it elsewhere; nor one not divided where it moved the same way.
        """
        if not self.factor.logs:
            return True
        moves = self._moves()
        before, after = self._parts(step)
        near_before = moves[max(before.start, before.stop - NEAR_RUNS) : before.stop]
        near_after = moves[after.start : min(after.stop, after.start + NEAR_RUNS)]
        moved = float(near_after.mean() - near_before.mean())
        would_show = -moved if self.adjusted else moved
        in_doubt = would_show * step.log_ratio > 0.0 and abs(moved) > MACHINES_SHARE * abs(step.log_ratio)
        return not in_doubt or (self.adjusted and self._follows())

    def _follows(self) -> bool:
        """Whether its times as measured surely go with the factor between steps, by more than half."""
        bounds = [0, *(step.position for step in self.found.steps), len(self.logs)]
        kept = [[n for n in range(a, b) if n not in self.found.outliers] for a, b in pairwise(bounds)]
        measured, moves = np.array(self.series.logs), self._moves()
        own = np.concatenate([measured[part] - measured[part].mean() for part in kept if part])
        theirs = np.concatenate([moves[part] - moves[part].mean() for part in kept if part])
        square, freedom = float((theirs**2).sum()), own.size - len(kept) - 1
        if square <= 0.0 or freedom < 1:
            return False
        slope = float((own * theirs).sum()) / square
        error = math.sqrt(float(((own - slope * theirs) ** 2).sum()) / freedom / square)
        return slope - 2.0 * error > MACHINES_SHARE

    def _moves(self) -> np.ndarray:
        return np.array([self.factor.logs[visit.id] for visit in self.series.visits])

    def runs(self, step: Step) -> tuple[int, int]:
        """How many runs stand before and after a step, up to its neighbours."""
        before, after = self._parts(step)
        return before.stop - before.start, after.stop - after.start

    def _parts(self, step: Step) -> tuple[slice, slice]:
        bounds = [0, *(s.position for s in self.found.steps), len(self.logs)]
        n = bounds.index(step.position, 1)
        return slice(bounds[n - 1], bounds[n]), slice(bounds[n], bounds[n + 1])


@dataclass(frozen=True)
class MachineMoves:
    """The common factor of a machine's devices of one family, and where that stepped."""

    machine: str
    family: str
    factor: Factor
    found: Segmented
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Judged:
    """The history with its steps."""

    history: History
    cells: tuple[Marked, ...]
    """All but the copies."""
    machines: tuple[MachineMoves, ...]


def judge(
    history: History,
    only: Sequence[str] = (),
    rule: Rule = RULE,
    adjust: bool = True,
    many: bool = True,
) -> Judged:
    """Find the steps of all cells, or of those whose name or id fits a pattern in ``only``.

    Of ``many`` cells, what would be found by chance is taken back.

    Each cell's least p-value is adjusted for the number of cells (Holm); a step must be as sure as the least
    sure cell that is left.
    """
    wanted = [item for item in history.series if not item.reference and _is_wanted(item, only)]
    if not wanted:
        raise ValueError(_none_wanted(history, only))
    prepared = _prepared(wanted, adjust, history.series)
    cells = [item.marked(rule) for item in prepared]
    level = family_level([cell.found.least_p_value for cell in cells], rule.level)
    if many and level < rule.level:
        cells = [item.marked(replace(rule, level=level)) for item in prepared]
    known = factors(history.series) if adjust else {}
    return Judged(history, tuple(cells), tuple(_machines(history, known, rule)))


def _is_wanted(item: Series, only: Sequence[str]) -> bool:
    return not only or any(fnmatchcase(name, pattern) for pattern in only for name in (item.name, item.cell))


def _none_wanted(history: History, only: Sequence[str]) -> str:
    names = [item.name for item in history.series if not item.reference]
    if not names:
        told = "no cell but the machine's own" if history.series else "no figure that counts"
        return "; ".join([f"the history holds {told}", *history.remarks])
    return f"--only {' '.join(only)}: fits no cell; known are {', '.join(names[:4])}"


def family_level(p_values: Sequence[float], level: float = LEVEL) -> float:
    """The largest p-value that stands where any false one among these tests is as rare as ``level`` (Holm).

    Not the false discovery rate: of the steps of a report, a few false ones among many would be allowed.
    """
    accepted = 0.0
    for passed, p_value in enumerate(sorted(p_values)):
        if p_value * (len(p_values) - passed) > level:
            break
        accepted = p_value
    return accepted


def _prepared(series: Sequence[Series], adjust: bool, every: Sequence[Series]) -> list[_Prepared]:
    """Each series without its machine's factor, and what cells of its machine and device show of noise."""
    known = factors(every) if adjust else {}
    result = []
    for place, members in grouped(((item.machine, family(item.device)), item) for item in series).items():
        factor = known.get(place, Factor())
        taken = [adjusted(item, factor) for item in members]
        noises = [
            noise_of(logs, item.first_of_commit) for (logs, _), item in zip(taken, members, strict=True)
        ]
        inflated = inflations(noises)
        spread = shared_spread(noises, inflated)
        result += [
            _Prepared(item, logs, made, factor, more, spread)
            for item, (logs, made), more in zip(members, taken, inflated, strict=True)
        ]
    return result


@dataclass(frozen=True)
class _Prepared:
    """A series, ready to be judged."""

    series: Series
    logs: np.ndarray
    adjusted: bool
    factor: Factor
    inflation: float
    spread: Spread | None

    def marked(self, rule: Rule) -> Marked:
        spread = self.spread if rule.borrows else None
        found = find_steps(self.logs, rule, self.series.first_of_commit, self.inflation, spread)
        logs = tuple(float(log) for log in self.logs)
        return Marked(self.series, logs, self.adjusted, self.factor, found)


def _machines(
    history: History, known: Mapping[tuple[str, str], Factor], rule: Rule
) -> Iterable[MachineMoves]:
    for (machine, kind), factor in known.items():
        if not factor.logs:
            continue
        visits = {v.id: v for item in history.series if item.machine == machine for v in item.visits}
        ordered = sorted((visits[name] for name in factor.logs), key=lambda visit: visit.order)
        found = find_steps([factor.logs[visit.id] for visit in ordered], rule)
        yield MachineMoves(machine, kind, factor, found, tuple(ordered))
