"""How many threads of this process work at once, by the kernel's own account of each."""

from __future__ import annotations

import time
from pathlib import Path

TURNS = 12


def wanted_seconds():
    """Seconds for which threads wanted a processor: on one, or ready and kept waiting by other programs."""
    counts = [(task / "schedstat").read_text().split() for task in Path("/proc/self/task").iterdir()]
    return sum(int(running) + int(waiting) for running, waiting, _ in counts) / 1e9


def threads_at_once(call):
    """Threads that want a processor during these calls, averaged over time.

    Near 1 also where work is handed from thread to thread, and near 2 for two of them also on a busy machine.
    """
    call()
    begin, before = time.monotonic(), wanted_seconds()
    for _ in range(TURNS):
        call()
    return (wanted_seconds() - before) / (time.monotonic() - begin)
