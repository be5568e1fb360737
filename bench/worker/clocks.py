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


def witness() -> float:
    """Seconds of a clock that no option names: the raw monotonic one, where there is one."""
    return _read_nanoseconds() * 1e-9


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
    """Raise CellFailed where the clock and the witness disagree over most calls.

    ``witnessed`` holds the seconds that the witness saw from just before each call to just after it.
    """
    if not seconds:
        return
    least = statistics.median(LEAST_SHARE * wide - READING_SECONDS for wide in witnessed)
    most = statistics.median(wide / LEAST_SHARE + READING_SECONDS for wide in witnessed)
    found, seen = statistics.median(seconds), statistics.median(witnessed)
    if not least <= found <= most:
        told = f"{found:.3g} s a call by the clock, {seen:.3g} s by an independent one"
        raise CellFailed("wrong-answer", f"two clocks disagree: {told}")
