"""Cores and memory that this process may use: affinity and cgroups."""

from __future__ import annotations

import os
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


def free_memory_bytes(
    available: int | None = None,
    cgroup_file: Path = CGROUP_FILE,
    cgroup_root: Path = CGROUP_ROOT,
) -> int:
    """Memory that may still be taken: what the machine has free, and what the cgroup's limits leave of it."""
    free = [available_memory_bytes() if available is None else available]
    for folder in cgroup_folders(cgroup_file, cgroup_root, "memory"):
        limit, used = (_count(folder, *names) for names in (_LIMIT_FILES, _USE_FILES))
        if limit is not None and used is not None:
            free.append(max(0, limit - used + _reclaimable(folder)))
    return min(free)


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
