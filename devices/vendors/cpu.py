"""What /proc and /sys say of the processor; nothing that jitters."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from likeforlike.devices.vendors.device import Device

PROC = Path("/proc")
SYS_CPU = Path("/sys/devices/system/cpu")

VECTORS = ("avx512f", "avx2", "avx", "sse2", "sve2", "sve", "asimd")
"""Vector extensions as the kernel names them, the widest of each family first."""
HALF = ("avx512_bf16", "avx512_fp16", "bf16", "asimdhp")
"""Vector arithmetic on 16-bit floats: x86's two, Arm's two."""
TRUSTED_DRIVERS = ("intel_pstate", "intel_cpufreq", "amd-pstate", "amd-pstate-epp", "cppc_cpufreq")
"""Frequency drivers whose maximum includes turbo; acpi-cpufreq's leaves it out."""


@dataclass(frozen=True)
class Processor:
    """The identity of a processor and what its ceiling needs."""

    model: str | None
    vector: str | None
    amx: tuple[str, ...]
    half: tuple[str, ...]
    hertz: float | None
    """The nominal clock."""
    sme: bool
    """Arm's scalable matrix extension."""
    max_hertz: float | None
    """The highest turbo clock of any core; None where nothing reliable says."""


def read_processor(proc: Path = PROC, sys_cpu: Path = SYS_CPU) -> Processor:
    """Read the processor from ``proc/cpuinfo`` and ``sys_cpu``; what can't be read is None or empty."""
    info = _first_processor(_text(proc / "cpuinfo"))
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return Processor(
        model=info.get("model name") or info.get("Processor") or _arm_model(info),
        vector=_vector(flags),
        amx=tuple(kind for kind in ("bf16", "int8", "fp16") if f"amx_{kind}" in flags),
        half=tuple(name for name in HALF if name in flags),
        hertz=_nominal_hertz(info, sys_cpu),
        sme="sme" in flags,
        max_hertz=_max_hertz(sys_cpu),
    )


def _first_processor(text: str) -> dict[str, str]:
    """The fields of the first block of cpuinfo, and those that stand outside of any block."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), " ".join(value.split()))
    return fields


def _arm_model(info: dict[str, str]) -> str | None:
    """Arm's cpuinfo has numbers only; they still tell one model from another."""
    if "CPU implementer" not in info:
        return None
    return f"Arm implementer {info['CPU implementer']} part {info.get('CPU part', 'unknown')}"


def _vector(flags: set[str]) -> str | None:
    """The widest vector extension; AVX2 is taken to bring FMA, as in every processor that has it."""
    return next((name for name in VECTORS if name in flags), None)


def _nominal_hertz(info: dict[str, str], sys_cpu: Path) -> float | None:
    """From the model's name, the driver, or twice the time-stamp counter's rate that BogoMIPS is."""
    named = re.search(r"@\s*([0-9.]+)\s*GHz", info.get("model name", ""))
    if named:
        return float(named.group(1)) * 1e9
    kilohertz = _number(sys_cpu / "cpu0" / "cpufreq" / "base_frequency")
    if kilohertz:
        return kilohertz * 1e3
    if "flags" in info and "bogomips" in info:
        # Calibrated at boot, so it differs by a few parts in a thousand: rounded to 10 MHz.
        return round(float(info["bogomips"]) / 2 / 10) * 10 * 1e6
    return None


def _max_hertz(sys_cpu: Path) -> float | None:
    highest = 0.0
    for folder in sorted(sys_cpu.glob("cpu[0-9]*/cpufreq")):
        if _text(folder / "scaling_driver").strip() in TRUSTED_DRIVERS:
            highest = max(highest, (_number(folder / "cpuinfo_max_freq") or 0) * 1e3)
    return highest or None


def cache_bytes(sys_cpu: Path = SYS_CPU) -> int | None:
    """All caches for data together, of all cores and levels; None where the kernel tells of none.

    Together, since a last cache may hold what the others don't.
    """
    sizes: dict[tuple[str, str], int] = {}
    for folder in sorted(sys_cpu.glob("cpu[0-9]*/cache/index[0-9]*")):
        size = re.fullmatch(r"(\d+)([KMG]?)", _text(folder / "size").strip())
        if size and _text(folder / "type").strip() in ("Data", "Unified"):
            shared = _text(folder / "shared_cpu_list").strip() or folder.parent.parent.name
            place = (_text(folder / "level").strip(), shared)
            sizes[place] = int(size[1]) * {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}[size[2]]
    return sum(sizes.values()) or None


def _number(path: Path) -> float | None:
    text = _text(path).strip()
    return float(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def find_cpu() -> Device:
    """The processor as cpu:0."""
    name = read_processor().model or platform.processor() or platform.machine()
    return Device("cpu", 0, name, memory_bytes=total_memory_bytes(), cores=os.cpu_count(), maker="cpu")


def total_memory_bytes() -> int:
    """The machine's memory; of the kernel itself where /proc is hidden."""
    try:
        return int(psutil.virtual_memory().total)
    except (OSError, RuntimeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def available_memory_bytes() -> int:
    """Memory that is free or would be given back; free alone where /proc is hidden."""
    try:
        return int(psutil.virtual_memory().available)
    except (OSError, RuntimeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
