"""Runs without a process: the real groups, stopping rules and progress on a clock that hands move by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.measure.levelling import Levelling
from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.expectations import Expectation
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.run.screen.time_left import TimeLeft, launches_to_come
from likeforlike.bench.run.screen.watched_hand import WatchedHand
from likeforlike.bench.worker.messages import (
    Answer,
    CellSpec,
    Finish,
    Finished,
    Go,
    Load,
    Loaded,
    Order,
    Prepare,
    Ready,
    Sample,
    Sustain,
    Sustained,
)
from likeforlike.bench.worker.outcomes import MEASURED, CellFailed

SPEC = CellSpec(
    "cell", "m:a", "w", "numpy", {}, "cpu:0", 1, "float32", "synchronised", False, False, True, False, "t:f"
)


IMPORTS = {"numpy": 0.25, "torch": 2.0, "jax": 0.8, "tensorflow": 3.3}
"""Seconds of processor time on an EPYC."""


@dataclass(frozen=True)
class Durations:
    """What a cell's parts really take, in seconds."""

    start: float
    prepare: float
    unit: float
    compile: float
    finish: float
    fails_at: str = ""
    """``Prepare``, ``Go 3`` and the like: where it fails."""


def plausible(
    cells: Sequence[tuple[Cell, Expectation]], seed: int, alike: float = 0.2
) -> dict[str, Durations]:
    """Made-up durations: a machine from half to twice as fast as an ordinary one, each kind of part and
    each implementation different again by about ``alike``, as a share."""
    draw = random.Random(seed)
    machine = 2 ** draw.uniform(-1, 1)
    factors: dict[tuple[str, ...], float] = {}

    def factor(*what: str) -> float:
        return (
            machine
            * factors.setdefault(what[:1], draw.lognormvariate(0, alike))
            * factors.setdefault(what, draw.lognormvariate(0, alike))
        )

    made = {}
    for cell, expected in cells:
        name, unit = cell.entry.name, expected.unit_seconds * factor("unit", cell.workload, cell.entry.name)
        calls = 0.0 if cell.recipe else 3 * unit + max(unit, min(1.0, 15 * unit))
        made[cell.id] = Durations(
            IMPORTS[expected.framework] * factor("start", expected.framework),
            expected.set_up_seconds * factor("prepare", name) + calls,
            unit,
            expected.compile_seconds * factor("compile", name),
            0.1 + expected.proof_seconds / 2 * factor("proof", name) if cell.recipe else 2 * unit,
        )
    return made


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class MadeUpHand:
    """A worker whose answers take as long as they were made up to."""

    clock: Clock
    cell: Cell
    takes: Durations
    loaded_at: float
    draw: random.Random
    samples: int = 0
    pending: Order | None = None
    pids: tuple[int, ...] = ()

    def order(self, message: Order) -> None:
        self.pending = message

    def answer(self, timeout_seconds: float) -> Answer:
        what = type(self.pending).__name__ + (f" {self.samples}" if isinstance(self.pending, Go) else "")
        if what == self.takes.fails_at:
            self.clock.now += 0.1
            raise CellFailed("crashed", "as made up")
        match self.pending:
            case Load():
                self.clock.now = max(self.clock.now, self.loaded_at)
                return Loaded()
            case Prepare():
                self.clock.now += self.takes.prepare
                return Ready(0.1, 0.1, 0.0, 1.0, 5, {})
            case Sustain(seconds=seconds):
                self.clock.now += seconds
                return Sustained(1)
            case Go():
                return self._sample()
            case Finish():
                self.clock.now += self.takes.finish
                return Finished({})
        raise AssertionError(self.pending)

    def _sample(self) -> Sample:
        seconds = self.takes.unit * self.draw.lognormvariate(0, 0.1)
        self.samples += 1
        if self.cell.recipe is None:
            self.clock.now += max(0.02, seconds) + seconds + 0.003
            return Sample(seconds)
        if self.samples == 1:
            seconds += self.takes.compile
        self.clock.now += seconds
        epoch = {"epoch": self.samples, "train_seconds": seconds, "loss": 1.0, "val_accuracy": 0.5}
        return Sample(seconds, epoch)

    def freeze(self) -> None:
        pass

    def kill(self) -> None:
        pass


class NobodyDisturbs:
    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        pass

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        return []

    def needs_load(self, cell: Cell) -> bool:
        return False

    def loaded(self, cell: Cell, calls: int) -> None:
        pass

    def pace(self, cell: Cell) -> None:
        pass

    def waited_seconds(self, cell: Cell) -> None:
        pass


@dataclass
class Recorder:
    """Stands in for the progress: what it would be told, and when."""

    clock: Clock
    told: list[tuple[float, str, tuple[Any, ...]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *what: self.told.append((self.clock.now, name, what))


@dataclass
class MadeUpRun:
    """A run of these cells, group after group, or those of several devices beside each other."""

    cells: Sequence[tuple[Cell, Expectation]]
    durations: Mapping[str, Durations]
    limits: Limits
    seed: int = 1
    launches: int = 1
    """Of each group of kernels."""
    sustained_seconds: float = 0.0
    """For how long a launch is expected to load its device beforehand; 0: not at all."""
    levels_after: float = 0.0
    """After how long it is level; 0: it takes as long as is asked."""
    _failed: set[str] = field(default_factory=set)

    def happenings(self) -> list[tuple[float, str, tuple[Any, ...]]]:
        """All that the progress is told, in order of time, in seconds since the run began."""
        told, now = [], 0.0
        due = [(launch, beside) for launch in range(self.launches) for beside in self._side_by_side()]
        for launch, beside in due:
            fit = [[cell for cell in cells if self._is_due(cell, launch)] for cells in beside]
            lanes = [self._measure(cells, now, launch) for cells in fit if cells]
            if not lanes:
                continue
            told += sorted((event for lane in lanes for event in lane), key=lambda event: event[0])
            now = told[-1][0]
        return told

    def _side_by_side(self) -> list[list[list[Cell]]]:
        groups = [[c for c, _ in self.cells if c.group == name] for name in self._names()]
        lanes: dict[str, list[list[Cell]]] = {}
        for group in groups:
            if group[0].concurrent:
                lanes.setdefault(group[0].device, []).append(group)
        alone = [[group] for group in groups if not group[0].concurrent]
        return alone + [[group for group in beside if group] for beside in zip_longest(*lanes.values())]

    def _is_due(self, cell: Cell, launch: int) -> bool:
        return cell.id not in self._failed and (launch == 0 or cell.recipe is None)

    def _names(self) -> list[str]:
        return list(dict.fromkeys(cell.group for cell, _ in self.cells))

    def _measure(
        self, cells: list[Cell], now: float, launch: int
    ) -> list[tuple[float, str, tuple[Any, ...]]]:
        clock, draw = Clock(now), random.Random(f"{self.seed} {cells[0].group} {launch}")
        last = launch == self.launches - 1 or cells[0].recipe is not None
        progress: Any = Recorder(clock)
        progress.begun(cells)
        loaded_at = now + self._start_seconds(cells)
        turns = []
        for cell in cells:
            hand = MadeUpHand(clock, cell, self.durations[cell.id], loaded_at, draw)
            turns.append(Turn(cell, SPEC, WatchedHand(hand, cell, progress), 1e9))

        def ended(turn: Turn) -> None:
            outcome = MEASURED if turn.failure is None else turn.failure.outcome
            record = CellRecord(turn.cell.id, outcome, seconds=[sample.seconds for sample in turn.samples])
            if turn.failure is not None:
                self._failed.add(turn.cell.id)
            (progress.ended if last or turn.failure is not None else progress.launched)(turn.cell, record)

        seconds = self.levels_after or self.sustained_seconds
        levelling = Levelling(seconds) if seconds else None
        Group(turns, self.limits, draw, NobodyDisturbs(), ended, 0, clock, levelling=levelling).measure()
        clock.now += 0.05
        progress.group_ended(cells)
        return progress.told

    def _start_seconds(self, cells: Sequence[Cell]) -> float:
        """Imports of new processes on two cores."""
        each = [self.durations[cell.id].start for cell in cells]
        return max([*each, sum(each) / 2, 0.002])


def announced(
    run: MadeUpRun, known: Sequence[tuple[Cell, Expectation, CellRecord]] = ()
) -> list[tuple[float, float]]:
    """Seconds left, announced and true, some hundred times in the run.

    ``known``: what an earlier session of the run has measured.
    """
    launches = {cell.id: launches_to_come(cell, run.launches) for cell, _ in run.cells}
    time_left = TimeLeft(run.cells, launches, run.limits, 2, sustain_seconds=run.sustained_seconds)
    for cell, expected, record in known:
        time_left.remember(cell, expected, record)
    clock = Clock()
    progress = Progress(lambda text: None, None, clock)
    progress.plan([cell for cell, _ in run.cells], time_left, run.launches)
    told = run.happenings()
    end = told[-1][0]
    pairs = []
    for now, name, what in told:
        clock.now = now
        getattr(progress, name)(*what)
        if not pairs or pairs[-1][1] - (end - now) > end / 300:
            pairs.append((time_left.seconds(now), end - now))
    return pairs
