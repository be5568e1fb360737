"""Waiting for a neighbour's burst to end, before what it disturbed is measured once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from likeforlike.devices.machine.load.processor_use import competing_fraction, container_fraction, read_use

QUIET_SHARE = 0.1
"""Of the usable cores, or of the container's quota, what others may take without disturbing."""
_WINDOW_SECONDS = 0.25
_LONGEST_SECONDS = 15.0
"""At once: a neighbour that goes on for longer is there to stay."""
_SHARE = 0.5
"""Of the run's time so far, what may go into waiting on top of the first seconds."""


class Patience:
    """How long a run has waited for others to pause, and may yet."""

    def __init__(
        self,
        first_seconds: float,
        read: Callable[[], dict[str, Any]] = read_use,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``first_seconds``: in all, and half of the run's time besides; 0: waits for nobody."""
        self._first_seconds = first_seconds
        self._read = read
        self._clock = clock
        self._sleep = sleep
        self._begun = clock()
        self.waited_seconds = 0.0

    def wait(self) -> bool:
        """Wait until others leave the processor alone for a moment; whether they do.

        Only while nothing of ours runs. What can't be read keeps nobody waiting.
        """
        if not self._first_seconds:
            return True
        until = self._clock() + min(_LONGEST_SECONDS, self._left())
        while True:
            before, started = self._read(), self._clock()
            self._sleep(_WINDOW_SECONDS)
            after, passed = self._read(), self._clock() - started
            shares = competing_fraction(before, after), container_fraction(before, after, passed)
            if all(share is None or share < QUIET_SHARE for share in shares):
                return True
            self.waited_seconds += self._clock() - started
            if self._clock() >= until:
                return False

    def _left(self) -> float:
        return self._first_seconds + _SHARE * (self._clock() - self._begun) - self.waited_seconds
