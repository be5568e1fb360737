"""``--sustained``: a device is loaded until its clock and its temperature are level, or for so many seconds.

Short turns measure a device that is cool and boosts. Level is where two halves of the last ten seconds agree.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from likeforlike.devices.vendors.device import Pace

WINDOW_SECONDS = 10.0
LEAST_READINGS = 3
"""Of either half of the window."""
CLOCK_SHARE = 0.01
CELSIUS = 1.0
"""By no more may the halves' means differ, of the clock as a share."""
LONGEST_SECONDS = 300.0
"""A device that is not level by then is measured as it is, which is told."""
UNREAD_SECONDS = 30.0
"""For so long is loaded what tells neither clock nor temperature."""
EXPECTED_SECONDS = UNREAD_SECONDS
"""For so long, before any of the run has shown it, until a device is level."""
LOAD_SECONDS = 1.0
"""One entrant's turn of loading."""

ASKED, LEVEL, LONGEST, UNREAD = "asked", "level", "longest", "not readable"
"""Why loading ended: as long as asked, level, not level in the longest time, nothing there to be level."""


@dataclass
class Levelling:
    """Readings while a device is loaded, one after each turn of loading."""

    asked_seconds: float | None = None
    """For how long, whatever the readings say; None: until it is level."""
    readings: list[tuple[float, Pace]] = field(default_factory=list)

    def add(self, seconds: float, pace: Pace | None) -> None:
        """A reading, so many seconds after loading began; None: it could not be read."""
        self.readings.append((seconds, pace or Pace()))

    def ended(self) -> str:
        """Why loading ends now; empty if it goes on."""
        if not self.readings:
            return ""
        seconds, known = self.readings[-1][0], any(pace.known for _, pace in self.readings)
        if self.asked_seconds is not None:
            return ASKED if seconds >= self.asked_seconds else ""
        if not known:
            return UNREAD if seconds >= UNREAD_SECONDS else ""
        if self._level(seconds):
            return LEVEL
        return LONGEST if seconds >= LONGEST_SECONDS else ""

    def _level(self, now: float) -> bool:
        """Whether the halves of the window agree, of what is told."""
        if now < WINDOW_SECONDS:
            return False
        middle = now - WINDOW_SECONDS / 2
        window = [(when, pace) for when, pace in self.readings if when >= now - WINDOW_SECONDS]
        first = [pace for when, pace in window if when < middle]
        last = [pace for when, pace in window if when >= middle]
        clocks = _means([p.clock_hertz for p in first], [p.clock_hertz for p in last])
        heat = _means([p.celsius for p in first], [p.celsius for p in last])
        if min(len(first), len(last)) < LEAST_READINGS or (clocks is None and heat is None):
            return False
        steady = clocks is None or abs(clocks[1] - clocks[0]) <= CLOCK_SHARE * clocks[0]
        return steady and (heat is None or abs(heat[1] - heat[0]) <= CELSIUS)

    def facts(self) -> dict[str, Any]:
        """For the result file: for how long, why it ended, and the pace at both ends."""
        if not self.readings:
            return {}
        first, last = self.readings[0][1], self.readings[-1][1]
        told = {"seconds": self.readings[-1][0], "ended": self.ended(), "asked_seconds": self.asked_seconds}
        return {**told, "first": asdict(first), "last": asdict(last)}


def _means(first: Sequence[float | None], last: Sequence[float | None]) -> tuple[float, float] | None:
    """Means of two lists of readings; None where one of them has none."""
    known = [[value for value in part if value is not None] for part in (first, last)]
    return (statistics.fmean(known[0]), statistics.fmean(known[1])) if all(known) else None
