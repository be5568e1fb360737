"""What every section is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reports.comparisons import Comparisons
from reports.document import Entry
from reports.kinds import KindSpread, kind_spreads
from reports.machines import Machine
from reports.records import Epoch
from reports.study import UNSTATED, Measurement, Study

MOST_DETAILED = 4
"""Machines shown row by row; of more, the report shows the distribution and CSV the rows."""
FASHION_MNIST_IMAGES = 60_000
"""Images of its training set."""
SYNTHETIC_WARNING = (
    "Trained on generated data: accuracies and losses show only that the trainers learn, not how well they "
    "would do on Fashion-MNIST."
)


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


def detailed_machines(study: Study) -> tuple[Machine, ...]:
    """The baseline, the next few in the order given, and those of published figures, to stand beside."""
    others = [machine for machine in study.machines if machine.id != study.baseline.id]
    published = {file.machine.id for file in study.files if file.header and file.header.published}
    near = others[: MOST_DETAILED - 1]
    return (study.baseline, *near, *(machine for machine in others[len(near) :] if machine.id in published))


def runs_with_epochs(item: Measurement) -> list[tuple[Epoch, ...]]:
    """The epochs of each run that recorded them."""
    return [run.cell.extra.epochs for run in item.runs if run.cell.extra.epochs]


def mean(values: list[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return sum(values) / len(values) if values else None


def mean_of_last(item: Measurement, field: str) -> float | None:
    """Mean over runs of a figure of the last epoch."""
    values = [getattr(epochs[-1], field) for epochs in runs_with_epochs(item)]
    return mean([value for value in values if value is not None])


def place(view: View, item: Measurement) -> list[Entry]:
    """A row's first entries: implementation, device, and machine where there are several."""
    parts = [Entry(item.key.name), Entry(item.key.device)]
    return [*parts, Entry(view.title(item))] if view.several else parts


def place_columns(view: View) -> tuple[str, ...]:
    """The columns of :func:`place` but the first, which each table names."""
    return ("device", "machine") if view.several else ("device",)
