"""Rounds: the cells of a comparison group take turns, one at a time, all others frozen."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from likeforlike.bench.measure.floors import far_from_the_fastest
from likeforlike.bench.measure.stopping import GroupStopping, Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import (
    Answer,
    CellSpec,
    Failed,
    Finish,
    Finished,
    Go,
    Load,
    Order,
    Prepare,
    Ready,
    Sample,
)
from likeforlike.bench.worker.outcomes import CellFailed


class Hand(Protocol):
    """What a schedule needs of a worker; a test hands in one without a process."""

    def order(self, message: Order) -> None:
        """Thaw and tell."""
        ...

    def answer(self, timeout_seconds: float) -> Answer:
        """Wait for the answer, CellFailed if there is none to come."""
        ...

    def freeze(self) -> None:
        """Stop all threads."""
        ...

    def kill(self) -> None:
        """End it, with what it holds, at once."""
        ...


class Watcher(Protocol):
    """Sees the machine around a sample and the person before the terminal."""

    def before(self, cell: Cell) -> None:
        """Called right before a sample is ordered."""
        ...

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        """Called right after; what disturbed the sample, in words."""
        ...


@dataclass
class Turn:
    """One cell's part in a group while it is measured."""

    cell: Cell
    spec: CellSpec
    hand: Hand
    seconds_left: float
    ready: Ready | None = None
    samples: list[Sample] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    disturbed: list[dict[str, Any]] = field(default_factory=list)
    cold: Sample | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    failure: CellFailed | None = None
    finished: bool = False
    launch: int = 0
    start: dict[str, Any] = field(default_factory=dict)
    """What was drawn for its process, for the record."""

    def ask(self, message: Order, clock: Callable[[], float]) -> Answer:
        """Order and await the answer within what is left of the cell's time. Raises CellFailed."""
        start = clock()
        self.hand.order(message)
        answer = self.hand.answer(self.seconds_left)
        self.seconds_left -= clock() - start
        if isinstance(answer, Failed):
            raise CellFailed(answer.outcome, answer.reason, answer.device_unseen)
        return answer

    @property
    def warm_epochs(self) -> int | None:
        """Warm rounds that a training recipe asks for; None for kernels."""
        return None if self.cell.recipe is None else self.cell.recipe.epochs - 1


class Group:
    """One comparison group being measured."""

    def __init__(
        self,
        turns: Iterable[Turn],
        limits: Limits,
        draw: random.Random,
        watcher: Watcher,
        ended: Callable[[Turn], None],
        first_round: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.turns = list(turns)
        self.ended = ended
        self.draw = draw
        self.watcher = watcher
        self.first_round = first_round
        self.clock = clock
        self.stopping = GroupStopping(limits)

    def measure(self, once: bool = False) -> list[Turn]:
        """Load all, prepare each, run rounds until enough, finish each; with ``once``, no rounds."""
        self._load()
        for turn in self._in_drawn_order():
            self._attempt(turn, self._prepare)
        if self._live() and not once:
            self._cold_turns()
            self._rounds()
        for turn in self._live():
            self._attempt(turn, self._finish)
        return self.turns

    def _live(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.failure is None and not turn.finished]

    def _attempt(self, turn: Turn, step: Callable[[Turn], None]) -> None:
        """Take a step; if it fails the cell is lost and the group goes on."""
        try:
            step(turn)
            turn.hand.freeze()
        except CellFailed as failure:
            self._lose(turn, failure)

    def _lose(self, turn: Turn, failure: CellFailed) -> None:
        turn.failure = failure
        turn.hand.kill()  # it would keep its memory, and its threads would disturb the others
        self.ended(turn)

    def _load(self) -> None:
        """Imports take seconds and are not timed: all workers do them side by side."""
        started = []
        for turn in self._in_drawn_order():
            try:
                turn.hand.order(Load(turn.spec))
                started.append(turn)
            except CellFailed as failure:
                self._lose(turn, failure)
        for turn in started:
            self._attempt(turn, self._await_load)

    def _await_load(self, turn: Turn) -> None:
        answer = turn.hand.answer(turn.seconds_left)
        if isinstance(answer, Failed):
            raise CellFailed(answer.outcome, answer.reason, answer.device_unseen)

    def _prepare(self, turn: Turn) -> None:
        answer = turn.ask(Prepare(turn.spec), self.clock)
        assert isinstance(answer, Ready)
        turn.ready = answer

    def _cold_turns(self) -> None:
        """A trainer's first epoch traces and compiles: it is the cold call, and no sample."""
        for turn in self._in_drawn_order():
            if turn.warm_epochs is not None:
                self._attempt(turn, self._cold_turn)

    def _cold_turn(self, turn: Turn) -> None:
        turn.cold, _ = self._sample(turn, None)

    def _rounds(self) -> None:
        kernels = [turn for turn in self._live() if turn.warm_epochs is None]
        self.stopping.initialise([turn.cell.id for turn in kernels])
        round_number = self.first_round
        while order := [turn for turn in self._in_drawn_order() if self._takes_part(turn)]:
            for turn in order:
                self._attempt(turn, partial(self._warm_turn, round_number=round_number))
                if turn.failure is not None and turn.warm_epochs is None:
                    self.stopping.drop(turn.cell.id)
            round_number += 1
            self._end_far_floors()
            if kernels and self.stopping.finished():
                break

    def _end_far_floors(self) -> None:
        """A floor is the fastest candidate's: others end after a few rounds, so as to cost little."""
        floors = {turn.cell.id: turn for turn in self._live() if turn.cell.entry.role == "floor"}
        seconds = {name: [sample.seconds for sample in turn.samples] for name, turn in floors.items()}
        for name in far_from_the_fastest(seconds):
            self._attempt(floors[name], self._finish)

    def _takes_part(self, turn: Turn) -> bool:
        if turn.warm_epochs is not None:
            return len(turn.samples) < turn.warm_epochs
        return not self.stopping.sits_out(turn.cell.id)

    def _in_drawn_order(self) -> list[Turn]:
        order = self._live()
        self.draw.shuffle(order)
        return order

    def _warm_turn(self, turn: Turn, round_number: int) -> None:
        sample, turn_seconds = self._sample(turn, round_number)
        turn.samples.append(sample)
        turn.rounds.append(round_number)
        if turn.warm_epochs is None:
            self.stopping.add(turn.cell.id, round_number, sample.seconds, turn_seconds)

    def _sample(self, turn: Turn, round_number: int | None) -> tuple[Sample, float]:
        self.watcher.before(turn.cell)
        start = self.clock()
        sample = turn.ask(Go(), self.clock)
        turn_seconds = self.clock() - start
        turn.hand.freeze()
        assert isinstance(sample, Sample)
        reasons = self.watcher.after(turn.cell, sample, len(turn.samples))
        if reasons and round_number is not None:  # the cold turn is no sample, and has no number
            turn.disturbed.append({"round": round_number, "reason": "; ".join(reasons)})
        return sample, turn_seconds

    def _finish(self, turn: Turn) -> None:
        answer = turn.ask(Finish(), self.clock)
        assert isinstance(answer, Finished)
        turn.facts, turn.finished = answer.facts, True
        self.ended(turn)
