"""A cell: one point of the grid, the unit of measuring, failing, resuming and merging."""

from __future__ import annotations

from dataclasses import dataclass, field

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.workload import Kind, Workload
from likeforlike.models.registry import built_in_workloads


@dataclass(frozen=True)
class Cell:
    """Implementation × device × axes, and why it can't be measured if that is known beforehand."""

    entry: Implementation
    device: str
    axes: tuple[tuple[str, str | int | float], ...]
    group: str
    """The comparison group: cells with the same group are interleaved, and their rounds are pairs."""
    recipe: Recipe | None = None
    skip_reason: str | None = None
    concurrent: bool = False
    """Measured while a neighbour runs on another device of the machine."""
    twin_of: str = ""
    """The entrant of the same group of which this is a copy; empty: it is none."""
    declared: Workload | None = field(default=None, compare=False, repr=False)
    """Its workload, where that is none of our own."""

    @property
    def workload(self) -> str:
        """The workload's name."""
        return self.entry.workload

    @property
    def declaration(self) -> Workload:
        """Its workload as declared. Raises KeyError where nobody has declared it."""
        return self.declared or built_in_workloads()[self.workload]

    @property
    def kind(self) -> Kind:
        """What kind of workload it is of."""
        return self.declaration.kind

    @property
    def id(self) -> str:
        """Readable and unique in a grid: ``matmul-tf-eager-cpu:0-500-float32``."""
        parts = [self.workload, self.entry.name, self.device]
        for name, value in self.axes:
            if name == "run":
                parts += [f"run{value}"] if value else []
            else:
                parts.append(str(value))
        return "-".join(parts)

    @property
    def run(self) -> int:
        """Which repetition of a training it is; 0 for kernels."""
        return int(dict(self.axes).get("run", 0))

    @property
    def workers(self) -> int:
        """How many work together at a training; of anything else an axis of that name means what it will."""
        return 1 if self.recipe is None else int(dict(self.axes).get("workers", 1))

    @property
    def processes(self) -> int:
        """How many processes work together at a training, each with a framework and data of its own."""
        return self.workers if dict(self.axes).get("strategy") == "multi-worker" else 1

    @property
    def side(self) -> str:
        """The side in which it is measured; empty where there are none."""
        return str(dict(self.axes).get("side", ""))

    @property
    def folder(self) -> str:
        """The id as the name of a folder."""
        return self.id.replace(":", "").replace("/", "_")
