"""A group of workers that do what they are told, on a clock of their own: rounds without a process."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from likeforlike.bench.measure.rounds import Group, Turn
from likeforlike.bench.measure.stopping import Limits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import (
    Answer,
    CellSpec,
    Failed,
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
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

SPEC = CellSpec(
    "cell",
    "m:a",
    "matmul",
    "numpy",
    {},
    "cpu:0",
    1,
    "float32",
    "synchronised",
    False,
    False,
    True,
    False,
    "t:f",
)


@dataclass
class World:
    """One clock and one log for all hands: who runs when."""

    now: float = 0.0
    running: set[str] = field(default_factory=set)
    log: list[tuple[str, str]] = field(default_factory=list)
    most_running: int = 0


@dataclass
class StandIn:
    """A worker without a process."""

    world: World
    name: str
    seconds: Callable[[int], float]
    fail_on: dict[str, CellFailed | Failed] = field(default_factory=dict)
    samples: int = 0
    pending: Order | None = None
    pids: tuple[int, ...] = ()

    def order(self, message: Order) -> None:
        self.pending = message
        kind = type(message).__name__
        self.world.log.append((self.name, kind))
        if kind != "Load":  # imports overlap on purpose
            self.world.running.add(self.name)
            self.world.most_running = max(self.world.most_running, len(self.world.running))

    def answer(self, timeout_seconds: float) -> Answer:
        kind = type(self.pending).__name__
        lost = self.fail_on.get(kind if kind != "Go" else f"Go {self.samples}")
        if lost is not None:
            if isinstance(lost, CellFailed):
                raise lost
            return lost
        match self.pending:
            case Load():
                return Loaded()
            case Prepare():
                return Ready(0.1, 0.2, 1e-9, 1e-6, 5, {})
            case Go():
                seconds = self.seconds(self.samples)
                self.samples += 1
                self.world.now += seconds
                return Sample(seconds)
            case Sustain(seconds=seconds):
                self.world.now += seconds
                return Sustained(9)
            case Finish():
                return Finished({"peak_memory_bytes": 1})
        raise AssertionError(self.pending)

    def freeze(self) -> None:
        self.world.running.discard(self.name)

    def kill(self) -> None:
        self.world.running.discard(self.name)
        self.world.log.append((self.name, "kill"))


class Unwatched:
    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        pass

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        return ["throttled"] if turn == 2 else []

    def needs_load(self, cell: Cell) -> bool:
        return False

    def loaded(self, cell: Cell, calls: int) -> None:
        pass

    def pace(self, cell: Cell) -> None:
        pass

    def waited_seconds(self, cell: Cell) -> float:
        return 0.25


def cell(name: str, epochs: int | None = None) -> Cell:
    recipe = None if epochs is None else replace(MATCHED, epochs=epochs)
    return Cell(Implementation(name, "matmul", "numpy", "", "m:a"), "cpu:0", (("size", 4),), "g", recipe)


def group(
    world: World, hands: list[StandIn], epochs: int | None = None, **limits: object
) -> tuple[Group, list[str]]:
    ended: list[str] = []
    rule = Limits(**{"min_rounds": 6, "max_seconds": 100.0, "precision": 0.05, "confidence": 0.95, **limits})  # type: ignore[arg-type]
    turns = [Turn(cell(hand.name, epochs), SPEC, hand, 50.0) for hand in hands]
    made = Group(
        turns,
        rule,
        random.Random(7),
        Unwatched(),
        lambda turn: ended.append(turn.cell.entry.name),
        0,
        lambda: world.now,
    )
    return made, ended
