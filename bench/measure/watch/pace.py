"""Clock, temperature and throttle reasons of a cell's device, read right after each of its samples."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from likeforlike.bench.plan.cells import Cell
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.vendors.device import Device, Maker, Pace, Readings
from likeforlike.devices.vendors.makers import MAKERS, opened


class PaceWatch:
    """The devices of a group, open while it is measured. What can't be read is unknown, and ends no cell."""

    def __init__(self, devices: Mapping[str, Device], makers: Sequence[Maker] = MAKERS) -> None:
        self._devices, self._makers = devices, makers
        self._readings: dict[str, Readings | None] = {}
        self._resources = contextlib.ExitStack()

    def begin(self, cells: Sequence[Cell]) -> None:
        """Open the devices of these cells."""
        for name in dict.fromkeys(cell.device for cell in cells):
            self._readings[name] = told(
                lambda device: self._resources.enter_context(opened(device, self._makers)),
                self._devices[name],
            )

    def read(self, cell: Cell) -> Pace | None:
        """That of the cell's device now."""
        readings = self._readings.get(cell.device)
        return None if readings is None else told(readings.pace)

    def end(self) -> None:
        """Give the devices back."""
        told(self._resources.close)
        self._readings.clear()


def pace_facts(paces: Sequence[Pace | None]) -> dict[str, Any] | None:
    """One list each, parallel to the samples; None where nothing was told of any."""
    known = [pace or Pace() for pace in paces]
    if all(pace == Pace() for pace in known):
        return None
    return {
        "clock_hertz": [pace.clock_hertz for pace in known],
        "celsius": [pace.celsius for pace in known],
        "held_back": [None if pace.held_back is None else list(pace.held_back) for pace in known],
    }
