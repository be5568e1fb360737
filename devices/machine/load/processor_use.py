"""Who uses the processors: this process and its workers, other programs, the hypervisor's other guests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import psutil

from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.machine.cgroups import (
    CGROUP_FILE,
    CGROUP_ROOT,
    processor_folders,
    quota_cores,
    used_seconds,
)
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.vendors.cpu import PROC

_WHOLE_MACHINE: frozenset[int] = frozenset()
"""For `read_ticks`: of no processors by name, all of them together."""
_FEWEST_TICKS = 20
"""Of all processors together: in fewer, one tick is more than a twentieth."""


def read_use(
    process: psutil.Process | None = None,
    proc: Path = PROC,
    cgroup_file: Path = CGROUP_FILE,
    cgroup_root: Path = CGROUP_ROOT,
) -> dict[str, Any]:
    """Who has used the processors so far, in plain JSON types; None for what can't be read.

    ``process`` is the root of the tree of processes that count as our own (default: this one).
    """
    return {
        "processor_ticks": told(read_ticks, proc),
        "machine_ticks": told(read_ticks, proc, _WHOLE_MACHINE),
        "own_processor_seconds": told(tree_seconds, process),
        "usable_cores": told(usable_cores, None, cgroup_file, cgroup_root),
        "container": told(_container, cgroup_file, cgroup_root),
    }


def read_ticks(proc: Path = PROC, allowed: frozenset[int] | None = None) -> dict[str, int] | None:
    """Clock ticks since boot of the processors that we may run on; None off Linux.

    wanted (used or stolen), stolen, all, and how many processors they are of. ``allowed``: their numbers
    (default: by affinity). What runs on the others takes nothing from us.
    """
    try:
        with open(proc / "stat") as file:
            lines = [line.split() for line in takewhile(lambda line: line.startswith("cpu"), file)]
    except (OSError, ValueError):
        return None
    chosen = _allowed_processors() if allowed is None else allowed
    single = [line for line in lines if line[0][3:].isdigit()]
    ours = [line for line in single if chosen is not None and int(line[0][3:]) in chosen]
    # without a line for each the lines are numbered anew, as in a container: they are of its processors alone
    if not ours or len(ours) == len(single) or len(ours) < len(chosen or ()):
        ours = lines[:1]
    counted = [_ticks(line) for line in ours]
    if not counted or None in counted:
        return None
    sums = [sum(column) for column in zip(*(ticks for ticks in counted if ticks), strict=True)]
    wanted, stolen, everything = sums
    count = len(single) if ours == lines[:1] else len(ours)
    return {"wanted": wanted, "stolen": stolen, "all": everything, "processors": max(1, count)}


def _ticks(line: list[str]) -> tuple[int, int, int] | None:
    """Wanted, stolen and all of one line of /proc/stat."""
    try:
        user, nice, system, idle, waiting, interrupts, soft, stolen = map(int, line[1:9])
    except ValueError:
        return None
    used = user + nice + system + interrupts + soft
    return used + stolen, stolen, used + stolen + idle + waiting


def _allowed_processors() -> frozenset[int] | None:
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def stolen_fraction(before: Mapping[str, int] | None, after: Mapping[str, int] | None) -> float | None:
    """Stolen share of the processor time that was wanted between two readings; 0.0 if none was wanted."""
    if not before or not after:
        return None
    wanted = after["wanted"] - before["wanted"]
    return max(0.0, (after["stolen"] - before["stolen"]) / wanted) if wanted > 0 else 0.0


def competing_fraction(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Share of the usable cores that other programs took between two readings of ``read_use``.

    Neither what we used counts nor what the hypervisor gave to others. Where a quota allows us less than the
    machine has, others take nothing from us until they use more than we could not have used anyway.
    """
    others = _others_share(before, after, "processor_ticks")
    if others is None:
        return None
    there = after["processor_ticks"].get("processors") or 1
    usable = min(there, after.get("usable_cores") or there)
    return max(0.0, (others * there - (there - usable)) / usable)


def others_cores(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """How many processors of the machine other programs kept busy between two readings of ``read_use``.

    Those too on which we may not run: they take nothing from us, but draw the same socket's power.
    """
    others = _others_share(before, after, "machine_ticks")
    return None if others is None else max(0.0, others * after["machine_ticks"]["processors"])


def _others_share(before: Mapping[str, Any], after: Mapping[str, Any], ticks: str) -> float | None:
    """Share of all ticks of some processors in which other programs ran there; None if unknown."""
    first, last = before.get(ticks), after.get(ticks)
    own = own_seconds_between(before, after)
    if not first or not last or own is None or last["all"] - first["all"] < _FEWEST_TICKS:
        return None
    used = (last["wanted"] - last["stolen"]) - (first["wanted"] - first["stolen"])
    return float(used - own * os.sysconf("SC_CLK_TCK")) / (last["all"] - first["all"])


def container_fraction(before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> float | None:
    """Share of the container's quota that other programs in it used in so many seconds; None without one."""
    first, last = before.get("container"), after.get("container")
    own = own_seconds_between(before, after)
    if not first or not last or own is None or seconds <= 0:
        return None
    others = last["used_seconds"] - first["used_seconds"] - own
    return max(0.0, others / seconds / last["quota_cores"])


def own_seconds_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Processor seconds that we used; None if unknown.

    They fall where a process of ours ended whose seconds nobody took over: then nobody can tell.
    """
    first, last = before.get("own_processor_seconds"), after.get("own_processor_seconds")
    if first is None or last is None or last < first:
        return None
    return float(last - first)


def _container(cgroup_file: Path, cgroup_root: Path) -> dict[str, float] | None:
    """The tightest quota in force and the processor seconds used under it so far; None without a quota."""
    folders = processor_folders(cgroup_file, cgroup_root)
    quotas = [(quota, folder) for folder in folders if (quota := quota_cores(folder))]
    if not quotas:
        return None
    quota, folder = min(quotas, key=lambda found: found[0])
    # version 1 may count the use under another mount, in the group of the same path
    within = folder.relative_to(cgroup_root).parts[1:]
    places = [folder, *(other for other in folders if other.relative_to(cgroup_root).parts[1:] == within)]
    used = [seconds for place in places if (seconds := used_seconds(place)) is not None]
    return {"quota_cores": quota, "used_seconds": used[0]} if used else None


def tree(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it has started, as far as they live."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def tree_seconds(process: psutil.Process | None = None) -> float:
    """Processor seconds of a process, its living children, and those of its children that have ended."""
    total = 0.0
    for member in tree(process or psutil.Process()):
        with contextlib.suppress(psutil.Error):
            times = member.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total
