"""What every section is built from, and what each offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from likeforlike.reports.judge.comparisons import Comparisons
from likeforlike.reports.judge.floors import FloorLine, floor_lines
from likeforlike.reports.judge.machine_outliers import KindSpread, kind_spreads
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.sort.beside_time.prices import Prices
from likeforlike.reports.sort.measured.keys import UNSTATED
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.tell.document import Entry, Section

MOST_ALIKE = 2
"""Findings of one kind, the baseline's machine first; the sections hold the others."""

Kinds = Sequence[Iterable[str]]
"""Findings kind by kind, most asked for first; of one kind the report tells the first ones alone."""


@dataclass(frozen=True)
class Context:
    """The study, its comparisons, and the machines shown row by row."""

    study: Study
    comparisons: Comparisons
    detailed: tuple[Machine, ...]
    prices: Prices = Prices()  # noqa: RUF009 - frozen

    @property
    def several(self) -> bool:
        """Whether rows must say which machine they are of."""
        return len(self.study.machines) > 1

    @cached_property
    def _ranks(self) -> dict[str, int]:
        others = [machine.id for machine in self.study.machines if machine.id != self.study.baseline.id]
        return {machine: rank for rank, machine in enumerate([self.study.baseline.id, *others])}

    @cached_property
    def kinds(self) -> list[KindSpread]:
        """Machines of one kind, and how far they lie apart."""
        return kind_spreads(self.study)

    @cached_property
    def floors(self) -> tuple[FloorLine, ...]:
        """The floors of trainings, device by device and recipe by recipe."""
        return floor_lines(self.study)

    def floor_of(self, item: Measurement) -> FloorLine | None:
        """The floor below a trainer; None where none was measured."""
        return self._floors_by_place.get((item.machine.id, item.key.place))

    @cached_property
    def _floors_by_place(self) -> dict[tuple[Any, ...], FloorLine]:
        return {(line.fastest.machine.id, line.fastest.key.place): line for line in self.floors}

    def rank(self, item: Measurement) -> int:
        """Where a measurement's machine stands in tables: the baseline first, the others as given."""
        return self._ranks[item.machine.id]

    def title(self, item: Measurement) -> str:
        """The short name of a measurement's machine."""
        return self.study.titles[item.machine.id]

    def name(self, item: Measurement, *, device: bool = False) -> str:
        """Implementation, and device and machine where rows need them."""
        parts = [item.key.name]
        if device:
            parts.append(f"on {item.key.device}")
        return " ".join(parts) + (f" ({self.title(item)})" if self.several else "")

    def terms(self, item: Measurement) -> str:
        """``matched``, or ``convnet, matched`` where the recipe alone doesn't say what is trained."""
        recipe = str(item.key.axis.get("recipe", "?"))
        network = self.network(item)
        return f"{network}, {recipe}" if network else recipe

    def network(self, item: Measurement) -> str:
        """What is trained, where that has to be said: by its title, or by name where there are several."""
        return item.declared.wording.title or (item.key.workload if self._several_tasks else "")

    @cached_property
    def _several_tasks(self) -> bool:
        return len({item.key.workload for item in self.study.of_kind(TASK)}) > 1

    def where(self, item: Measurement) -> str:
        """``on cpu:0``, with the machine where there are several, and the file of a set kept apart."""
        device = "a device not stated" if item.key.device == UNSTATED else item.key.device
        machine = f" of {self.title(item)}" if self.several else ""
        unusual = f", {item.key.circumstances}" if item.key.circumstances else ""
        return f"on {device}{machine}{unusual}" + (f" in {item.key.apart}" if item.key.apart else "")

    def detailed_of_kind(self, kind: str) -> list[Measurement]:
        """The measurements of a kind of workload on the detailed machines."""
        shown = {machine.id for machine in self.detailed}
        return [item for item in self.study.of_kind(kind) if item.machine.id in shown]

    def detailed_of(self, workload: str) -> list[Measurement]:
        """A workload's measurements on the detailed machines."""
        shown = {machine.id for machine in self.detailed}
        return [item for item in self.study.of(workload) if item.machine.id in shown]


class SectionModule(Protocol):
    """What each module of ``sections`` offers to the report."""

    def sections(self, context: Context) -> Sequence[Section | None]:
        """Its sections in order; None for one that has nothing to show."""
        ...

    def findings(self, context: Context) -> Kinds:
        """What its figures say, by sure comparisons alone."""
        ...


def place(context: Context, item: Measurement) -> list[Entry]:
    """A row's first entries: implementation, device, and machine where there are several."""
    parts = [Entry(item.key.name), Entry(item.key.device)]
    return [*parts, Entry(context.title(item))] if context.several else parts


def place_columns(context: Context) -> tuple[str, ...]:
    """The columns of :func:`place` but the first, which each table names."""
    return ("device", "machine") if context.several else ("device",)
