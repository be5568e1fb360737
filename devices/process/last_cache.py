"""What a device's caches hold, and how a processor's are emptied: a buffer larger than all is written.

Sizes are the kernel's (Linux, Documentation/ABI/testing/sysfs-devices-system-cpu), a GPU's those of CUDA's
driver. Where nobody tells, more is taken than any device sold has.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from likeforlike.devices.limits.bandwidths import GPU_MEMORIES, LARGEST_GPU_CACHE
from likeforlike.devices.limits.ceilings import row_named
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.vendors.cpu import SYS_CPU
from likeforlike.devices.vendors.device import Device

MIB = 2**20
ASSUMED_BYTES = 512 * MIB
"""Of a device that doesn't tell: twice what the largest known has (256 MiB, AMD Instinct MI300X)."""
WRITTEN_TIMES = 2
"""How many times what the caches hold is written: their replacement isn't strictly by age."""

_L2_CACHE_SIZE = 38
"""``CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE`` of CUDA's driver API."""
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True)
class LastCache:
    """How much the caches of a device hold."""

    size_bytes: int
    source: str
    """By whom, for a reader."""

    @property
    def written_bytes(self) -> int:
        """What is written so that nothing else is in them."""
        return WRITTEN_TIMES * self.size_bytes


def processor_caches(processors: Iterable[int] | None = None, sys_cpu: Path = SYS_CPU) -> LastCache:
    """The second- and third-level caches of these processors (default: those this process may use).

    Each is counted once, whoever shares it. The third need not hold what the second does (AMD, and Intel
    since Skylake), so both count.
    """
    shared: dict[tuple[int, str], int] = {}
    for number in sorted(usable_processors() if processors is None else processors):
        for index in sorted((sys_cpu / f"cpu{number}" / "cache").glob("index[0-9]*")):
            level, size = _line(index / "level"), _size(_line(index / "size"))
            if level.isdigit() and int(level) > 1 and size and _line(index / "type") != "Instruction":
                shared[int(level), _line(index / "shared_cpu_list") or str(number)] = size
    if not shared:
        return _assumed()
    last = max(level for level, _ in shared)
    return LastCache(
        sum(shared.values()), f"the kernel: caches of levels 2 to {last} of the usable processors"
    )


def gpu_cache(library: Any | None = None) -> LastCache:
    """The second-level cache of the first GPU that this process sees; of one that CUDA doesn't know, assumed.

    ``library`` stands in for CUDA's driver.
    """
    found = told(_cuda_l2_bytes, library)
    return LastCache(found, "CUDA's driver: the GPU's second-level cache") if found else _assumed()


@cache
def cache_of(device: Device, of_processor: Callable[[], LastCache] = processor_caches) -> LastCache:
    """What a device's caches hold at most, before anything runs there: no driver is asked for it.

    A GPU's by its data sheet, rounded up; of a GPU whose driver won't tell its worker what is assumed then.
    """
    if device.kind == "cpu":
        return of_processor()
    if device.maker != "nvidia":
        return _assumed()
    row = row_named(device.name, GPU_MEMORIES)
    mebibytes = LARGEST_GPU_CACHE if row is None else row.cache_mebibytes
    return LastCache(int(mebibytes * MIB), "the data sheet, rounded up, or that of the largest known")


def _assumed() -> LastCache:
    return LastCache(ASSUMED_BYTES, "assumed, since nothing tells: more than any device known has")


def _cuda_l2_bytes(library: Any | None) -> int | None:
    driver = ctypes.CDLL("libcuda.so.1") if library is None else library
    device, value = ctypes.c_int(), ctypes.c_int()
    calls = (
        lambda: driver.cuInit(0),
        lambda: driver.cuDeviceGet(ctypes.byref(device), 0),
        lambda: driver.cuDeviceGetAttribute(ctypes.byref(value), _L2_CACHE_SIZE, device),
    )
    return value.value if all(call() == 0 for call in calls) else None


def usable_processors() -> tuple[int, ...]:
    """The processors on which this process may run; counted from 0 where the system doesn't say."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def write_through_caches(size_bytes: int, processors: Iterable[int] | None = None) -> None:
    """Read and write a fresh buffer of that size, an equal part on each processor, each held there.

    Reading takes every line into the caches; writes alone may pass them by (non-temporal stores). The buffer
    is given back at once, so that no more than one worker holds it at a time.
    """
    places = tuple(usable_processors() if processors is None else processors)
    buffer = np.zeros(max(size_bytes // 8, len(places)), np.int64)
    on_each(places, [partial(_add_one, part) for part in np.array_split(buffer, len(places))])


def _add_one(part: np.ndarray) -> None:
    np.add(part, 1, out=part)


def on_each(processors: Iterable[int], work: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do some work on each processor at the same time, in a thread that is held to it; what each gave."""
    jobs = list(zip(processors, work, strict=True))

    def held(job: tuple[int, Callable[[], Any]]) -> Any:
        _hold_to(job[0])
        return job[1]()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(held, jobs))


def _hold_to(processor: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        told(os.sched_setaffinity, 0, {processor})  # of the calling thread alone (sched_setaffinity(2))


def _size(text: str) -> int | None:
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
