"""The processor behind the seam that all makers share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeforlike.devices.vendors.cpu import SYS_CPU, find_cpu
from likeforlike.devices.vendors.cpu_pace import heat_events, read_pace
from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable, Pace, Readings
from likeforlike.devices.vendors.rapl import SYS_CLASS, processor_energy


class CpuReadings:
    """The processor's energy, clock and heat; its company is the machine's (`machine.state`)."""

    def __init__(self, sys_class: Path, sys_cpu: Path = SYS_CPU) -> None:
        self._sys_class, self._sys_cpu = sys_class, sys_cpu
        self._heat_events = heat_events(sys_cpu)

    def state(self) -> dict[str, Any]:
        """Nothing that the machine's state doesn't have already."""
        return {}

    def held_back(self) -> list[str]:
        """Nothing reads it without privileges."""
        return []

    def pace(self) -> Pace:
        """Of all processors that tell; held back if a core was too hot since the reading before."""
        before, self._heat_events = self._heat_events, heat_events(self._sys_cpu)
        return read_pace(self._sys_class, self._sys_cpu, before, self._heat_events)

    def energy(self) -> EnergyCounter | NotMeasurable:
        """RAPL or amd_energy."""
        return processor_energy(self._sys_class)


class Cpu:
    """All processors of the machine as one device; ``sys_class`` stands in for /sys/class."""

    name = "cpu"
    untested = None
    jax_platform = "cpu"
    builds: Mapping[str, str] = {}
    variables: frozenset[str] = frozenset()

    def __init__(self, sys_class: Path | None = None) -> None:
        self._sys_class = sys_class

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """cpu:0."""
        return [find_cpu()]

    @contextmanager
    def opened(self, device: Device) -> Iterator[Readings | None]:
        """Nothing needs opening."""
        yield CpuReadings(SYS_CLASS if self._sys_class is None else self._sys_class)

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """Always there."""
        return {}
