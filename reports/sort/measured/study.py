"""Everything a report is made from: files, machines, measurements, and what happened to them on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import TASK, of_older_files
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.group_by import OWN_GROUPS, GroupBy
from likeforlike.reports.sort.measured.measurements import Measurement, grouped


@dataclass(frozen=True)
class Pool:
    """Several files whose runs of a workload are one measurement."""

    machine: Machine
    workload: str
    files: tuple[ResultFile, ...]
    name: str
    """How its measurements are called where others stand beside them; empty where none do."""
    shared: bool
    """Whether any cell was measured in more than one of them, so that samples are put together."""


@dataclass(frozen=True)
class Study:
    """Everything a report is made from."""

    files: tuple[ResultFile, ...]
    measurements: tuple[Measurement, ...]
    machines: tuple[Machine, ...]
    titles: Mapping[str, str]
    """A short name for each machine id, unlike all others."""
    baseline: Machine
    twins: tuple[Measurement, ...] = ()
    """Second copies of entrants, which are never ranked: they show what copies of one thing differ by."""
    remarks: tuple[str, ...] = ()
    """What happened to the files on the way: repetitions, twins, files left out."""
    pools: tuple[Pool, ...] = ()
    base_file: str = ""
    """The label of the file with which others of its machine are compared; empty: the first."""
    base_name: str = ""
    """What ``--baseline`` says: part of the name of plain benchmarks that others are compared with."""
    group_by: GroupBy = OWN_GROUPS
    """What the plain benchmarks of a group have in common."""

    def of(self, workload: str, machine: Machine | None = None) -> list[Measurement]:
        """Measurements of one workload, on one machine or all."""
        return [
            item
            for item in self.by_workload.get(workload, [])
            if machine is None or item.machine.id == machine.id
        ]

    def of_kind(self, kind: str, machine: Machine | None = None) -> list[Measurement]:
        """Measurements of all workloads of a kind, on one machine or all."""
        return [
            item
            for item in self.measurements
            if item.kind == kind and (machine is None or item.machine.id == machine.id)
        ]

    def declared(self, workload: str) -> Declared:
        """A workload that was measured, as the first of its files declares it."""
        return self.by_workload[workload][0].declared

    def place_of(self, workload: str) -> tuple[int, int]:
        """Where a workload stands in a report: as older files' ones do, then as files have them."""
        known, measured = list(of_older_files()), list(self.by_workload)
        return (known.index(workload) if workload in known else len(known)), measured.index(workload)

    @cached_property
    def by_workload(self) -> dict[str, list[Measurement]]:
        """Measurements by workload, in the files' order."""
        return grouped((item.key.workload, item) for item in self.measurements)

    def noise(self, machine: Machine) -> tuple[float, float] | None:
        """The widest A/A interval of the machine's runs; None if none was measured."""
        return self._noise.get(machine.id)

    @cached_property
    def _noise(self) -> dict[str, tuple[float, float]]:
        widest: dict[str, tuple[float, float]] = {}
        for file in self.files:
            if file.noise is not None and file.noise.aa_interval is not None:
                low, high = sorted(file.noise.aa_interval)
                before = widest.get(file.machine.id, (low, high))
                widest[file.machine.id] = (min(low, before[0]), max(high, before[1]))
        return widest

    @property
    def synthetic(self) -> bool:
        """Whether any training was done on generated data."""
        trained = self.of_kind(TASK)
        return any(run.cell.extra.data_is_generated for item in trained for run in item.runs)
