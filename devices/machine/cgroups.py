"""This process's control groups (version 1 and 2): their quota, what they used, and what held them back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

CGROUP_FILE = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")


def cgroup_folders(
    cgroup_file: Path, cgroup_root: Path, controller: str, further_mounts: Sequence[str] = ()
) -> list[Path]:
    """Folders of this process's groups for a controller, and of those above them, version 2 and 1.

    The process's own group comes before those above it.
    """
    try:
        lines = os.fsdecode(cgroup_file.read_bytes()).split("\n")  # names may be no UTF-8
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


def processor_folders(cgroup_file: Path = CGROUP_FILE, cgroup_root: Path = CGROUP_ROOT) -> list[Path]:
    """Folders that tell of processor time: quota, throttling, use; each once, whatever link leads to it."""
    found = [
        *cgroup_folders(cgroup_file, cgroup_root, "cpu", ("cpu,cpuacct",)),
        *cgroup_folders(cgroup_file, cgroup_root, "cpuacct", ("cpu,cpuacct",)),
    ]
    different: dict[Path, Path] = {}
    for folder in found:  # version 1 mounts cpu,cpuacct once, and cpu is a link to it
        different.setdefault(folder.resolve(), folder)
    return list(different.values())


def quota_cores(folder: Path) -> float | None:
    """A group's quota in cores; None where it has none."""
    quota = _quota_v2(folder)
    return _quota_v1(folder) if quota is None else quota


def throttled_seconds(folders: Sequence[Path]) -> float | None:
    """Seconds for which these groups' quotas held their processors back so far; None where nobody counts.

    Added up over processors and over groups: a group counts only what its own quota held back.
    """
    found = [_throttled(folder) for folder in dict.fromkeys(folders)]
    known = [seconds for seconds in found if seconds is not None]
    return sum(known) if known else None


def _throttled(folder: Path) -> float | None:
    """``cpu.stat`` counts microseconds in version 2, nanoseconds in version 1."""
    fields = keyed_numbers(folder / "cpu.stat")
    if "throttled_usec" in fields:
        return fields["throttled_usec"] / 1e6
    return fields["throttled_time"] / 1e9 if "throttled_time" in fields else None


def used_seconds(folder: Path) -> float | None:
    """Processor seconds that all of a group used so far; None where nobody counts."""
    fields = keyed_numbers(folder / "cpu.stat")
    if "usage_usec" in fields:
        return fields["usage_usec"] / 1e6
    total = file_words(folder / "cpuacct.usage")
    return int(total[0]) / 1e9 if total and total[0].isdigit() else None


def keyed_numbers(path: Path) -> dict[str, int]:
    """Lines of a name and a whole number; empty where there is no such file."""
    found = file_words(path)
    pairs = zip(found[::2], found[1::2], strict=False)
    return {name: int(text) for name, text in pairs if text.isdigit()}


def _quota_v2(folder: Path) -> float | None:
    """``cpu.max`` holds "quota period" in microseconds, or "max period"."""
    fields = file_words(folder / "cpu.max")
    return _ratio(fields[0], fields[1]) if len(fields) == 2 else None


def _quota_v1(folder: Path) -> float | None:
    """A quota of -1 means none."""
    quota, period = file_words(folder / "cpu.cfs_quota_us"), file_words(folder / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _ratio(quota: str, period: str) -> float | None:
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def file_words(path: Path) -> list[str]:
    """The words of a file; none where it can't be read."""
    try:
        return path.read_text().split()
    except (OSError, ValueError):
        return []
