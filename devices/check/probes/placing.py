"""Does a framework see the device, do results lie there, do threads and cores hold as set."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from likeforlike.devices.check.probes.operations import Operations
from likeforlike.devices.check.rows import Facts, Place, Row
from likeforlike.devices.process.placement import local_device
from likeforlike.devices.process.runtime import THREADS_OF_THIS_PROCESS, Runtime, thread_complaint
from likeforlike.devices.vendors.device import Device

PRODUCTS = 4
ROWS = 1024

BUSY_MARGIN = 0.5
"""Threads by which a product may seem to use more than it was given: the caller beside the pool."""


def observe(
    made: Operations,
    switches: Runtime,
    threads: int,
    clock: Callable[[], float] = time.perf_counter,
    processor_clock: Callable[[], float] = time.process_time,
) -> dict[str, object]:
    """Where operands and a product lie, threads by the framework's account and by processor time, cores."""
    drawn = np.random.default_rng(5).standard_normal((2, ROWS, ROWS))
    left, right = (made.put(matrix, "float32") for matrix in drawn)
    result = made.multiply(left, right)
    made.wait(result)
    busiest = 0.0
    for _ in range(PRODUCTS):
        begin, processor_begin = clock(), processor_clock()
        made.wait(made.multiply(left, right))
        seconds = clock() - begin
        if seconds > 0:
            busiest = max(busiest, (processor_clock() - processor_begin) / seconds)
    return {
        "places": [made.place_of(one) for one in (left, right, result)],
        "complaint": thread_complaint(switches, threads),
        "busy_threads": busiest,
        "cores": cores_of_threads(),
    }


def cores_of_threads(tasks: Path = THREADS_OF_THIS_PROCESS) -> list[int] | None:
    """The cores on which some thread of this process may run; None where the kernel doesn't tell."""
    cores: set[int] = set()
    with contextlib.suppress(OSError, AttributeError):
        for task in tasks.iterdir():
            with contextlib.suppress(OSError, ValueError):  # it has ended by now
                cores |= os.sched_getaffinity(int(task.name))
    return sorted(cores) or None


def rows(place: Place, device: Device, facts: Facts, threads: int, cores: list[int] | None) -> list[Row]:
    """Placement, and on a CPU threads and cores; ``threads`` were asked for, on ``cores``."""
    found = [_placed(place, local_device(device), facts["places"])]
    if device.kind == "cpu":
        found += [_threads(place, facts, threads), _cores(place, facts["cores"], threads, cores)]
    return found


def _placed(place: Place, asked: str, places: list[str]) -> Row:
    wrong = sorted({one for one in places if one != asked})
    if wrong:
        found = f"asked for {asked}, lies on {', '.join(wrong)}"
        return place.bad("placement", found, "compare nothing of it on this device; reinstall the framework")
    return place.good("placement", "operands and result lie there")


def _threads(place: Place, facts: Facts, threads: int) -> Row:
    busy = facts["busy_threads"]
    remedy = "unset variables that set threads; see likeforlike devices"
    if facts["complaint"]:
        return place.bad("threads", facts["complaint"], remedy)
    if busy > threads + BUSY_MARGIN:
        return place.bad("threads", f"{threads} asked for, {busy:.1f} at work in a product", remedy)
    return place.good("threads", f"{threads} as set, {busy:.1f} at work in a product")


def _cores(place: Place, seen: list[int] | None, threads: int, cores: list[int] | None) -> Row:
    if seen is None or cores is None:
        return place.not_measurable("cores", "the kernel doesn't tell on which cores threads may run")
    strays, left = set(seen) - set(cores), set(cores) - set(seen)
    told = f"threads may run on {core_list(seen)}"
    if strays:
        return place.bad("cores", f"{told}, given were {core_list(cores)}", "unset GOMP_CPU_AFFINITY")
    if len(seen) < min(threads, len(cores)):
        remedy = "unset OMP_PROC_BIND, GOMP_CPU_AFFINITY, KMP_AFFINITY"
        return place.bad("cores", f"{told} alone, for {threads} threads", remedy)
    return place.good("cores", f"{told}, all given" if not left else f"{told} of {core_list(cores)}")


def core_list(cores: list[int]) -> str:
    """``0-3, 8``: cores as the kernel writes them."""
    spans: list[list[int]] = []
    for core in sorted(cores):
        if spans and core == spans[-1][1] + 1:
            spans[-1][1] = core
        else:
            spans.append([core, core])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
