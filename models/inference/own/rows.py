"""Samples that a model is asked about: drawn anew for each timed call, its answers held against float64's.

Nobody knows how a stranger's model follows its inputs, which may be whole numbers, too: so no factor changes
them from call to call, as it does elsewhere, but other samples take their place. What the model answers to
each was computed before, plainly; a sample's answer depends on no other in the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.tasks.own.answers import errors, largest_norm


@dataclass(frozen=True)
class Known:
    """Samples, and a model's answers to them."""

    inputs: np.ndarray
    """Samples [n, ...]."""
    answers: np.ndarray
    """Float64 [n, ...]."""
    tolerance: float
    """The largest honest error of a sample's answer, relative to its norm."""
    unproven: str = ""
    """Why nothing shows that it is the same network as others; empty: it is."""

    def error(self, rows: np.ndarray, answer: Any) -> float:
        """The largest of some samples' answers, relative to their norms; infinite for another shape."""
        truth, found = self.answers[rows], np.asarray(answer)
        if found.shape != truth.shape:
            return float("inf")
        return float(errors(found, truth, largest_norm(self.answers)).max())


class Rows:
    """Which samples a call has now; those of the first call are the first."""

    def __init__(self, known: Known, batch: int, draw: np.random.Generator) -> None:
        self.known, self.batch = known, batch
        self._draw = draw
        self.first = np.arange(batch) % len(known.inputs)
        self.now = self.first

    def drawn(self) -> np.ndarray:
        """Other samples than those of now, as far as there are so many."""
        others = np.setdiff1d(np.arange(len(self.known.inputs)), self.now)
        pool = others if len(others) >= self.batch else np.arange(len(self.known.inputs))
        return self._draw.choice(pool, self.batch, replace=len(pool) < self.batch)

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Those samples, in an array of their own."""
        return np.ascontiguousarray(self.known.inputs[rows])

    def hold(self, answer: Any) -> Verification:
        """The answer to the samples of now."""
        error = self.known.error(self.now, answer)
        return Verification(error, self.known.tolerance, unproven=self.known.unproven)


@dataclass(frozen=True)
class Question(Problem):
    """What a brought model is asked: its first operand is the samples of the first call."""

    rows: Rows | None = None
    weights: Any = None
    """Starting weights by canonical name."""
    network: Any = None
    """``network()`` imports the framework and gives the model as loops take it."""


class Drawn:
    """The operand of a kernel, other samples for each timed call."""

    def __init__(self, rows: Rows, place: Callable[[np.ndarray], Any]) -> None:
        self._rows, self._place = rows, place
        self.operand = self._first = place(rows.inputs(rows.first))

    def draw(self) -> Callable[[], None]:
        """Place other samples on the device; what makes the next calls find them."""
        rows = self._rows.drawn()
        placed = self._place(self._rows.inputs(rows))

        def switch() -> None:
            self.operand, self._rows.now = placed, rows

        return switch

    def draw_further(self) -> None:
        """Draw other samples, and use them."""
        self.draw()()

    def restore(self) -> None:
        """The samples of the first call again."""
        self.operand, self._rows.now = self._first, self._rows.first


def asked(
    make: Callable[[Problem, Callable[..., Any]], Kernel], problem: Problem, work: Callable[[Any], Any]
) -> Kernel:
    """A kernel of ``work(inputs)`` by a framework's own ``kernel``; of a question with samples drawn anew."""
    made = make(replace(problem, operands=problem.operands[:1]), work)
    if not isinstance(problem, Question) or problem.rows is None:
        return made

    def place(inputs: np.ndarray) -> Any:
        return make(replace(problem, operands=(inputs,)), lambda given: given).call()

    supply = Drawn(problem.rows, place)
    return replace(
        made, call=lambda: work(supply.operand), change=None, upload=None, download=None, supply=supply
    )
