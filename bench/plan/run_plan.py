"""What all cells of one run share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from likeforlike.bench.plan.asked.options import Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.sides import Side
from likeforlike.devices.machine.environment import Inherited
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.training.data import Located
from likeforlike.models.registry import OURS


@dataclass(frozen=True)
class Plan:
    """What a campaign is to do and with what."""

    options: Options
    devices: Mapping[str, Device]
    threads: int
    data: Mapping[str, Located]
    """By workload, of those that are trained on data that were to be found."""
    run_id: str
    order_seed: int
    results_folder: Path
    context: Context
    once: bool = False
    """``--benchmark-disable``: call each cell once and measure nothing."""
    group_threads: Mapping[str, int] = field(default_factory=dict)
    """Threads of the comparison groups in which an entrant can't work with ``threads``."""
    code: Mapping[str, str] = field(default_factory=dict)
    """Digests of the source that measures and is measured: ours, each plug-in's, and those of sides."""
    sides: Mapping[str, Side] = field(default_factory=dict)
    """By name, the first being what the others are compared with; none where cells have no side."""
    answers_folder: Path | None = None
    """Where sides keep their answers for each other while a group is measured; None: nowhere."""
    host: Mapping[str, str] = field(default_factory=dict)
    """Which host this is, for a run that is taken up again."""

    def threads_of(self, group: str) -> int:
        """Threads that the cells of a group are given in all."""
        return self.group_threads.get(group, self.threads)

    def code_of(self, cell: Cell) -> dict[str, str]:
        """Digests of what a cell rests on: our own source, and its plug-in's; of a workload's own, too.

        What a plug-in imports from beside it has a digest of its own.
        """
        own = self.sides[cell.side].code_by_name if cell.side else {}
        if own:
            return {OURS: self.code[OURS], **own} if OURS in self.code else own
        targets = [cell.entry.target, *cell.entry.modules, *([cell.declared.target] if cell.declared else [])]
        modules = {target.partition(":")[0].partition(".")[0] for target in targets} | {OURS}
        # "mine", or "helper (imported by mine)"
        whose = {name: name.rpartition("imported by ")[2].rstrip(")") for name in self.code}
        return {name: digest for name, digest in self.code.items() if whose[name] in modules}


@dataclass(frozen=True)
class Context:
    """What all cells of a run share."""

    fingerprint: Mapping[str, Any]
    device_names: Mapping[str, str]
    target_accuracy: float | None
    """As asked for; None: each task's own."""
    data_sources: Mapping[str, str]
    """Of each workload whose data were to be found."""
    environment: tuple[Inherited, ...] = ()
    """Inherited variables that change speed or results and reach the workers."""
    side_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What each side sets besides, by its name."""
