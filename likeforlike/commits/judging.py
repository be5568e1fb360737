"""What the second side of a run did to each cell, and whether any is surely slower by more than its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.reports.judge.comparisons import Comparison, compare
from likeforlike.reports.judge.limits import Limits, check_patterns, is_among, matches
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.read.schema.runs import Side, Unmeasured
from likeforlike.reports.sort.measured.keys import REPEAT_AXIS, SIDE_AXIS, Key
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.sections.sides import cell_text

SKIPPED = "skipped"
"""The outcome of a cell that nobody tried to measure."""


@dataclass(frozen=True)
class Effect:
    """One cell on the new side over the same on the base side."""

    comparison: Comparison
    limit: float
    """By how much it may be slower, as a share."""

    @property
    def name(self) -> str:
        """What was measured, whichever side it was on."""
        return cell_text(self.comparison.other)

    @property
    def cell(self) -> str:
        """Its id, without the side."""
        cell = self.comparison.other.runs[0].cell.id
        return cell.removesuffix(f"-{self.comparison.other.key.side}")

    @property
    def fails(self) -> bool:
        """Whether it is slower, for sure and by more than the limit."""
        slower = self.comparison.sure_of_times and self.comparison.verdict.word == "slower"
        return slower and self.comparison.verdict.estimate.ratio > 1.0 + self.limit

    @property
    def word(self) -> str:
        """What is said of it: a clear verdict that is not sure is *unclear* here."""
        if self.comparison.doubt:
            return "no verdict"
        if self.comparison.verdict.word != "unclear" and not self.comparison.sure_of_times:
            return "unclear"
        return self.comparison.word

    @property
    def why_unsure(self) -> str:
        """Why a verdict is missing or not sure; empty where it is."""
        item = self.comparison
        if item.doubt:
            return item.doubt
        if item.verdict.word == "unclear":
            return item.verdict.reason
        if not (item.base.verified and item.other.verified):
            return "its answers were not checked"
        return item.unsure


@dataclass(frozen=True)
class Outcome:
    """All cells that both sides have, and those that one of them lacks."""

    sides: tuple[Side, ...]
    effects: tuple[Effect, ...]
    """The slowest first."""
    broken: tuple[Unmeasured, ...]
    """Cells that one side could not measure although it tried."""
    skipped: tuple[Unmeasured, ...]
    """Cells that one side alone has: the other lacks the implementation, or what it needs."""

    @property
    def failing(self) -> list[Effect]:
        """Those that are surely slower by more than their limit."""
        return [effect for effect in self.effects if effect.fails]

    @property
    def unclear(self) -> list[Effect]:
        """Those on which nothing is sure."""
        return [effect for effect in self.effects if effect.word in ("unclear", "no verdict")]

    @property
    def status(self) -> int:
        """1 where something is surely slower, 2 where a cell broke or nothing was compared, else 0."""
        if self.failing:
            return 1
        return 2 if self.broken or not self.effects else 0


def outcome_of(file: ResultFile, limits: Limits, only: Sequence[str] = ()) -> Outcome:
    """Judge a result file of two sides, the first the base. ``only`` are patterns of names.

    Raises ValueError for a pattern that is no cell's name, and for a file without two sides.
    """
    sides = file.header.sides if file.header else ()
    if len(sides) != 2:
        raise ValueError(f"{file.label}: has {len(sides)} sides, expected two")
    study = build_study([file])
    measured = [item for item in study.measurements if item.kind != NOISE_FLOOR]
    lost = [(one, _names_of(one, sides, measured)) for one in file.unmeasured if one.axes.get(SIDE_AXIS)]
    limited = [pattern for pattern, _ in limits.patterns]
    for option, patterns in (("--only", only), ("--fail-if-slower", limited)):
        unmet = [p for p in patterns if not any(is_among(p, names) for _, names in lost)]
        check_patterns(option, unmet, measured)
    effects = [
        Effect(item, limits.of(item.other))
        for item in compare(study, study.machines).sides
        if not only or any(matches(pattern, item.other) for pattern in only)
    ]
    missed = [one for one, names in lost if not only or any(is_among(p, names) for p in only)]
    ids = {run.cell.id for item in measured for run in item.runs}
    return Outcome(
        sides,
        tuple(sorted(effects, key=lambda effect: -effect.comparison.verdict.estimate.ratio)),
        tuple(one for one in missed if one.outcome != SKIPPED),
        tuple(one for one in missed if one.outcome == SKIPPED and _elsewhere(one, sides) & ids),
    )


def _names_of(lost: Unmeasured, sides: Sequence[Side], measured: Sequence[Measurement]) -> list[str]:
    """What a cell without a figure is called, on any side; tests as those that have one."""
    ids = [lost.cell, *_elsewhere(lost, sides)]
    axes = tuple((name, value) for name, value in lost.axes.items() if name != REPEAT_AXIS)
    key = Key(lost.workload or "", lost.implementation or "", lost.device or "", axes)
    tests: list[str] = []
    for cell in (item.runs[0].cell for item in measured[:1]):
        tests = [name.replace(cell.id, one) for name in (cell.name, cell.fullname) for one in ids]
    return [*ids, key.text, f"{key.workload} {key.text}", *tests]


def _elsewhere(lost: Unmeasured, sides: Sequence[Side]) -> set[str]:
    """The ids that a cell has on the other sides."""
    own = str(lost.axes[SIDE_AXIS])
    return {f"{lost.cell.removesuffix(own)}{side.name}" for side in sides if side.name != own}
