"""Where a worker runs: its environment, set before any import, and the cores it may use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import psutil

from devices.discovery import Device

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    # The size of JAX's pool on the CPU: measured, neither XLA_FLAGS nor OMP_NUM_THREADS moves it.
    "NPROC",
)
HOST_DEVICES_FLAG = "--xla_force_host_platform_device_count"


def worker_environment(
    device: Device,
    threads: int,
    logical_cpus: int = 1,
    inherited_xla_flags: str = "",
    beside: Sequence[Device] = (),
) -> dict[str, str]:
    """Variables for a worker on this device, to be set before it imports any framework.

    A CPU worker sees no GPU; a GPU worker sees that one alone, as its gpu:0, and those ``beside`` it that
    work with it, as gpu:1 and so on. ``logical_cpus`` is raised to what the device itself needs (cpu:1
    needs two). XLA flags of the caller are kept.
    """
    environment = {name: str(threads) for name in THREAD_VARIABLES}
    environment.update(
        CUDA_DEVICE_ORDER="PCI_BUS_ID",
        CUDA_VISIBLE_DEVICES=",".join(_visible(one) for one in (device, *beside)),
        JAX_PLATFORMS="cpu" if device.kind == "cpu" else "cuda,cpu",
        TF_CPP_MIN_LOG_LEVEL="2",
        TF_FORCE_GPU_ALLOW_GROWTH="true",
        XLA_PYTHON_CLIENT_PREALLOCATE="false",
    )
    needed = max(logical_cpus, device.index + 1 if device.kind == "cpu" else 1)
    flags = host_device_flags(inherited_xla_flags, needed)
    if flags:
        environment["XLA_FLAGS"] = flags
    return environment


def host_device_flags(xla_flags: str, logical_cpus: int) -> str:
    """XLA_FLAGS with the number of logical CPUs that JAX splits the processor into, others kept."""
    kept = [flag for flag in xla_flags.split() if not flag.startswith(HOST_DEVICES_FLAG)]
    if logical_cpus > 1:
        kept.append(f"{HOST_DEVICES_FLAG}={logical_cpus}")
    return " ".join(kept)


def _visible(device: Device) -> str:
    """What CUDA_VISIBLE_DEVICES must be: -1 hides every GPU, which an empty text doesn't do everywhere."""
    if device.kind == "cpu":
        return "-1"
    if device.uuid is not None:
        return device.uuid
    return str(device.index if device.nvml_index is None else device.nvml_index)


def local_device(device: Device) -> str:
    """The device's id as its worker sees it: any GPU is the only one, ``gpu:0``; ``cpu:1`` stays."""
    return "gpu:0" if device.kind == "gpu" else device.id


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
    free = [psutil.virtual_memory().available if available is None else available]
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
