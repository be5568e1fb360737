"""The processor's energy: RAPL through powercap, or the driver amd_energy. No figure where it is denied.

Files and units: Linux, Documentation/power/powercap/powercap.rst and Documentation/hwmon/amd_energy.rst, both
in microjoules; the registers behind them move about once a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from likeforlike.devices.vendors.device import EnergyCounter, NotMeasurable

SYS_CLASS = Path("/sys/class")
MICRO = 1e-6
FULL_POWER_WATTS = 1000.0
"""Taken as the most that a package draws where its zone names no limit: more than any sold."""
OVER_LIMIT = 2.0
"""Short-term power may exceed the long-term limit; twice it is never reached for long."""


class Zone:
    """One counter file; its wraparounds are added up."""

    def __init__(self, path: Path, range_joules: float | None) -> None:
        """Read once, as the origin. Raises OSError where the reading is denied, ValueError if no number."""
        self.path, self.range_joules = path, range_joules
        self._last, self._wrapped = self._raw(), 0.0

    def _raw(self) -> float:
        return int(self.path.read_text()) * MICRO

    def read(self) -> float:
        """Joules since the counter's own origin, monotone as long as no two wraparounds lie between reads."""
        now = self._raw()
        if now < self._last and self.range_joules is not None:
            self._wrapped += self.range_joules
        self._last = now
        return self._wrapped + now


def processor_energy(sys_class: Path = SYS_CLASS) -> EnergyCounter | NotMeasurable:
    """The energy of all packages together, with their memory where that has a zone of its own."""
    zones = _powercap_zones(sys_class / "powercap")
    if zones:
        return _counter(zones, "RAPL through powercap")
    sockets = _amd_energy_sockets(sys_class / "hwmon")
    if sockets:
        return _counter(sockets, "amd_energy")
    return NotMeasurable(
        "no RAPL package in /sys/class/powercap and no amd_energy in /sys/class/hwmon (virtual machines "
        "have neither)"
    )


def _counter(files: list[tuple[str, Path]], name: str) -> EnergyCounter | NotMeasurable:
    zones = []
    for _, path in files:
        try:
            zones.append(Zone(path, _number(path.parent / "max_energy_range_uj")))
        except PermissionError:
            return NotMeasurable(f"{path} may not be read: root alone may, or all after chmod a+r")
        except (OSError, ValueError) as error:
            return NotMeasurable(f"{path} gives no number ({type(error).__name__})")
    labels = ", ".join(label for label, _ in files)
    return EnergyCounter(
        f"{name}: {labels}", _total(zones), MICRO * len(zones), wraps_within_seconds=_shortest_wrap(zones)
    )


def _total(zones: list[Zone]) -> Callable[[], float]:
    return lambda: sum(zone.read() for zone in zones)


def _shortest_wrap(zones: list[Zone]) -> float | None:
    """Within what time none of the counters can have gone round, at more power than they can draw."""
    ranges = [
        zone.range_joules / (OVER_LIMIT * (_limit_watts(zone.path.parent) or FULL_POWER_WATTS))
        for zone in zones
        if zone.range_joules is not None
    ]
    return min(ranges, default=None)


def _limit_watts(zone: Path) -> float | None:
    """The highest of the limits that a zone names."""
    named = [_number(path) for path in zone.glob("constraint_*_power_limit_uw")]
    return max((watts for watts in named if watts), default=None)


def _powercap_zones(folder: Path) -> list[tuple[str, Path]]:
    """Packages, and their memory, which no package counts; not psys, nor cores, which others count too."""
    found = []
    for zone in sorted(folder.glob("intel-rapl:*")):
        label = _line(zone / "name")
        package = re.fullmatch(r"intel-rapl:\d+", zone.name) and label.startswith("package")
        memory = re.fullmatch(r"intel-rapl:\d+:\d+", zone.name) and label == "dram"
        if package or memory:
            found.append((label, zone / "energy_uj"))
    # without a package the memory's alone is no energy of the work
    return found if any(label.startswith("package") for label, _ in found) else []


def _amd_energy_sockets(folder: Path) -> list[tuple[str, Path]]:
    """The sockets' inputs; the cores' are part of them."""
    found = []
    for driver in sorted(folder.glob("hwmon*")):
        if _line(driver / "name") == "amd_energy":
            for path in sorted(driver.glob("energy*_label")):
                label = _line(path)
                if label.startswith("Esocket"):
                    found.append((label, driver / path.name.replace("_label", "_input")))
    return found


def _number(path: Path) -> float | None:
    text = _line(path)
    return int(text) * MICRO if text.isdigit() else None


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
