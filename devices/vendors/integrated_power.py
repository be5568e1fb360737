"""Joules from watts: power read again and again and summed, for devices that count no energy themselves."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from likeforlike.devices.vendors.device import EnergyCounter

INTERVAL_SECONDS = 0.05


class PowerIntegral:
    """The trapezoid rule over readings of power."""

    def __init__(self, read_watts: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        """Read once, as the origin. Raises whatever the reading raises."""
        self._read_watts, self._clock = read_watts, clock
        self._lock = threading.Lock()
        self._joules = 0.0
        self._watts, self._seconds = read_watts(), clock()

    def read(self) -> float:
        """Joules since the origin, a reading at this moment included."""
        with self._lock:
            watts, now = self._read_watts(), self._clock()
            self._joules += (watts + self._watts) / 2 * (now - self._seconds)
            self._watts, self._seconds = watts, now
            return self._joules


def integrated(source: str, read_watts: Callable[[], float]) -> EnergyCounter:
    """A counter that a thread of its own keeps reading, at :data:`INTERVAL_SECONDS`, until it is closed."""
    integral = PowerIntegral(read_watts)
    stop = threading.Event()

    def keep_reading() -> None:
        while not stop.wait(INTERVAL_SECONDS):
            with contextlib.suppress(Exception):  # whoever wants the figure reads too, and is told
                integral.read()

    threading.Thread(target=keep_reading, daemon=True, name="power").start()
    return EnergyCounter(source, integral.read, 0.0, INTERVAL_SECONDS, stop.set)
