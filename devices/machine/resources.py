"""Cores and memory that this process may use: affinity and cgroups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from likeforlike.devices.vendors.cpu import available_memory_bytes


def usable_cores(
    affinity: int | None = None,
    cgroup_file: Path = Path("/proc/self/cgroup"),
    cgroup_root: Path = Path("/sys/fs/cgroup"),
) -> int:
    """Cores this process may use: by affinity, and by the cgroup quota (version 1 or 2), rounded down.

    Rounded down, since a thread more than the quota allows is stopped for part of every period.
    """
    cores = _affinity() if affinity is None else affinity
    quotas = _quotas(cgroup_file, cgroup_root)
    return max(1, min([cores, *(int(quota) for quota in quotas)]))


def free_memory_bytes(
    available: int | None = None,
    cgroup_file: Path = Path("/proc/self/cgroup"),
    cgroup_root: Path = Path("/sys/fs/cgroup"),
) -> int:
    """Memory that may still be taken: what the machine has free, and what the cgroup's limits leave of it."""
    free = [available_memory_bytes() if available is None else available]
    for folder in _groups(cgroup_file, cgroup_root, "memory"):
        limit, used = (_count(folder, *names) for names in (_LIMIT_FILES, _USE_FILES))
        if limit is not None and used is not None:
            free.append(max(0, limit - used + (_reclaimable(folder) or 0)))
    return min(free)


_LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")
_USE_FILES = ("memory.current", "memory.usage_in_bytes")


def _count(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that there is; version 2 says "max" where none is set."""
    for name in names:
        words = _words(folder / name)
        if words:
            return int(words[0]) if words[0].isdigit() else None
    return None


def _reclaimable(folder: Path) -> int | None:
    """Page cache that the kernel gives back before it kills."""
    words = _words(folder / "memory.stat")
    found = dict(zip(words[::2], words[1::2], strict=False))
    text = found.get("inactive_file", found.get("total_inactive_file", ""))
    return int(text) if text.isdigit() else None


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroup_file: Path, cgroup_root: Path) -> list[float]:
    """Every quota in force, in cores: the group's own and those of the groups above it."""
    folders = _groups(cgroup_file, cgroup_root, "cpu", ("cpu,cpuacct",))
    quotas = [quota for folder in folders for quota in (_quota_v2(folder), _quota_v1(folder))]
    return [quota for quota in quotas if quota is not None]


def _groups(
    cgroup_file: Path, cgroup_root: Path, controller: str, further_mounts: Sequence[str] = ()
) -> list[Path]:
    """Folders of this process's groups for a controller, and of those above them, version 2 and 1."""
    try:
        lines = cgroup_file.read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2) if line.count(":") >= 2 else ("", "-", "")
        if controllers == "":
            folders += _upwards(cgroup_root, path)
        elif controller in controllers.split(","):
            for mount in (controllers, controller, *further_mounts):
                folders += _upwards(cgroup_root / mount, path)
    return folders


def _upwards(root: Path, path: str) -> list[Path]:
    """The folders from a group up to the root; inside a container the path may lead nowhere, the root not."""
    parts = [part for part in path.split("/") if part and part != ".."]
    return [root.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def _quota_v2(folder: Path) -> float | None:
    """``cpu.max`` holds "quota period" in microseconds, or "max period"."""
    fields = _words(folder / "cpu.max")
    return _ratio(fields[0], fields[1]) if len(fields) == 2 else None


def _quota_v1(folder: Path) -> float | None:
    """A quota of -1 means none."""
    quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _ratio(quota: str, period: str) -> float | None:
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
