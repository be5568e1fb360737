"""Is the clock that times everything fine enough, never backwards, and right by a second clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from likeforlike.devices.check.rows import Place, Row
from likeforlike.devices.limits.units import format_seconds, plain_number

READINGS = 200_000

FINE_SECONDS, COARSE_SECONDS = 1e-6, 1e-3
"""A step up to the first is good, from the second on bad."""

DRIFT, DRIFT_BAD = 2e-4, 2e-3
"""How far two clocks may differ: NTP slews by at most 500 parts in a million, and seldom by 200."""

LEAST_SECONDS = 0.5
"""Over fewer, the time between the two readings matters more than a drift."""

SLOW_SOURCES = ("hpet", "acpi_pm", "jiffies")
"""Clock sources of the kernel that take a microsecond a reading, or are coarse."""

_REMEDY = "measure nothing here; boot with clocksource=tsc"

SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")

Clock = Callable[[], float]


def raw_clock() -> float:
    """A second clock: the counter untouched by NTP where there is one, else the calendar's."""
    if hasattr(time, "CLOCK_MONOTONIC_RAW"):
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    return time.time()


@dataclass(frozen=True)
class Pair:
    """Two clocks read at the same moment, in seconds."""

    one: float
    other: float


def read_pair(clock: Clock = time.perf_counter, second: Clock = raw_clock) -> Pair:
    """Both clocks; the first is read before and after the second, and its mean taken."""
    before = clock()
    other = second()
    return Pair((before + clock()) / 2, other)


def step_rows(place: Place, clock: Clock = time.perf_counter, readings: int = READINGS) -> list[Row]:
    """Resolution and monotonicity, from readings one after another."""
    least, back, first = float("inf"), 0.0, clock()
    last = first
    for _ in range(readings):
        now = clock()
        step = now - last
        if step < 0:
            back = max(back, -step)
        elif 0 < step < least:
            least = step
        last = now
    cost = (last - first) / readings
    return [_resolution(place, least, cost), _monotonic(place, back, readings)]


def _resolution(place: Place, least: float, cost: float) -> Row:
    what, remedy = "clock's resolution", "boot with clocksource=tsc; on a virtual machine ask its host"
    if least == float("inf"):
        return place.bad(what, "it stands still", remedy)
    found = f"steps of {format_seconds(least)}, a reading takes {format_seconds(max(cost, 0.0))}"
    if least >= COARSE_SECONDS:
        return place.bad(what, found, remedy)
    return place.good(what, found) if least <= FINE_SECONDS else place.warn(what, found, remedy)


def _monotonic(place: Place, back: float, readings: int) -> Row:
    if back > 0:
        remedy = "measure nothing here; boot with another clocksource"
        return place.bad("clock goes forward", f"it went back by {format_seconds(back)}", remedy)
    return place.good("clock goes forward", f"in all of {readings:,} readings")


def agreement_row(place: Place, before: Pair, after: Pair) -> Row:
    """Whether both clocks saw the same time pass."""
    one, other = after.one - before.one, after.other - before.other
    what = "a second clock agrees"
    if other < LEAST_SECONDS and one < LEAST_SECONDS:
        return place.not_measurable(what, f"too little time passed, {format_seconds(max(other, 0.0))}")
    if other <= 0:
        return place.bad(what, "the second clock stands still", _REMEDY)
    drift = one / other - 1
    found = f"{plain_number(abs(drift) * 1e6, 2)} parts in a million apart over {format_seconds(other)}"
    if abs(drift) > DRIFT_BAD:
        return place.bad(what, found, _REMEDY)
    if abs(drift) > DRIFT:
        return place.warn(what, found, "let NTP settle, then check again")
    return place.good(what, found)


def source_row(place: Place, source: Path = SOURCE) -> Row:
    """What the kernel counts with."""
    try:
        name = source.read_text().strip()
    except OSError:
        return place.not_measurable("clock source", "the kernel doesn't tell")
    if name in SLOW_SOURCES:
        return place.warn("clock source", name, "boot with clocksource=tsc, if the processor's is stable")
    return place.good("clock source", name)
