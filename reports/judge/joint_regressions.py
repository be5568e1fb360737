"""All cells of one implementation together, before and now: a change is seldom in one of its sizes alone.

Beside a neighbour that computes in bursts no size by itself may tell, and all of them point the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.reports.judge.quality import Quality
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.geometric_mean import geometric_mean_ratio
from likeforlike.reports.statistics.launches import ASSUMED_FREEDOM
from likeforlike.reports.statistics.verdicts import Verdict, verdict

RUN_FREEDOM = 2.0 * ASSUMED_FREEDOM
"""Either run has a spread between runs of its own."""


@dataclass(frozen=True)
class JudgedCell:
    """One cell whose ratio has an interval over launches."""

    now: Measurement
    verdict: Verdict
    limit: float
    """By how much it may be slower, as a share."""
    quality: Quality | None
    """What accuracies allow to be said of it; None where nothing is trained."""
    unsure: str = ""
    """Why its verdict is not sure; empty if it is."""


@dataclass(frozen=True)
class JointCheck:
    """The geometric mean of an implementation's cells on one device, each by how well it is known."""

    name: str
    """``matmul numpy cpu:0``."""
    limit: float
    """By how much they may be slower, as each of them may."""
    cells: tuple[JudgedCell, ...]
    verdict: Verdict

    @property
    def keys(self) -> set[tuple[str, Key]]:
        """Machine and name of each cell."""
        return {(cell.now.machine.id, cell.now.key) for cell in self.cells}

    @property
    def word(self) -> str:
        """What is said of them; of cells some of which train worse it is not said that they are faster."""
        qualities = [cell.quality for cell in self.cells if cell.quality is not None]
        spoken = [quality.spoken(self.verdict.word) for quality in qualities]
        return next((word for word in spoken if word != self.verdict.word), self.verdict.word)

    @property
    def unsure(self) -> str:
        """Why what is said of them is not sure: of one of them it is not; empty if it is."""
        return next((cell.unsure for cell in self.cells if cell.unsure), "")

    @property
    def fails(self) -> bool:
        """Whether they take longer, clearly and by more than the limit."""
        return self.verdict.word == "slower" and self.verdict.estimate.ratio > 1.0 + self.limit


def joint_checks(cells: Sequence[JudgedCell]) -> list[JointCheck]:
    """One for each machine, file, workload, implementation and device with at least two cells of one limit.

    Files that stand apart are of two codes: what one of them lost the other may have won.
    """
    groups = grouped(((_whose(cell.now), cell.limit), cell) for cell in cells)
    return [
        JointCheck(_name(whose), limit, tuple(found), _verdict(found))
        for (whose, limit), found in groups.items()
        if len(found) > 1
    ]


def _whose(item: Measurement) -> tuple[str, ...]:
    key = item.key
    return item.machine.id, *key.company, key.workload, key.implementation, key.device


def _name(whose: Sequence[str]) -> str:
    _, file, side, *names = whose
    named = " ".join(filter(None, names)) + (f", side {side}" if side else "")
    return named + (f" of {file}" if file else "")


def _verdict(cells: Sequence[JudgedCell]) -> Verdict:
    """Copies of one thing that differ by more in one of the cells raise the threshold of all."""
    estimate = geometric_mean_ratio([cell.verdict.estimate for cell in cells], RUN_FREEDOM)
    return verdict(estimate, threshold=max(cell.verdict.threshold for cell in cells))
