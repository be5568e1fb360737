"""Rounds: the cells of a comparison group take turns, one at a time, all others frozen."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from likeforlike.bench.measure.floors import far_from_the_fastest
from likeforlike.bench.measure.levelling import LOAD_SECONDS, Levelling
from likeforlike.bench.measure.repeats import MOST_ATTEMPTS, MOST_IN_VAIN, Repeats
from likeforlike.bench.measure.stopping import GroupStopping, Limits
from likeforlike.bench.measure.watch import energy
from likeforlike.bench.measure.watch.clock_agreement import TwoClocks
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
    Sustain,
    Sustained,
)
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.vendors.device import Pace
from likeforlike.models.contract.training.recipe import Recipe

LEAST_EPOCHS_TO_WARM_UP = 4


class Hand(Protocol):
    """What a schedule needs of a worker; a test hands in one without a process."""

    @property
    def pids(self) -> Sequence[int]:
        """Its processes, whose threads the machine may keep waiting; none where there is no process."""

    def order(self, message: Order) -> None:
        """Thaw and tell."""

    def answer(self, timeout_seconds: float) -> Answer:
        """Wait for the answer, CellFailed if there is none to come."""

    def freeze(self) -> None:
        """Stop all threads."""

    def kill(self) -> None:
        """End it, with what it holds, at once."""


class Watcher(Protocol):
    """Sees the machine around a sample and the person before the terminal."""

    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        """Called right before a sample is ordered; ``pids`` of its worker."""

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        """Called right after; what disturbed the sample, in words."""

    def waited_seconds(self, cell: Cell) -> float | None:
        """How long that sample's worker waited for a processor; None where nobody tells."""

    def needs_load(self, cell: Cell) -> bool:
        """Whether its energy is to be counted over calls without a pause, once the rounds have ended."""

    def loaded(self, cell: Cell, calls: int) -> None:
        """Called right after so many of them."""

    def pace(self, cell: Cell) -> Pace | None:
        """Clock, temperature and throttle reasons of the cell's device now; None where nobody tells."""


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
    paces: list[Pace | None] = field(default_factory=list)
    """Of the device right after each sample."""
    waits: list[float | None] = field(default_factory=list)
    """Seconds that each sample's worker waited for a processor."""
    sustained: dict[str, Any] = field(default_factory=dict)
    """How its device was loaded before the rounds; empty: it was not."""
    disturbed: list[dict[str, Any]] = field(default_factory=list)
    repeated: int = 0
    """Samples of disturbed rounds that were taken once more, and so replaced."""
    cold: Sample | None = None
    warm_up: list[Sample] = field(default_factory=list)
    """Epochs after the cold one that are no samples yet."""
    facts: dict[str, Any] = field(default_factory=dict)
    clocks: TwoClocks = field(default_factory=TwoClocks)
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

    def is_disturbed(self, round_number: int) -> bool:
        """Whether its sample of this round was."""
        return any(item["round"] == round_number for item in self.disturbed)

    def take_back(self, round_number: int) -> None:
        """Count and forget the sample of this round, the last one: another takes its place."""
        assert self.rounds[-1] == round_number
        self.samples.pop()
        self.rounds.pop()
        self.paces.pop()
        self.waits.pop()
        self.disturbed = [item for item in self.disturbed if item["round"] != round_number]
        self.repeated += 1

    @property
    def warm_epochs(self) -> int | None:
        """Rounds of samples that a training recipe leaves; None for kernels."""
        recipe = self.cell.recipe
        return None if recipe is None else recipe.epochs - 1 - warm_up_epochs(recipe)


def warm_up_epochs(recipe: Recipe) -> int:
    """Epochs after the cold one that are no samples: one, where three are left after it.

    A fixed number, not one that the times decide as for kernels: of few epochs that would choose samples.
    """
    return 1 if recipe.epochs >= LEAST_EPOCHS_TO_WARM_UP else 0


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
        await_peace: Callable[[], bool] = lambda: True,
        levelling: Levelling | None = None,
    ) -> None:
        """``await_peace``: waits until others leave the machine alone, within bounds; whether they do.

        ``levelling``: until when the device is loaded before the rounds; None: not at all.
        """
        self.turns = list(turns)
        self.ended = ended
        self.draw = draw
        self.watcher = watcher
        self.first_round = first_round
        self.clock = clock
        self.stopping = GroupStopping(limits)
        self.repeats = Repeats(limits.max_seconds)
        self.await_peace = await_peace
        self.levelling = levelling
        self._in_vain = 0
        """Rounds one after the other that stayed disturbed, however often they were repeated."""

    def measure(self, once: bool = False) -> list[Turn]:
        """Load all, prepare each, run rounds until enough, finish each; with ``once``, no rounds."""
        self._load()
        for turn in self._in_drawn_order():
            self._attempt(turn, self._prepare)
        if self._live() and not once:
            self._cold_turns()
            self._rounds()
            self._weigh_energy()
        self._finish_side_by_side([turn for turn in self._live() if turn.cell.recipe is not None])
        for turn in self._live():
            self._attempt(turn, self._finish)
        return self.turns

    def _live(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.failure is None and not turn.finished]

    def _attempt(self, turn: Turn, step: Callable[[Turn], object]) -> None:
        """Take a step; if it fails the cell is lost and the group goes on."""
        try:
            step(turn)
            turn.hand.freeze()
        except CellFailed as failure:
            self._lose(turn, failure)

    def _lose(self, turn: Turn, failure: CellFailed) -> None:
        turn.hand.kill()  # it would keep its memory, and its threads would disturb the others
        if turn.finished:  # all is told and kept: that it won't stand still is no failure of the cell
            return
        turn.failure = failure
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
        for turn in self._in_drawn_order():
            if turn.cell.recipe is not None and warm_up_epochs(turn.cell.recipe):
                self._attempt(turn, self._warm_up_turn)

    def _cold_turn(self, turn: Turn) -> None:
        turn.cold, _ = self._sample(turn, None)

    def _warm_up_turn(self, turn: Turn) -> None:
        turn.warm_up.append(self._sample(turn, None)[0])

    def _rounds(self) -> None:
        kernels = [turn for turn in self._live() if turn.warm_epochs is None]
        self.stopping.initialise([turn.cell.id for turn in kernels])
        round_number = self.first_round
        if kernels:
            self.await_peace()
        self._sustain()
        while order := [turn for turn in self._in_drawn_order() if self._takes_part(turn)]:
            self._round(order, round_number)
            self._repeat_if_disturbed([turn for turn in order if turn.warm_epochs is None], round_number)
            round_number += 1
            self._end_far_floors()
            if kernels and self.stopping.finished():
                break

    def _sustain(self) -> None:
        """Load the device by all in turns, until it is level; its readings belong to each of them."""
        if self.levelling is None:
            return
        begin = self.clock()
        while not self.levelling.ended():
            order = self._in_drawn_order()
            if not order:
                return
            for turn in order:
                self._attempt(turn, partial(self._load_device, seconds=LOAD_SECONDS))
                if turn.failure is not None and turn.warm_epochs is None:
                    self.stopping.drop(turn.cell.id)
                self.levelling.add(self.clock() - begin, self.watcher.pace(turn.cell))
                if self.levelling.ended():
                    break
        for turn in self._live():
            turn.sustained = self.levelling.facts()

    def _load_device(self, turn: Turn, seconds: float) -> int:
        """Calls without a pause, on top of the cell's own time; how many."""
        left = turn.seconds_left
        answer = turn.ask(Sustain(seconds), self.clock)
        turn.hand.freeze()
        turn.seconds_left = left
        assert isinstance(answer, Sustained)
        return answer.calls

    def _weigh_energy(self) -> None:
        """Call kernels without a pause whose turns were too short for a counter of energy."""
        for turn in self._in_drawn_order():
            if turn.warm_epochs is None and self.watcher.needs_load(turn.cell):
                self._attempt(turn, self._load_for_energy)

    def _load_for_energy(self, turn: Turn) -> None:
        self.watcher.before(turn.cell, turn.hand.pids)
        self.watcher.loaded(turn.cell, self._load_device(turn, energy.LOAD_SECONDS))

    def _round(self, order: Sequence[Turn], round_number: int, again: bool = False) -> None:
        """One sample of each."""
        for turn in order:
            self._attempt(turn, partial(self._warm_turn, round_number=round_number, again=again))
            if turn.failure is not None and turn.warm_epochs is None:
                self.stopping.drop(turn.cell.id)

    def _repeat_if_disturbed(self, kernels: Sequence[Turn], round_number: int) -> None:
        """Take the round once more, by all its kernels, if one of them was disturbed; within bounds."""
        for attempt in range(1, MOST_ATTEMPTS + 1):
            left = [turn for turn in kernels if turn.failure is None]
            if not any(turn.is_disturbed(round_number) for turn in left):
                self._in_vain = 0
                return
            if attempt == MOST_ATTEMPTS:  # each time begun while nobody else worked: bursts that none evades
                self._in_vain += 1
                return
            if self._in_vain >= MOST_IN_VAIN or not self.repeats.affordable([turn.cell.id for turn in left]):
                return
            if not self.await_peace():
                return
            for turn in left:
                turn.take_back(round_number)
            self._round(left, round_number, again=True)

    def _end_far_floors(self) -> None:
        """A floor is the fastest candidate's: others end after a few rounds, so as to cost little."""
        floors = {turn.cell.id: turn for turn in self._live() if turn.cell.entry.role == "floor"}
        seconds = {name: [sample.seconds for sample in turn.samples] for name, turn in floors.items()}
        for side in dict.fromkeys(turn.cell.side for turn in floors.values()):
            mine = {name: times for name, times in seconds.items() if floors[name].cell.side == side}
            for name in far_from_the_fastest(mine):
                self._attempt(floors[name], self._finish)

    def _takes_part(self, turn: Turn) -> bool:
        if turn.warm_epochs is not None:
            return len(turn.samples) < turn.warm_epochs
        return not self.stopping.sits_out(turn.cell.id)

    def _in_drawn_order(self) -> list[Turn]:
        order = self._live()
        self.draw.shuffle(order)
        return order

    def _warm_turn(self, turn: Turn, round_number: int, again: bool) -> None:
        sample, turn_seconds = self._sample(turn, round_number)
        turn.samples.append(sample)
        turn.rounds.append(round_number)
        turn.waits.append(self.watcher.waited_seconds(turn.cell))
        turn.paces.append(self.watcher.pace(turn.cell))
        if turn.warm_epochs is None:
            self.repeats.add(turn.cell.id, turn_seconds, again)
            # what is repeated comes on top of the cell's own time
            spent = 0.0 if again else turn_seconds
            self.stopping.add(turn.cell.id, round_number, sample.seconds, spent, sample.call_seconds)

    def _sample(self, turn: Turn, round_number: int | None) -> tuple[Sample, float]:
        self.watcher.before(turn.cell, turn.hand.pids)
        start = self.clock()
        sample = turn.ask(Go(), self.clock)
        turn_seconds = self.clock() - start
        turn.hand.freeze()
        assert isinstance(sample, Sample)
        turn.clocks.add(sample, turn_seconds)
        reasons = self.watcher.after(turn.cell, sample, len(turn.samples))
        if reasons and round_number is not None:  # the cold turn is no sample, and has no number
            turn.disturbed.append({"round": round_number, "reason": "; ".join(reasons)})
        return sample, turn_seconds

    def _finish_side_by_side(self, trained: Sequence[Turn]) -> None:
        """Trainers are proven on small problems, which takes seconds and is not timed: all at once."""
        proving = []
        for turn in trained:
            try:
                turn.clocks.refuse_disagreement()
                turn.hand.order(Finish())
                proving.append(turn)
            except CellFailed as failure:
                self._lose(turn, failure)
        for turn in proving:
            self._attempt(turn, self._await_finish)

    def _await_finish(self, turn: Turn) -> None:
        answer = turn.hand.answer(turn.seconds_left)
        if isinstance(answer, Failed):
            raise CellFailed(answer.outcome, answer.reason, answer.device_unseen)
        self._take_facts(turn, answer)

    def _finish(self, turn: Turn) -> None:
        turn.clocks.refuse_disagreement()
        self._take_facts(turn, turn.ask(Finish(), self.clock))

    def _take_facts(self, turn: Turn, answer: Answer) -> None:
        assert isinstance(answer, Finished)
        turn.facts, turn.finished = answer.facts, True
        self.ended(turn)
