"""Inside a worker: what a training has freed goes back to the system before the next epoch would not fit.

glibc keeps freed blocks for later (malloc(3), mallopt(3)). A training that frees a large buffer every epoch,
as ``tf.data`` does with one to shuffle in, may grow by it every epoch until the memory is at its end.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.resources import free_memory_bytes

GROWN = 1.5
"""Times what the process held after its first epoch: one that grows no further is left alone."""
EPOCHS_AHEAD = 2
"""So many more must fit."""


def resident_bytes() -> int:
    """Resident memory of this process."""
    return int(psutil.Process().memory_info().rss)


def trim() -> int:
    """Give freed memory back by malloc_trim(3). Raises AttributeError where the C library has none."""
    return int(ctypes.CDLL(None).malloc_trim(0))


@dataclass
class FreedMemory:
    """Between epochs; untimed."""

    limit_bytes: int
    """The most that this process may hold; 0: nobody has said."""
    floor_bytes: int
    """What must stay free on the machine."""
    resident: Callable[[], int] = resident_bytes
    free: Callable[[], int] = free_memory_bytes
    give_back: Callable[[], int] = trim
    times: int = 0
    """How often it was given back."""
    _first: int = 0
    _before: int = 0
    _largest_growth: int = 0

    def after_epoch(self) -> None:
        """Give it back if the process has grown, and would soon outgrow its limit or the machine."""
        now = told(self.resident) if self.limit_bytes else None
        if now is None:
            return
        self._first = self._first or now
        self._largest_growth = max(self._largest_growth, now - (self._before or now))
        if now >= GROWN * self._first and not self._fits(now) and told(self.give_back) is not None:
            self.times += 1
            now = told(self.resident) or now
        self._before = now

    def _fits(self, now: int) -> bool:
        ahead = EPOCHS_AHEAD * self._largest_growth
        free = told(self.free)
        return now + ahead <= self.limit_bytes and (free is None or free - ahead >= self.floor_bytes)
