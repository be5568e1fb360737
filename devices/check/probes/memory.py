"""Does the counter of a device's memory move when memory is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from likeforlike.devices.check.probes.operations import Operations
from likeforlike.devices.check.rows import Facts, Place, Row
from likeforlike.devices.machine.bookkeeping import told

MEBIBYTE = 2**20

ROWS = 4096
"""Of a square matrix, 64 MiB as float32 and 128 MiB as float64, which a counter of memory has to notice."""

NOTICED_SHARE = 0.9


def observe(made: Operations, on_host: bool, peak_bytes: Callable[[], int | None]) -> dict[str, object]:
    """The high-water mark of memory, in bytes, before and after a matrix was placed.

    ``on_host``: the mark is of the host's memory, where the float64 original lies too.
    """
    before = told(peak_bytes)
    original = np.ones((ROWS, ROWS))
    held = made.put(original, "float32")
    after = told(peak_bytes)
    del held
    return {
        "before_bytes": before,
        "after_bytes": after,
        "held_bytes": original.nbytes // 2 + on_host * original.nbytes,
    }


def resident_peak_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """This process's high-water mark of resident memory (proc(5), VmHWM)."""
    for line in status.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def row(place: Place, facts: Facts) -> Row:
    """Whether the mark rose by what was held."""
    before, after, held = facts["before_bytes"], facts["after_bytes"], facts["held_bytes"]
    if before is None or after is None:
        return place.not_measurable("memory counter", "no high-water mark here", "is /proc hidden?")
    risen = f"{(after - before) / MEBIBYTE:.0f} MiB more after {held / MEBIBYTE:.0f} MiB were taken"
    if after - before < NOTICED_SHARE * held:
        return place.bad("memory counter", risen, "believe no peak memory from here")
    return place.good("memory counter", risen)
