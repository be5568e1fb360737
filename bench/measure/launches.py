"""Launches: sets of fresh processes in which a group is measured; what is drawn for each; when enough.

The unit of replication: every process has an effect of its own, which no number of rounds averages away.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from likeforlike.bench.measure.stopping import Limits
from likeforlike.models.functions.exchange import LAUNCH_VARIABLE
from likeforlike.reports.statistics.launches import (
    ROUNDS_A_SESSION,
    Unit,
    entrants_variances,
    over_launches,
    pairs_variances,
    unit_of,
)
from likeforlike.reports.statistics.moderated_variance import Spread, pooled_spread

_MOST_PARTS = 3
"""A launch has one of so many parts of a cell's rounds and time at least: to start it takes seconds.

Three rounds, which each of ten launches once had, are too few: one burst makes two of them slow.
"""
_MOST_PADDING_BYTES = 4096
"""A page: the environment's size moves the stack within it (Mytkowicz, Diwan, Hauswirth and Sweeney 2009)."""
_ROUNDS_A_LAUNCH = 1_000_000
ROUNDS_A_PART = 10_000
"""A launch's parts, the pairs of a group that can't be resident together, have so many numbers each."""

_Launch = Mapping[str, Mapping[int, float]]
"""By cell its samples by round, further pairs' among them."""


@dataclass(frozen=True)
class Start:
    """What is drawn for one process of one launch: nobody's merit, and so never twice the same."""

    launch: int
    position: int
    """Its place in the order in which the processes of the launch were started, from 0."""
    environment_bytes: int
    """By how much its environment is larger than it need be."""
    hash_seed: int | None
    """Python's, for the order of sets; None where the environment of the run fixes it."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make it so."""
        own = {LAUNCH_VARIABLE: str(self.launch), "LIKEFORLIKE_PADDING": "x" * self.environment_bytes}
        return own if self.hash_seed is None else {**own, "PYTHONHASHSEED": str(self.hash_seed)}


def draw_starts(
    cells: Sequence[str], launch: int, draw: random.Random, fixed_hash_seed: bool = False
) -> dict[str, Start]:
    """What is drawn for each of the cells, in the order in which their processes are to be started."""
    order = list(cells)
    draw.shuffle(order)
    return {
        cell: Start(
            launch,
            position,
            draw.randrange(_MOST_PADDING_BYTES),
            None if fixed_hash_seed else draw.randrange(1, 2**32),
        )
        for position, cell in enumerate(order)
    }


def first_round(launch: int, session: int, part: int = 0) -> int:
    """The number of the first round: neither sessions nor launches nor parts of a group share one."""
    return session * ROUNDS_A_SESSION + launch * _ROUNDS_A_LAUNCH + part * ROUNDS_A_PART


def parts(launches: int) -> int:
    """Into how many parts a cell's rounds and time are divided, where it has so many launches."""
    return min(launches, _MOST_PARTS)


def limits_of_a_launch(whole: Limits, launches: int, spread: float | None = None) -> Limits:
    """Of a group's rounds and time what one launch has, where there are so many: a third at least.

    ``spread``: standard deviation of the logarithm of a ratio between launches, if known; within a launch
    nobody need be more precise than that.
    """
    if launches == 1:
        return whole
    precision = whole.precision if whole.precision is None else max(whole.precision, spread or 0.0)
    shares = parts(launches)
    rounds = math.ceil(whole.min_rounds / shares)
    return replace(whole, min_rounds=rounds, max_seconds=whole.max_seconds / shares, precision=precision)


@dataclass(frozen=True)
class Enough:
    """Why no further launch follows."""

    reason: str
    """precision, or launches: as many as asked. Of a campaign that is told to end also time, or alone: one is
    left, with nothing to hold it against."""
    launches: int
    half_width: float | None
    """Of the widest interval of a ratio to the partner, relative; None of one launch."""


def enough(
    seconds: Sequence[_Launch],
    least: int,
    most: int,
    precision: float | None,
    confidence: float,
) -> Enough | None:
    """Whether these launches are enough; None if another is to follow.

    ``seconds``: of each launch, by cell, its samples by round. Each cell is held against the first one that
    it took turns with: the group's first, or the other of its pair.
    """
    count = len(seconds)
    if count < least:
        return None
    shown = _Shown.of(seconds)
    width = None
    if shown.freedom:  # as reports judge it
        estimates = [over_launches(units, shown.spread, confidence) for units in shown.ratios]
        width = math.expm1(max(math.log(found.high / found.low) / 2.0 for found in estimates))
    if precision is not None and width is not None and width <= precision:
        return Enough("precision", count, width)
    return Enough("launches", count, width) if count >= most or precision is None else None


def spread_between(seconds: Sequence[_Launch]) -> tuple[float, int]:
    """Standard deviation between launches of the logarithm of a ratio, without what their rounds add to it.

    Were that not taken off, the fewer rounds a launch has the fewer would be thought enough. The median of
    the entrants', so that a burst in one launch of one doesn't count; with its degrees of freedom, 0 of one
    launch. Of a group of one that of the logarithm of its median.
    """
    shown = _Shown.of(seconds)
    if not shown.freedom:
        return 0.0, 0
    within = statistics.median(
        statistics.fmean(unit.squared_error for unit in units) for units in shown.ratios
    )
    return math.sqrt(max(statistics.median(shown.variances) - within, 0.0)), shown.freedom


@dataclass(frozen=True)
class _Shown:
    """What a group's launches show of how far they differ."""

    ratios: list[list[Unit]]
    """Of each entrant to its partner, launch by launch; of a group of one its own times."""
    variances: list[float]
    freedom: int
    """0 of one launch."""
    spread: Spread | None

    @staticmethod
    def of(seconds: Sequence[_Launch]) -> _Shown:
        """Over what all launches have that have any."""
        if all(len(cells) < 2 for cells in seconds):
            return _Shown._of_one(seconds)
        launches = [cells for cells in seconds if any(_shared(cells, *two) for two in combinations(cells, 2))]
        partners = _partners(launches)
        ratios = [[_ratio(cells, *two) for cells in launches] for two in partners.items()]
        if not ratios:
            return _Shown._by([])
        logs = np.array([[unit.log for unit in units] for units in ratios]).T
        if _in_pairs(launches, partners):
            return _Shown._by(ratios, *pairs_variances(logs))
        return _Shown._by(ratios, *entrants_variances(np.column_stack([np.zeros(len(launches)), logs])))

    @staticmethod
    def _of_one(seconds: Sequence[_Launch]) -> _Shown:
        times = [[time for own in cells.values() for time in own.values() if time > 0] for cells in seconds]
        units = [unit_of(np.log(positive)) for positive in times if positive]
        if len(units) < 2:
            return _Shown._by([units])
        variance, freedom = float(np.var([unit.log for unit in units], ddof=1)), len(units) - 1.0
        return _Shown._by([units], [variance], [freedom], freedom)

    @staticmethod
    def _by(
        ratios: list[list[Unit]],
        variances: Sequence[float] = (),
        freedoms: Sequence[float] = (),
        most: float = 0.0,
    ) -> _Shown:
        spread = pooled_spread(variances, freedoms, most) if variances else None
        return _Shown(ratios, list(variances), int(most), spread)


def _partners(launches: Sequence[_Launch]) -> dict[str, str]:
    """Of each cell the first one before it with which it has rounds in common in all launches.

    A group that went in pairs in some of its launches is held against these pairs in the others, too.
    """
    names = list(launches[0]) if launches else []
    found = {}
    for number, name in enumerate(names):
        known = (other for other in names[:number] if all(_shared(cells, name, other) for cells in launches))
        partner = next(known, None)
        if partner is not None:
            found[name] = partner
    return found


def _in_pairs(launches: Sequence[_Launch], partners: Mapping[str, str]) -> bool:
    """Whether in any launch two cells and their partners took turns at different times."""
    pairs = list(partners.items())
    rounds = ([cells[name].keys() & cells[other].keys() for name, other in pairs] for cells in launches)
    return any(not frozenset.intersection(*map(frozenset, common)) for common in rounds)


def _shared(cells: _Launch, name: str, partner: str) -> list[int]:
    """Rounds in which both have a time."""
    theirs = cells.get(partner, {})
    return [n for n, mine in cells.get(name, {}).items() if mine > 0 and theirs.get(n, 0) > 0]


def _ratio(cells: _Launch, name: str, partner: str) -> Unit:
    mine, theirs = cells[name], cells[partner]
    return unit_of(np.array([math.log(mine[n] / theirs[n]) for n in _shared(cells, name, partner)]))
