"""Clocks taken before any implementation is imported, and what tells that one was tampered with.

A worker imports this first. An implementation could only deceive it by replacing our own code, against
which nothing within one process helps; the harness's clock, in another process, is held against it too.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from likeforlike.bench.worker.outcomes import CellFailed

Clock = Callable[[], float]

_RAW = getattr(time, "CLOCK_MONOTONIC_RAW", None)
_read_nanoseconds = (
    time.perf_counter_ns if _RAW is None else partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC_RAW)
)
_NAMES = ("perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "time", "time_ns", "process_time")
_ORIGINALS: dict[str, object] = {f"time:{name}": getattr(time, name) for name in _NAMES}

LEAST_SHARE = 0.9
"""A call's seconds must be at least this share of those that the witness saw around it, at most 1 over it."""
READING_SECONDS = 1e-5
"""What reading two clocks may take on top of it."""
LEAST_CALLS = 3
LYING_SHARE = 0.9
"""Of a cell's calls, those over which the two must disagree for the clock to be called false."""


def witness() -> float:
    """Seconds of a clock that no option names: the raw monotonic one, where there is one."""
    return _read_nanoseconds() * 1e-9


processor_seconds: Clock = time.process_time
"""Seconds that the processor worked for this process, in all of its threads."""


def named_clock(name: str) -> Clock:
    """The clock that ``module:function`` names, in seconds, as it was when it was first asked for."""
    if name not in _ORIGINALS:
        module, _, attribute = name.partition(":")
        _ORIGINALS[name] = getattr(importlib.import_module(module), attribute)
    return _ORIGINALS[name]  # type: ignore[return-value]


def refuse_replaced_clocks() -> None:
    """Raise CellFailed where a clock's name no longer stands for the clock that it stood for."""
    for name, original in _ORIGINALS.items():
        module, _, attribute = name.partition(":")
        if getattr(importlib.import_module(module), attribute, None) is not original:
            raise CellFailed(
                "wrong-answer", f"{module}.{attribute} was replaced while the implementation ran"
            )


def refuse_disagreement(seconds: Sequence[float], witnessed: Sequence[float]) -> None:
    """Raise CellFailed where the clock and the witness disagree over nearly every call.

    ``witnessed`` holds the seconds that the witness saw from just before each call to just after it. Between
    the readings of the two a busy machine may put a process aside: now and then, yet not always.
    """
    apart = [not _agree(found, seen) for found, seen in zip(seconds, witnessed, strict=True)]
    if len(apart) >= LEAST_CALLS and sum(apart) >= LYING_SHARE * len(apart):
        found, seen = statistics.median(seconds), statistics.median(witnessed)
        told = f"{found:.3g} s a call by the clock, {seen:.3g} s by an independent one"
        raise CellFailed("wrong-answer", f"two clocks disagree: {told}")


def _agree(seconds: float, witnessed: float) -> bool:
    return LEAST_SHARE * witnessed - READING_SECONDS <= seconds <= witnessed / LEAST_SHARE + READING_SECONDS
