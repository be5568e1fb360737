"""Holding a worker's threads to processors: said in its environment, done before it measures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from likeforlike.devices.machine.setup import parse_cores

PINNED = "LIKEFORLIKE_PINNED"
"""The logical processors that a worker is held to, ``0,2,4``."""


def pinning(processors: Collection[int]) -> dict[str, str]:
    """The variable for a worker; none where it is held to nothing."""
    return {PINNED: ",".join(str(processor) for processor in processors)} if processors else {}


def pin(
    environ: Mapping[str, str] | None = None,
    tasks: Path = Path("/proc/self/task"),
    set_affinity: Callable[[int, Collection[int]], None] | None = None,
) -> None:
    """Hold every thread of this process, and so all that it will start, to the processors asked for.

    Those that a BLAS made when it was imported, too. Raises OSError where the processors are not this
    process's to have.
    """
    wanted = pinned_to(os.environ if environ is None else environ)
    if not wanted:
        return
    hold = set_affinity or os.sched_setaffinity
    hold(0, wanted)
    for task in tasks.glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            hold(int(task.name), wanted)


def pinned_to(environ: Mapping[str, str]) -> set[int]:
    """The processors that the variable names; empty without it."""
    return parse_cores(environ.get(PINNED, ""))
