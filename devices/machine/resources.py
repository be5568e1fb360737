"""Cores and memory that this process may use: affinity, cpusets and cgroups."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from likeforlike.devices.machine.cgroups import (
    CGROUP_FILE,
    CGROUP_ROOT,
    cgroup_folders,
    file_words,
    keyed_numbers,
    processor_folders,
    quota_cores,
)
from likeforlike.devices.machine.setup import parse_cores
from likeforlike.devices.vendors.cpu import available_memory_bytes


def usable_cores(
    affinity: int | None = None,
    cgroup_file: Path = CGROUP_FILE,
    cgroup_root: Path = CGROUP_ROOT,
) -> int:
    """Cores this process may use: by affinity, and by the cgroup quota (version 1 or 2), rounded down.

    Rounded down, since a thread more than the quota allows is stopped for part of every period.
    """
    cores = processors() if affinity is None else affinity
    quotas = _quotas(cgroup_file, cgroup_root)
    return max(1, min([cores, *(int(quota) for quota in quotas)]))


STATUS = Path("/proc/self/status")
NODES = Path("/sys/devices/system/node")
_FREE_OF_NODE = ("MemFree:", "Active(file):", "Inactive(file):")
"""Fields of a node's ``meminfo``: pages that are free, and page cache."""


def allowed_nodes(status: Path = STATUS, nodes: Path = NODES) -> tuple[Path, ...]:
    """The NUMA nodes of whose memory this process may take (cpusets); none where it may of every one's."""
    words = file_words(status)
    name = "Mems_allowed_list:"
    allowed = parse_cores(words[words.index(name) + 1]) if name in words[:-1] else set()
    folders = {int(folder.name.removeprefix("node")): folder for folder in nodes.glob("node[0-9]*")}
    if not allowed or allowed >= set(folders):
        return ()
    return tuple(folder for number, folder in sorted(folders.items()) if number in allowed)


def available_on(nodes: Sequence[Path]) -> int:
    """Memory that is free or would be given back: on these nodes, or on all where none is named."""
    free, told = available_memory_bytes(), [_free_of_node(node) for node in nodes]
    known = [count for count in told if count is not None]
    return min(free, sum(known)) if nodes and len(known) == len(told) else free


def _free_of_node(node: Path) -> int | None:
    """Of lines such as ``Node 0 MemFree: 1024 kB``; None where they can't be read."""
    words = file_words(node / "meminfo")
    kibibytes = {name: int(number) for name, number in pairwise(words) if number.isdigit()}
    if _FREE_OF_NODE[0] not in kibibytes:
        return None
    return 1024 * sum(kibibytes.get(name, 0) for name in _FREE_OF_NODE)


def free_memory_bytes(
    available: int | None = None,
    cgroup_file: Path = CGROUP_FILE,
    cgroup_root: Path = CGROUP_ROOT,
) -> int:
    """Memory that may still be taken: what the machine has free for us, and what cgroup limits leave."""
    free = [available_on(allowed_nodes()) if available is None else available]
    for folder in cgroup_folders(cgroup_file, cgroup_root, "memory"):
        left = _unused(folder)
        if left is not None:
            free.append(max(0, left + _reclaimable(folder)))
    return min(free)


_RECOUNT_SECONDS = 1.0
"""For so long a count of page cache holds, where those that are watched have not taken much meanwhile."""


@dataclass(frozen=True)
class _Counted:
    """What a group's limit left, page cache counted."""

    seconds: float
    taken_bytes: int
    spare_bytes: int
    """Above what must stay free."""


class FreeMemory:
    """Whether too little is free, asked several times a second beside what is measured.

    For the page cache in ``memory.stat`` the kernel adds up what every processor has counted, on a large host
    for milliseconds. So it is read only where a group's use comes near its limit without it, as it does some
    time wherever files are read; and then once a second, or as soon as those that are watched have taken
    half of what was to spare.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        available: Callable[[], int] | None = None,
        cgroup_file: Path = CGROUP_FILE,
        cgroup_root: Path = CGROUP_ROOT,
    ) -> None:
        """Look up this process's groups and NUMA nodes, once."""
        self._clock = clock
        self._available = available or partial(available_on, allowed_nodes())
        self._folders = cgroup_folders(cgroup_file, cgroup_root, "memory")
        self._counts: dict[Path, _Counted] = {}

    def below(self, floor_bytes: int, taken_bytes: int) -> int | None:
        """What is free where that is less than ``floor_bytes``; None where enough is.

        ``taken_bytes``: what those that are watched hold now.
        """
        left = [self._left(folder, floor_bytes, taken_bytes) for folder in self._folders]
        free = min([self._available(), *(one for one in left if one is not None)])
        return free if free < floor_bytes else None

    def _left(self, folder: Path, floor_bytes: int, taken_bytes: int) -> int | None:
        """What a group's limit leaves, where that may be less than the floor; None: it is not."""
        left = _unused(folder)
        if left is None or left >= floor_bytes:
            return None
        now, count = self._clock(), self._counts.get(folder)
        if (
            count is not None
            and now - count.seconds < _RECOUNT_SECONDS
            and 2 * (taken_bytes - count.taken_bytes) < count.spare_bytes
        ):
            return None
        left += _reclaimable(folder)
        self._counts[folder] = _Counted(now, taken_bytes, left - floor_bytes)
        return max(0, left)


def _unused(folder: Path) -> int | None:
    """What a group's limit leaves beside all that it uses, page cache too; None where nobody limits it."""
    limit, used = (_count(folder, *names) for names in (_LIMIT_FILES, _USE_FILES))
    return None if limit is None or used is None else limit - used


_LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")
_USE_FILES = ("memory.current", "memory.usage_in_bytes")


def _count(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that there is; version 2 says "max" where none is set."""
    for name in names:
        words = file_words(folder / name)
        if words:
            return int(words[0]) if words[0].isdigit() else None
    return None


_FILE_PAGES = ("active_file", "inactive_file")
"""Of ``memory.stat``; pages of /dev/shm are in neither. What was read twice is active, and given back too."""


def _reclaimable(folder: Path) -> int:
    """Page cache that the kernel gives back before it kills.

    With that of the groups below it, as limit and use are: version 1 tells that apart, as ``total_``.
    """
    counts = keyed_numbers(folder / "memory.stat")
    return sum(counts.get(f"total_{name}", counts.get(name, 0)) for name in _FILE_PAGES)


def processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroup_file: Path, cgroup_root: Path) -> list[float]:
    """Every quota in force, in cores: the group's own and those of the groups above it."""
    quotas = [quota_cores(folder) for folder in processor_folders(cgroup_file, cgroup_root)]
    return [quota for quota in quotas if quota is not None]
