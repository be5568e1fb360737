"""What every section is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from likeforlike.reports.judge.comparisons import Comparisons
from likeforlike.reports.judge.machine_outliers import KindSpread, kind_spreads
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.sort.measurements import UNSTATED, Measurement, Study
from likeforlike.reports.tell.document import Entry


@dataclass(frozen=True)
class View:
    """The study, its comparisons, and the machines shown row by row."""

    study: Study
    comparisons: Comparisons
    detailed: tuple[Machine, ...]

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

    def where(self, item: Measurement) -> str:
        """``on cpu:0``, with the machine where there are several, and the file of a set kept apart."""
        device = "a device not stated" if item.key.device == UNSTATED else item.key.device
        machine = f" of {self.title(item)}" if self.several else ""
        return f"on {device}{machine}" + (f" in {item.key.apart}" if item.key.apart else "")

    def detailed_of(self, workload: str) -> list[Measurement]:
        """A workload's measurements on the detailed machines."""
        shown = {machine.id for machine in self.detailed}
        return [item for item in self.study.of(workload) if item.machine.id in shown]


def place(view: View, item: Measurement) -> list[Entry]:
    """A row's first entries: implementation, device, and machine where there are several."""
    parts = [Entry(item.key.name), Entry(item.key.device)]
    return [*parts, Entry(view.title(item))] if view.several else parts


def place_columns(view: View) -> tuple[str, ...]:
    """The columns of :func:`place` but the first, which each table names."""
    return ("device", "machine") if view.several else ("device",)


MOST_ALIKE = 2
"""Findings of one kind, the baseline's machine first; the sections hold the others."""
