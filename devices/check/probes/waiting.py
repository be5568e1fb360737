"""Does waiting wait, do calls return early where they should, and do events agree with the host's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from likeforlike.devices.check.probes.operations import Operations
from likeforlike.devices.check.rows import Facts, Place, Row
from likeforlike.devices.limits.units import format_seconds

REPEATS = 5

CPU_ROWS, GPU_ROWS = 1536, 4096
"""Rows of a square product that takes milliseconds, a hundred times what a call costs."""

LEFT_SHARE, LEFT_SECONDS = 0.2, 5e-4
"""More than this share of the work, and more than these seconds, left behind a wait: it did not wait."""

EARLY_SHARE = 0.5
"""A call that returns within this share of the work's time returned early."""

EVENT_MARGIN, EVENT_SECONDS = 1.02, 5e-6
"""How far events may exceed the host's time: clocks of two chips, and the events' own resolution."""

_EVENT_REMEDY = "update the driver; use host times"

EVENT_LEAST_SHARE = 0.05
"""Work of milliseconds fills more of the host's time than this, or the events stand still."""


def observe(made: Operations, rows: int, clock: Callable[[], float] = time.perf_counter) -> dict[str, object]:
    """Seconds until a call returned, until its wait did, and what was left to be done then.

    That is what reading a corner of the result takes, beyond what it takes where the result is long done.
    Also seconds by events and by the host around them, where there are events.
    """
    drawn = np.random.default_rng(7).standard_normal((2, rows, rows))
    left, right = (made.put(matrix, "float32") for matrix in drawn)
    made.fetch(made.multiply(left, right)[:1, :1])  # compiles, allocates
    times: dict[str, list[float]] = {name: [] for name in ("returned", "waited", "left", "copy")}
    for _ in range(REPEATS):
        first = made.multiply(left, right)
        made.fetch(made.multiply(first, right)[:1, :1])  # rests on the first, which is done therefore
        begin = clock()
        made.fetch(first[:1, :1])
        times["copy"].append(clock() - begin)
        begin = clock()
        result = made.multiply(left, right)
        returned = clock()
        made.wait(result)
        waited = clock()
        made.fetch(result[:1, :1])
        times["left"].append(clock() - waited)
        times["returned"].append(returned - begin)
        times["waited"].append(waited - begin)
    facts: dict[str, object] = {
        "rows": rows,
        "returns_early": made.returns_early,
        "returned_seconds": median(times["returned"]),
        "waited_seconds": median(times["waited"]),
        # the least of the one and the usual of the other, so that a busy machine makes no fault
        "left_seconds": max(0.0, min(times["left"]) - median(times["copy"])),
        "events": None,
    }
    if made.seconds_by_events is not None:
        facts["events"] = _events(made.seconds_by_events, lambda: made.multiply(left, right), clock)
    return facts


def _events(
    seconds_by_events: Callable[[Callable[[], object]], float],
    work: Callable[[], object],
    clock: Callable[[], float],
) -> list[list[float]]:
    """Pairs of seconds: by events, and by the host around them."""
    pairs = []
    for _ in range(REPEATS):
        begin = clock()
        device_seconds = seconds_by_events(work)
        pairs.append([device_seconds, clock() - begin])
    return pairs


def rows(place: Place, facts: Facts) -> list[Row]:
    """The waited call, the unwaited one, and on a GPU the events."""
    found = [_waited(place, facts), _unwaited(place, facts)]
    if (place.device or "").startswith("gpu"):
        found.append(_event_row(place, facts["events"]))
    return found


def _work_seconds(facts: Facts) -> float:
    return float(facts["waited_seconds"] + facts["left_seconds"])


def _waited(place: Place, facts: Facts) -> Row:
    left, work = facts["left_seconds"], _work_seconds(facts)
    if left > LEFT_SECONDS and left > LEFT_SHARE * work:
        found = f"of {format_seconds(work)} of work {format_seconds(left)} were left when the wait returned"
        return place.bad("waited call", found, "trust none of its times here; update it and the driver")
    return place.good("waited call", f"nothing left of {format_seconds(work)} of work")


def _unwaited(place: Place, facts: Facts) -> Row:
    returned, work = facts["returned_seconds"], _work_seconds(facts)
    early = returned < EARLY_SHARE * work
    found = f"returns after {format_seconds(returned)} of {format_seconds(work)}"
    if early == facts["returns_early"]:
        return place.good("unwaited call", found)
    if early:
        remedy = "nothing where the wait waits; times without a wait are of queueing alone"
        return place.warn("unwaited call", f"{found}, though this framework works at once here", remedy)
    remedy = "unset CUDA_LAUNCH_BLOCKING and the like: launches can't hide behind the work"
    return place.warn("unwaited call", f"{found}: it blocks", remedy)


def _event_row(place: Place, pairs: list[list[float]] | None) -> Row:
    if not pairs:
        return place.not_measurable("event time", "the framework has no events of its own")
    device, host = (median(column) for column in zip(*pairs, strict=True))
    found = f"{format_seconds(device)} by events, {format_seconds(host)} by the host"
    if any(one > other * EVENT_MARGIN + EVENT_SECONDS for one, other in pairs):
        return place.bad("event time", f"{found}: more than passed", _EVENT_REMEDY)
    if device < EVENT_LEAST_SHARE * host:
        return place.bad("event time", f"{found}: the events stand still", _EVENT_REMEDY)
    return place.good("event time", found)
