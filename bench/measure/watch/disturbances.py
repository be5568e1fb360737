"""The machine around a group and around each sample, and what disturbed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from likeforlike.bench.measure.watch.energy import EnergyWatch
from likeforlike.bench.measure.watch.pace import PaceWatch
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.worker.messages import Sample
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.state import Probe, busy, disturbance, drew_as_well, snapshot
from likeforlike.devices.vendors.device import Device, Pace


class MachineWatch:
    """Flags samples that the machine disturbed; flags, never drops. What can't be read flags nothing."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices
        self._probes: dict[str, Probe | None] = {}
        self._before: dict[str, dict[str, Any] | None] = {}
        self._busy: dict[str, str | None] = {}
        self._energy = EnergyWatch(devices)
        self._pace = PaceWatch(devices)

    def begin(self, cells: Sequence[Cell]) -> None:
        """Note the machine's state before a group, once for each of its devices."""
        for name in dict.fromkeys(cell.device for cell in cells):
            device = self._devices[name]
            self._probes[name] = told(Probe, device)
            self._before[name] = told(snapshot, device)
            self._busy[name] = told(busy, device) if device.kind == "gpu" else None
        self._energy.begin(cells)
        self._pace.begin(cells)

    def before(self, cell: Cell, pids: Sequence[int]) -> None:
        """Forget what was before; the sample that comes is of a worker with these processes."""
        self._energy.before(cell)
        probe = self._probes[cell.device]
        if probe is not None:
            told(probe.start, pids)

    def after(self, cell: Cell, sample: Sample, turn: int) -> list[str]:
        """What disturbed the sample."""
        self._energy.after(cell, sample)
        return self._read(cell.device)

    def waited_seconds(self, cell: Cell) -> float | None:
        """That the last sample's worker waited for a processor; None where nobody tells."""
        probe = self._probes[cell.device]
        return None if probe is None else probe.waited_seconds

    def needs_load(self, cell: Cell) -> bool:
        """Whether its energy needs calls without a pause."""
        return self._energy.needs_load(cell)

    def loaded(self, cell: Cell, calls: int) -> None:
        """So many calls were made without a pause."""
        self._energy.loaded(cell, calls)

    def pace(self, cell: Cell) -> Pace | None:
        """Of the cell's device now."""
        return self._pace.read(cell)

    def _read(self, device: str) -> list[str]:
        probe = self._probes[device]
        return (told(probe.read) if probe is not None else None) or []

    def states(self, cell: Cell) -> dict[str, Any]:
        """The state before the group and now, and what disturbed all in between."""
        before = self._before[cell.device]
        after = told(snapshot, self._devices[cell.device], previous=before)
        known = before is not None and after is not None
        reasons = (told(disturbance, before, after) if known else None) or []
        others = (told(drew_as_well, cell.device.partition(":")[0], before, after) if known else None) or []
        if self._busy[cell.device]:
            reasons.insert(0, str(self._busy[cell.device]))
        energy = self._energy.of(cell)
        if others and "net_joules" in energy:
            energy = {"not_measurable": f"{'; '.join(others)}, whose energy the counter counts, too"}
        return {"before": before, "after": after, "disturbances": reasons, "energy": energy}

    def end(self) -> None:
        """Give the probes back."""
        self._energy.end()
        self._pace.end()
        for probe in self._probes.values():
            if probe is not None:
                probe.close()
        self._probes.clear()
