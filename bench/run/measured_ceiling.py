"""What this machine was measured to reach, for the precisions and devices of a run: kept, or measured now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from likeforlike.bench.plan.cells import Cell
from likeforlike.devices.limits.bandwidths import MEMORY, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Reached
from likeforlike.devices.limits.units import format_bandwidth, format_rate
from likeforlike.devices.process.measured_ceilings import (
    Measured,
    Wanted,
    best_bandwidths,
    best_of,
    installed_frameworks,
    keep,
    lacking,
    measure,
    read_kept,
)
from likeforlike.devices.vendors.device import Device

Place = tuple[str, str]
"""A device, and a precision or ``MEMORY``."""


class MeasuredCeiling:
    """The rates that the cells of a run are held against.

    Of the frameworks that the run uses, since no figure of it can come from another; those kept from other
    runs, and from ``likeforlike devices --measure``, count as well.
    """

    def __init__(
        self,
        kept_in: Path,
        devices: Mapping[str, Device],
        threads: int,
        say: Callable[[str], None],
        measure: Callable[..., tuple[list[Measured], list[str]]] = measure,
    ) -> None:
        self._kept_in = kept_in
        self._devices = devices
        self._threads = threads
        self._say = say
        self._measure = measure
        self._wanted: list[Wanted] = []
        self._rates: list[Measured] = []

    def begin(self, cells: Iterable[Cell]) -> None:
        """Take what is kept for these cells, and measure what is not."""
        self._wanted = wanted_of(cells, self._devices)
        names = {want.device.id: want.device.name for want in self._wanted}
        self._rates = [r for r in read_kept(self._kept_in) if names.get(r.device) == r.device_name]
        missing = lacking(self._wanted, self._rates)
        if missing:
            self._say("measuring what this machine reaches at most; kept (--no-measured-ceiling: without)")
            self._add(missing)
        for (device, precision), rate in best_of(self._rates).items():
            if any(precision in want.precisions and want.device.id == device for want in self._wanted):
                told = f"{format_rate(rate.flop_per_second)}, {rate.reached.source}"
                self._say(f"{device} reaches at {precision}: {told}")
        for device, found in best_bandwidths(self._rates).items():
            if any(MEMORY in want.precisions and want.device.id == device for want in self._wanted):
                told = f"{format_bandwidth(found.bytes_per_second)}, {found.reached.source}"
                self._say(f"{device} reaches through memory: {told}")

    def again(self, places: Collection[Place]) -> None:
        """Measure once more at some devices and precisions, before a figure there is called suspicious."""
        repeated = []
        for want in self._wanted:
            precisions = tuple(p for p in want.precisions if (want.device.id, p) in places)
            if precisions:
                repeated.append(Wanted(want.device, want.framework, precisions))
        self._add(repeated)

    def _add(self, wanted: list[Wanted]) -> None:
        rates, faults = self._measure(wanted, self._threads)
        for fault in faults:
            self._say(f"NOTE: not measured, what this machine reaches: {fault}")
        keep(self._kept_in, rates)
        self._rates += rates

    @property
    def reached(self) -> dict[Place, Reached]:
        """The best rate by device and precision."""
        return {place: rate.reached for place, rate in best_of(self._rates).items()}

    @property
    def bandwidths(self) -> dict[str, ReachedBandwidth]:
        """The best bandwidth of memory by device."""
        return {device: found.reached for device, found in best_bandwidths(self._rates).items()}

    def bandwidth_facts(self) -> list[dict[str, Any]]:
        """For the result file's header."""
        return [
            {"device": device, "bytes_per_second": found.bytes_per_second, "source": found.source}
            for device, found in self.bandwidths.items()
        ]

    def facts(self) -> list[dict[str, Any]]:
        """For the result file's header."""
        return [
            {
                "device": device,
                "precision": precision,
                "flop_per_second": reached.flop_per_second,
                "source": reached.source,
            }
            for (device, precision), reached in self.reached.items()
        ]


def wanted_of(cells: Iterable[Cell], devices: Mapping[str, Device]) -> list[Wanted]:
    """Devices, frameworks and precisions of the cells whose work is counted; memory where bytes are."""
    installed = installed_frameworks()
    found: dict[tuple[str, str], dict[str, None]] = {}
    for cell in cells:
        counted = [precision_of(cell), MEMORY if bytes_of(cell) is not None else None]
        if cell.skip_reason is None and any(counted) and cell.entry.framework in installed:
            place = (whole_device(cell.device), cell.entry.framework)
            found.setdefault(place, {}).update(dict.fromkeys(filter(None, counted)))
    return [
        Wanted(devices[device], framework, tuple(precisions))
        for (device, framework), precisions in found.items()
        if device in devices
    ]


def precision_of(cell: Cell) -> str | None:
    """The precision at which a cell's operations are counted; None where they are not."""
    if cell.recipe is not None:
        return cell.recipe.arithmetic
    axes = dict(cell.axes)
    counted = cell.kind == "kernel" and cell.declaration.flop(axes) is not None
    return cell.declaration.precision_of(axes) if counted else None


def bytes_of(cell: Cell) -> float | None:
    """The bytes that a cell's call moves; None where they are not counted."""
    return cell.declaration.bytes_moved(dict(cell.axes)) if cell.kind == "kernel" else None


def whole_device(device: str) -> str:
    """A logical CPU has the whole processor."""
    return "cpu:0" if device.startswith("cpu") else device
