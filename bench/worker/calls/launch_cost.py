"""Inside a worker: what waiting costs, and a kernel's time without the host's part in it.

The samples are of one call and one wait, by the host's clock. Beside them stand many calls back to back
before one wait and, for kernels on a GPU as far as its framework offers them, the device's own time by events
and a captured graph launched again. None of them is a sample, and nothing is taken out of any.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

from likeforlike.bench.worker.clocks import Clock
from likeforlike.bench.worker.outcomes import reason_of
from likeforlike.models.contract.kernel import Kernel

WAITS = 30
EVENTS = 7
BATCHES = 5
BATCH_SECONDS = 0.01
LEAST_CALLS, MOST_CALLS = 3, 500
"""Of a batch. Work that is queued holds its results until it is done: of large ones a batch has few."""
LONGEST_SECONDS = 0.02
"""Of calls that take longer a launch is no part worth telling (some microseconds)."""

Figure = dict[str, Any]


def waiting_seconds(kernel: Kernel, result: Any, clock: Clock) -> float:
    """The median time of a wait for work that is done: what waiting alone adds to each sample."""
    kernel.wait(result)
    found = []
    for _ in range(WAITS):
        begin = clock()
        kernel.wait(result)
        found.append(clock() - begin)
    return statistics.median(found)


def launch_cost(
    kernel: Kernel, on_gpu: bool, call_seconds: float, clock: Clock, empty: Callable[[], None] | None = None
) -> dict[str, Figure]:
    """``events``, ``back_to_back`` and ``replayed``: each its seconds a call, or why there are none.

    ``empty`` empties the caches, before what is one call alone; what follows itself finds its operands there,
    so that there are no such figures of cold caches.
    """
    long = f"a call takes more than {LONGEST_SECONDS * 1e3:.0f} ms: its launch is no part of it worth telling"
    cold = "calls back to back find their operands in the caches"
    reason = cold if empty else long if call_seconds > LONGEST_SECONDS else ""
    count = max(LEAST_CALLS, min(MOST_CALLS, math.ceil(BATCH_SECONDS / max(call_seconds, 1e-9))))
    figures = {
        "back_to_back": _without(reason)
        if reason
        else _tried(lambda: _batches(kernel, kernel.call, count, clock))
    }
    if on_gpu:
        figures |= {"events": _events(kernel, empty), "replayed": _replayed(kernel, reason, count, clock)}
    return figures


def _without(reason: str) -> Figure:
    return {"not_measurable": reason}


def _tried(measure: Callable[[], Figure]) -> Figure:
    """What accompanies a figure ends no cell."""
    try:
        return measure()
    except Exception as error:
        return _without(reason_of(error))


def _batches(kernel: Kernel, call: Callable[[], Any], count: int, clock: Clock) -> Figure:
    """Calls back to back, then one wait for the last."""
    seconds = []
    kernel.wait(call())
    for _ in range(BATCHES):
        begin = clock()
        for _ in range(count):
            result = call()
        kernel.wait(result)
        seconds.append((clock() - begin) / count)
    return {"seconds": seconds, "calls": count}


def _events(kernel: Kernel, empty: Callable[[], None] | None) -> Figure:
    offered = kernel.on_gpu
    if offered is None or offered.seconds_by_events is None:
        return _without(offered.no_events if offered else "the kernel offers no events")
    by_events = offered.seconds_by_events

    def measure() -> Figure:
        by_events(kernel.call)
        seconds = []
        for _ in range(EVENTS):
            if empty is not None:
                empty()
            seconds.append(by_events(kernel.call))
        return {"seconds": seconds, "calls": 1}

    return _tried(measure)


def _replayed(kernel: Kernel, reason: str, count: int, clock: Clock) -> Figure:
    """A captured graph launched again and again, then one wait."""
    offered = kernel.on_gpu
    if offered is None or offered.capture is None:
        return _without(offered.no_capture if offered else "the kernel offers no capture")
    if reason:
        return _without(reason)
    capture = offered.capture
    return _tried(lambda: _batches(kernel, capture(kernel.call), count, clock))
