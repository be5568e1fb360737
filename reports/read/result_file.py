"""A result file as the report sees it: frozen, with its cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.schema import Extra, Header, Ladder, Noise, Unmeasured

PLAIN_WORKLOAD = "benchmark"
"""The workload of cells that come from plain pytest-benchmark."""


class ResultError(ValueError):
    """A file that can't be read as results: which file, which field, what value, what was expected."""

    def __init__(self, file: str, path: str, value: str, expected: str) -> None:
        where = f"{visible(file)}: {path}" if path else visible(file)
        found = f": {value}" if value else ""
        super().__init__(f"{where}{found}; {expected}")


@dataclass(frozen=True)
class Cell:
    """One measured cell of one file."""

    id: str
    name: str
    group: str
    samples: tuple[float, ...]
    """Seconds; empty where a plain file did not save them."""
    median_seconds: float
    extra: Extra
    plain: bool = False

    @property
    def rounds(self) -> tuple[int, ...]:
        """The round of each sample, parallel to ``samples``."""
        return self.extra.round_numbers or tuple(range(len(self.samples)))


@dataclass(frozen=True)
class ResultFile:
    """One result file, read and checked."""

    path: str
    label: str
    machine: Machine
    cells: tuple[Cell, ...]
    run_id: str
    digest: str
    plain: bool = False
    """From plain pytest-benchmark: no fingerprint, no terms, no rounds."""
    datetime: str = ""
    header: Header | None = None
    notes: tuple[str, ...] = field(default=())
    node: str = ""
    """The host's name, which tells two machines of one kind apart."""

    @property
    def unmeasured(self) -> tuple[Unmeasured, ...]:
        """Cells that gave no figure."""
        return self.header.unmeasured if self.header else ()

    @property
    def noise(self) -> Noise | None:
        """The run's own noise floor."""
        return self.header.noise if self.header else None

    @property
    def ladder(self) -> Ladder | None:
        """The run's ladder."""
        return self.header.ladder if self.header else None
