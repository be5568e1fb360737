"""A processor's clock and heat, where the kernel tells them (virtual machines seldom do).

Files: Linux, Documentation/admin-guide/pm/cpufreq.rst, Documentation/driver-api/thermal/sysfs-api.rst and
Documentation/hwmon/; x86's counts of cores too hot under ``thermal_throttle``.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Collection
from pathlib import Path

from likeforlike.devices.vendors.device import Pace

TOO_HOT = "a core was too hot"
THROTTLE_COUNT = "thermal_throttle/core_throttle_count"
SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
"""Names of the drivers whose temperatures are a processor's."""
ZONES = ("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc_thermal")
MOST_PROCESSORS = 16
"""Whose clock is read: each reading may interrupt a core."""


def read_pace(
    sys_class: Path, sys_cpu: Path, heat_events_before: int | None = None, heat_events_now: int | None = None
) -> Pace:
    """Median clock of the first processors that may be used, highest temperature; held back by grown heat."""
    clocks = [hertz for path in _clock_files(sys_cpu) if (hertz := _number(path)) is not None]
    heat = _temperatures(sys_class)
    held = None
    if heat_events_before is not None and heat_events_now is not None:
        held = (TOO_HOT,) if heat_events_now > heat_events_before else ()
    return Pace(statistics.median(clocks) * 1e3 if clocks else None, max(heat, default=None), held)


def _clock_files(sys_cpu: Path) -> list[Path]:
    first = sorted(usable())[:MOST_PROCESSORS]
    return [sys_cpu / f"cpu{number}" / "cpufreq" / "scaling_cur_freq" for number in first]


def usable() -> Collection[int]:
    """The processors that this process may use; all where the system doesn't say.

    At what clock others run, and how hot, says nothing of its work.
    """
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)


def _temperatures(sys_class: Path) -> list[float]:
    """Degrees Celsius of the processor's sensors, in either way that the kernel shows them (thousandths)."""
    files = [
        path
        for driver in sys_class.glob("hwmon/hwmon*")
        if _text(driver / "name") in SENSORS
        for path in driver.glob("temp*_input")
    ]
    zones = sys_class.glob("thermal/thermal_zone*")
    files += [zone / "temp" for zone in zones if _text(zone / "type") in ZONES]
    return [number / 1e3 for path in files if (number := _number(path)) is not None]


def heat_events(sys_cpu: Path) -> int | None:
    """How often cores that may be used were too hot since boot; None where nobody tells."""
    counts = [_number(sys_cpu / f"cpu{number}" / THROTTLE_COUNT) for number in sorted(usable())]
    readable = [int(count) for count in counts if count is not None]
    return sum(readable) if readable else None


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
