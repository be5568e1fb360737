"""Geometric means of ratios, one for each device and workload, never across them.

What a machine's processor and its GPU take for a product are two questions; a mean over both answers neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.machines import Machine
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.sort.measured.study import Study


@dataclass(frozen=True)
class GeometricMean:
    """Mean ratio over the cells of one device and workload that two machines, or two files, both have."""

    machine: Machine
    """The other's."""
    file: str
    """The other's file, where it stands beside others of its machine; else empty."""
    base_file: str
    """The base's, likewise."""
    device: str
    workload: str
    comparisons: tuple[Comparison, ...]

    @property
    def ratio(self) -> float:
        """Time of the other over that of the base."""
        logs = [math.log(item.verdict.estimate.ratio) for item in self.comparisons]
        return math.exp(sum(logs) / len(logs))

    @property
    def cells(self) -> int:
        """How many cells it rests on."""
        return len(self.comparisons)

    @property
    def keys(self) -> list[Key]:
        """The cells it rests on."""
        return [item.base.key.bare for item in self.comparisons]

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What it is of."""
        return self.machine.id, self.file, self.base_file, self.device, self.workload

    def count(self, word: str) -> int:
        """Cells of this verdict."""
        return sum(item.word == word for item in self.comparisons)

    @property
    def faster(self) -> int:
        """Cells in which the other is faster."""
        return self.count("faster")

    @property
    def slower(self) -> int:
        """Cells in which it is slower."""
        return self.count("slower")

    @property
    def same(self) -> int:
        """Cells in which the two are the same."""
        return self.count("same")

    @property
    def unclear(self) -> int:
        """Cells of which nobody can tell."""
        return self.count("unclear")


def geometric_means(study: Study, compared: Iterable[Comparison]) -> list[GeometricMean]:
    """For each machine but the baseline, or file but the base, by device and workload; no cell in doubt."""
    machines = {machine.id: machine for machine in study.machines}
    ranks = {name: rank for rank, name in enumerate(machines)}
    sound = [item for item in compared if not item.doubt and not item.barred]
    groups = grouped((_place(item), item) for item in sorted(sound, key=_by(ranks)))
    return [
        GeometricMean(machines[machine], file, base_file, device, workload, tuple(items))
        for (machine, file, base_file, device, workload), items in groups.items()
    ]


def _by(ranks: dict[str, int]) -> Callable[[Comparison], int]:
    return lambda item: ranks[item.other.machine.id]


def _place(item: Comparison) -> tuple[Hashable, str, str, str, str]:
    key = item.other.key
    return item.other.machine.id, key.apart, item.base.key.apart, key.device, key.workload
