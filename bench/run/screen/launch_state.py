"""How far a launch of a comparison group is, and each of its cells: what a forecast keeps in mind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from likeforlike.bench.measure.rounds import warm_up_epochs
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.run.screen.expectations import Expectation, Path

Step = Literal["load", "prepare", "sustain", "go", "finish"]


@dataclass
class Part:
    """How far a cell is."""

    cell: Cell
    expected: Expectation
    prepared: bool = False
    cold: bool = False
    rounds: int = 0
    used_seconds: float = 0.0
    samples: list[float] = field(default_factory=list)
    ended: bool = False

    @property
    def warm(self) -> bool:
        """Whether its next turn is a sample: of a training, after its cold epoch and that which warms up."""
        recipe = self.cell.recipe
        return recipe is None or (self.cold and self.rounds >= warm_up_epochs(recipe))


@dataclass(frozen=True)
class Proving:
    """Trainers of a group that are proven side by side."""

    begun: float
    path: Path
    expected_seconds: float
    """Of them all, before anything of this run told more."""
    since: float
    """When they began, or the last of them ended."""
    seconds: float
    """Of those that had not ended then, as this run has them expected."""


@dataclass
class Launch:
    """How far one launch of a comparison group is."""

    parts: dict[str, Part]
    frameworks: list[str]
    """Of the processes that it starts, so far as is known beforehand."""
    device: str
    concurrent: bool
    sustain_seconds: float = 0.0
    """For how long its device is expected to be loaded before the rounds; 0: not at all."""
    sustained: float = 0.0
    """For how long it has been."""
    loaded: bool = False
    proving: Proving | None = None
    """The proofs of its trainers, once they have begun."""
    ended: bool = False
    step: tuple[str, Step] | None = None
    """What is done now, and for which cell."""
    since: float = 0.0
    """When the last thing ended."""

    @property
    def begun(self) -> bool:
        """Whether its workers were started."""
        return self.loaded or self.step is not None
