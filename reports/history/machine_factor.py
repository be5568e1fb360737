"""What moved a whole machine: a common factor of each run, by the copies that were measured beside the cells.

The noise floor's product is measured in every run: it is the harness's own and does not change with a commit.
Where a run lacks it, the twins of entrants tell, each implementation with one vote, so that no single one's
change passes for the machine; but a twin is its entrant's code once more, and what slows them all would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from likeforlike.reports.history.series import Series
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.statistics.change_points import outliers

LEAST_WITHOUT_COPIES = 5
"""Implementations from which on what moves all cells alike is taken for the machine, where no copies are."""

_SWEEPS = 20

FOLLOWS = 0.5
"""A cell that follows the factor by less, from run to run, is not divided by it: that would add more than it
takes away, since the sum of (d - f)² is above that of d² where the slope of d on f is below a half."""


@dataclass(frozen=True)
class Factor:
    """Of one machine and kind of device."""

    logs: dict[str, float] = field(default_factory=dict)
    """Log of the factor, by visit; empty where nothing tells it."""
    basis: str = ""
    """What tells it, as the end of a sentence."""
    by_copies: bool = False


def family(device: str) -> str:
    """Devices that one factor is for: all CPUs of a machine, each GPU of its own."""
    return "cpu" if not device or device.startswith("cpu") else device


def factors(series: Sequence[Series]) -> dict[tuple[str, str], Factor]:
    """The factor of each machine and family of devices."""
    places = grouped(((item.machine, family(item.device)), item) for item in series)
    return {place: _factor(members) for place, members in places.items()}


def _factor(series: Sequence[Series]) -> Factor:
    visits = {visit.id for item in series for visit in item.visits}
    entrants = [item for item in series if not item.reference]
    every = [item for item in series if item.reference]
    compared = {item.workload for item in entrants}
    unchanging = [item for item in every if item.workload not in compared]  # a twin stands beside its entrant
    for copies in (unchanging, every):
        if visits and visits == {visit.id for item in copies for visit in item.visits}:
            count = len(_votes(copies))
            told = f"{count} cop{'y' if count == 1 else 'ies'} measured beside the cells"
            return Factor(_common(copies), told, True)
    count = len(_votes(entrants))
    if count >= LEAST_WITHOUT_COPIES:
        return Factor(_common(entrants), f"what its {count} implementations have in common")
    return Factor()


def _votes(series: Sequence[Series]) -> dict[tuple[str, str], list[Series]]:
    return grouped(((item.workload, item.implementation), item) for item in series)


def _common(series: Sequence[Series]) -> dict[str, float]:
    """Effects of visits by Tukey's median polish: medians over votes, and over visits, by turns."""
    visits = sorted({visit for item in series for visit in item.visits}, key=lambda visit: visit.order)
    place = {visit.id: n for n, visit in enumerate(visits)}
    table = np.full((len(series), len(visits)), np.nan)
    for number, item in enumerate(series):
        for visit, log in zip(item.visits, item.logs, strict=True):
            table[number, place[visit.id]] = log
    voters = [
        [n for n, item in enumerate(series) if any(item is member for member in members)]
        for members in _votes(series).values()
    ]
    effect = np.zeros(len(visits))
    for _ in range(_SWEEPS):
        base = np.nanmedian(table - effect, axis=1)
        rest = table - base[:, None]
        votes = np.array([_median(rest[rows]) for rows in voters])
        before, effect = effect, _median(votes)
        if np.abs(effect - before).max() < 1e-9:
            break
    effect = effect - np.median(effect)
    return {visit.id: float(effect[n]) for visit, n in ((v, place[v.id]) for v in visits)}


def _median(rows: np.ndarray) -> np.ndarray:
    """Column by column, of what is known; NaN where nothing is."""
    known = ~np.isnan(rows).all(axis=0)
    result = np.full(rows.shape[1], np.nan)
    result[known] = np.nanmedian(rows[:, known], axis=0)
    return result


def adjusted(series: Series, factor: Factor) -> tuple[np.ndarray, bool]:
    """The series' logs without the machine's, and whether that was taken out.

    It is not where no factor is known, where the series is a copy itself, or where it follows the factor by
    less than :data:`FOLLOWS`. Its differences from each run to the next tell, by least squares: a step of
    code is one difference among many, and lone outliers are left out.
    """
    logs = np.array(series.logs)
    if not factor.logs or series.reference:
        return logs, False
    moves = np.array([factor.logs[visit.id] for visit in series.visits])
    set_aside = outliers(logs - moves)
    kept = [n for n in range(logs.size) if n not in set_aside]
    own, theirs = np.diff(logs[kept]), np.diff(moves[kept])
    if float(own @ theirs) < FOLLOWS * float(theirs @ theirs):
        return logs, False
    return logs - moves, True
