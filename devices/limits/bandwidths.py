"""What a device's memory can carry at most, in bytes per second, and what its caches can keep from it.

Like the ceilings of arithmetic these err upwards: they are there to prove a figure false. GPUs: the data
sheet's bandwidth. A processor's fingerprint doesn't tell its memory channels, so that only the highest known
of any device bounds its memory; but no core moves more than its first cache's ports let through. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from likeforlike.devices.limits.ceilings import clock_of, find_gpu, positive, row_named

GIGA, MEBIBYTE = 1e9, 2**20

MEMORY = "memory"
"""Stands among the precisions to be measured for the bandwidth of memory."""


@dataclass(frozen=True)
class MemoryCeiling:
    """The most that a device's memory can carry."""

    bytes_per_second: float
    source: str
    """How the figure came about, for a reader."""
    of_device: bool = True
    """False where the device's memory is not known: none carries more, this one perhaps much less."""
    cache_bytes: float | None = None
    """All its caches together: so much can stay there from one call to the next. None: not known."""
    cached_bytes_per_second: float | None = None
    """The most that its cores can move to and from their own caches; None: not known."""
    cached_source: str = ""


@dataclass(frozen=True)
class ReachedBandwidth:
    """The most bytes a second that a device's memory was measured to carry."""

    bytes_per_second: float
    source: str = ""
    """By what it was reached, for a reader."""


@dataclass(frozen=True)
class GpuMemory:
    """A GPU model's memory bandwidth in GB/s, and its last cache in MiB."""

    words: tuple[str, ...]
    """All of them are words of the name NVML gives, in lower case."""
    source: str
    gigabytes_per_second: float
    cache_mebibytes: float


def _row(words: str, source: str, gigabytes: float, cache: float) -> GpuMemory:
    return GpuMemory(tuple(words.split()), source, gigabytes, cache)


_LAPTOPS = "NVIDIA, GeForce RTX 40 Laptop GPUs compared"

GPU_MEMORIES = (
    # words of the name,    source,                                           GB/s    MiB
    _row("b300", "NVIDIA HGX B300 datasheet, an eighth", 8000.0, 192.0),
    _row("gb300", "NVIDIA GB300 NVL72 datasheet", 8000.0, 192.0),
    _row("gb200", "NVIDIA GB200 NVL72 datasheet", 8000.0, 192.0),
    _row("b200", "NVIDIA HGX B200 datasheet, an eighth", 8000.0, 192.0),
    _row("b100", "NVIDIA HGX B100 datasheet, an eighth", 8000.0, 192.0),
    _row("gh200", "NVIDIA GH200 datasheet (HBM3e)", 4900.0, 60.0),
    _row("h200", "NVIDIA H200 datasheet (SXM and NVL)", 4800.0, 60.0),
    _row("h100 pcie", "NVIDIA H100 PCIe datasheet", 2040.0, 60.0),
    _row("h100 nvl", "NVIDIA H100 datasheet (NVL)", 3940.0, 60.0),
    _row("h100", "NVIDIA H100 datasheet (SXM)", 3360.0, 60.0),
    _row("a100", "NVIDIA A100 datasheet (SXM, 80 GB)", 2040.0, 48.0),
    _row("a30", "NVIDIA A30 datasheet", 933.1, 24.0),
    _row("a40", "NVIDIA A40 datasheet", 696.0, 6.0),
    _row("a10g", "NVIDIA A10's as AWS G5 states it", 600.1, 6.0),
    _row("a10", "NVIDIA A10 datasheet", 600.1, 6.0),
    _row("rtx a6000", "NVIDIA RTX A6000 datasheet", 768.0, 6.0),
    _row("l40s", "NVIDIA L40S datasheet", 864.0, 96.0),
    _row("l40", "NVIDIA L40 datasheet", 864.0, 96.0),
    _row("l4", "NVIDIA L4 datasheet", 300.1, 48.0),
    _row("t4", "NVIDIA T4 datasheet, 320+", 321.0, 4.0),
    _row("v100s", "NVIDIA V100S datasheet", 1134.0, 6.0),
    _row("v100", "NVIDIA V100 datasheet (SXM2)", 900.0, 6.0),
    _row("rtx 4090 laptop", _LAPTOPS, 576.0, 64.0),
    _row("rtx 4080 laptop", _LAPTOPS, 432.0, 48.0),
    _row("rtx 4070 laptop", _LAPTOPS, 256.0, 32.0),
    _row("rtx 4060 laptop", _LAPTOPS, 256.0, 32.0),
    _row("rtx 4050 laptop", _LAPTOPS, 216.0, 24.0),
    _row("rtx 5090", "NVIDIA RTX Blackwell whitepaper", 1792.0, 128.0),
    _row("rtx 4090", "NVIDIA Ada whitepaper", 1008.0, 72.0),
    _row("rtx 3090 ti", "NVIDIA, GeForce RTX 3090 Ti: 21 Gbit/s on 384 lines", 1008.0, 6.0),
    _row("rtx 3090", "NVIDIA GA102 whitepaper", 936.2, 6.0),
    _row("rtx 2080 ti", "NVIDIA Turing whitepaper", 616.0, 5.5),
    _row("p100", "NVIDIA P100 datasheet (SXM2)", 732.2, 4.0),
    _row("k80", "NVIDIA K80 datasheet, half a board, which is one GPU", 240.0, 1.5),
)
"""In the order of :data:`peaks.GPU_PEAKS`. Where models of one name differ the most is told."""

HIGHEST_BANDWIDTH = (8000.0, "NVIDIA B200 and AMD Instinct MI355X (datasheets)")
"""GB/s and whose: the highest bandwidth of any single device sold, and above any machine's of processors."""
LARGEST_GPU_CACHE = 256.0
"""MiB: AMD's Infinity Cache of the MI300 series (datasheet). Of GPUs that are not known."""

CPU_BYTES_PER_CYCLE = {
    # Two loads and a store, each of 64 bytes (Golden Cove, Zen 5).
    "avx512f": 192.0,
    # Three loads and two stores of 32 bytes (Golden Cove).
    "avx2": 160.0,
    "avx": 160.0,
    "sse2": 80.0,
    # Two loads and a store of 64 bytes (A64FX).
    "sve2": 192.0,
    "sve": 192.0,
    # Three loads and two stores of 16 bytes (Apple); half as many again for pairs.
    "asimd": 128.0,
}
"""Most bytes between a core and its first cache in a cycle, by vector extension (optimisation guides)."""


def memory_ceiling(fingerprint: Mapping[str, Any] | None, device: str) -> MemoryCeiling:
    """What the memory of one device of a machine can carry; of one not known the highest of any.

    ``fingerprint`` is a result file's ``machine_info.likeforlike``; ``device`` its ``cpu:0`` or ``gpu:1``.
    A logical CPU has the whole machine's memory.
    """
    machine = fingerprint or {}
    kind, _, number = device.partition(":")
    gigabytes, name = HIGHEST_BANDWIDTH
    highest = f"memory not known: highest known of any device, {name}"
    if kind == "gpu":
        return _gpu_ceiling(find_gpu(machine, number)) or MemoryCeiling(
            gigabytes * GIGA, highest, of_device=False, cache_bytes=LARGEST_GPU_CACHE * MEBIBYTE
        )
    cpu = machine.get("cpu") if kind == "cpu" else None
    caches = positive(cpu.get("cache_bytes")) if isinstance(cpu, Mapping) else None
    cached, source = _ports(machine) if kind == "cpu" else (None, "")
    return MemoryCeiling(gigabytes * GIGA, highest, False, caches, cached, source)


def _gpu_ceiling(gpu: Mapping[str, Any]) -> MemoryCeiling | None:
    row = row_named(str(gpu.get("name") or ""), GPU_MEMORIES)
    if row is None:
        return None
    source = f"{row.gigabytes_per_second:,g} GB/s, {row.source}"
    if gpu.get("mig"):
        source = f"a MIG slice: its whole board's, {source}"
    whole = not gpu.get("mig")
    return MemoryCeiling(
        row.gigabytes_per_second * GIGA, source, whole, cache_bytes=row.cache_mebibytes * MEBIBYTE
    )


def _ports(machine: Mapping[str, Any]) -> tuple[float | None, str]:
    """Cores x clock x bytes a cycle; None for a vector extension whose width isn't known."""
    cpu = machine.get("cpu")
    if not isinstance(cpu, Mapping):
        return None, ""
    cores = max(positive(cpu.get("usable_cores")) or 0, positive(machine.get("threads")) or 0)
    vector = str(cpu.get("vector") or "unknown")
    per_cycle = CPU_BYTES_PER_CYCLE.get(vector)
    if not cores or per_cycle is None:
        return None, ""
    hertz, clock = clock_of(cpu)
    return cores * hertz * per_cycle, f"{cores:g} cores x {clock} x {per_cycle:g} bytes a cycle ({vector})"
