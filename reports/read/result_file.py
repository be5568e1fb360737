"""A result file as the report sees it: frozen, with its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.safe_text import visible
from likeforlike.reports.read.schema.cells import Extra
from likeforlike.reports.read.schema.declarations import declared
from likeforlike.reports.read.schema.runs import Declared, Header, Ladder, Noise, Unmeasured
from likeforlike.reports.read.summaries import Summary, summarise

PLAIN_WORKLOAD = "benchmark"
"""The workload of cells that were not measured by likeforlike."""


class ResultError(ValueError):
    """A file that can't be read as results: which file, which field, what value, what was expected."""

    def __init__(self, file: str, path: str, value: str, expected: str) -> None:
        where = f"{visible(file)}: {path}" if path else visible(file)
        found = f": {value}" if value else ""
        super().__init__(f"{where}{found}; {expected}")


@dataclass(frozen=True)
class Tool:
    """Whose format a file has."""

    name: str
    version: str = ""
    """As the file tells it; empty if it does not."""

    def __str__(self) -> str:
        """Name and version, as a reader says them."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True)
class Commit:
    """The state of the code that was measured, as pytest-benchmark saw it; empty or None is not known."""

    id: str
    time: str = ""
    branch: str = ""
    project: str = ""
    dirty: bool | None = None
    """Whether files were changed since that commit."""


@dataclass(frozen=True)
class Cell:
    """One measured cell of one file."""

    id: str
    name: str
    group: str
    samples: tuple[float, ...]
    """Seconds of one iteration; empty where a plain file did not save them."""
    median_seconds: float
    """Of the samples, else as the file has it; where it has none either, its mean (which a remark tells)."""
    extra: Extra
    plain: bool = False
    fullname: str = ""
    """With the path of the test's file, as in ``test_x.py::test_x[1]``; of other tools the id."""
    function: str = ""
    """What was benchmarked, without its parameters."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters by name."""
    extra_info: Mapping[str, Any] = field(default_factory=dict)
    """What else a plain file says of the cell; null where a number was none."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """How it was measured, in pytest-benchmark's words: timer, disable_gc, warmup, min_rounds, ..."""
    iterations: int | None = None
    """Calls that each sample timed together; None if not known or not the same for all."""
    launches: tuple[int, ...] = ()
    """The number of the process that took each sample, parallel to ``samples``; empty if not known."""
    saved_summary: Summary | None = None
    """The figures of a file that did not save the samples."""

    @property
    def rounds(self) -> tuple[int, ...]:
        """The round of each sample, parallel to ``samples``."""
        return self.extra.round_numbers or tuple(range(len(self.samples)))

    @property
    def samples_saved(self) -> bool:
        """Whether there are samples, and not their summary alone."""
        return bool(self.samples)

    @cached_property
    def summary(self) -> Summary:
        """The samples in a few figures; the file's own where it has no samples."""
        if self.samples:
            return summarise(self.samples, self.iterations)
        return self.saved_summary or Summary(iterations=self.iterations)


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
    """Not ours: no fingerprint, no terms, no rounds."""
    datetime: str = ""
    header: Header | None = None
    notes: tuple[str, ...] = field(default=())
    """Known faults of a published file, each a sentence."""
    node: str = ""
    """The host's name, which tells two machines of one kind apart."""
    tool: Tool = Tool("likeforlike")
    """Whose format it is."""
    commit: Commit | None = None
    """The code's commit; None outside of version control, or where the tool does not say."""
    without_figure: tuple[Unmeasured, ...] = ()
    """Cells of a plain file that gave no figure."""
    remarks: tuple[str, ...] = ()
    """What is to be known of how the file was read, each a sentence."""

    @property
    def unmeasured(self) -> tuple[Unmeasured, ...]:
        """Cells that gave no figure."""
        return (*(self.header.unmeasured if self.header else ()), *self.without_figure)

    @property
    def noise(self) -> Noise | None:
        """The run's own noise floor."""
        return self.header.noise if self.header else None

    @property
    def first_side(self) -> str:
        """The side with which others are compared, the first asked for; empty where there are none."""
        sides = self.header.sides if self.header else ()
        return sides[0].name if sides else ""

    def declared(self, workload: str) -> Declared:
        """What is known of a workload: as the file declares it, else as older files meant it."""
        return declared(workload, self.header.workloads if self.header else {})

    @property
    def ladder(self) -> Ladder | None:
        """The run's ladder."""
        return self.header.ladder if self.header else None
