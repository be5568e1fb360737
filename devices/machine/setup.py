"""The state of a machine's set-up, which moves figures and is no part of what the machine is.

BLAS kernels against what the processor supports, transparent huge pages, governor, SMT, NUMA placement.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likeforlike.devices.vendors.cpu import SYS_CPU

SYS = Path("/sys")

SSE, AVX, AVX2, AVX512 = "sse2", "avx", "avx2", "avx512f"

OPENBLAS_KERNELS = (
    dict.fromkeys(
        ("katmai", "coppermine", "northwood", "prescott", "banias", "core2", "penryn", "dunnington"), SSE
    )
    | dict.fromkeys(("nehalem", "atom", "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat"), SSE)
    | dict.fromkeys(("nano",), SSE)
    | dict.fromkeys(("sandybridge", "bulldozer", "piledriver", "steamroller"), AVX)
    | dict.fromkeys(("haswell", "zen"), AVX2)
    | dict.fromkeys(("skylakex", "cooperlake", "sapphirerapids"), AVX512)
    | dict.fromkeys(("armv8", "cortexa53", "cortexa55", "cortexa57", "cortexa72", "cortexa73"), "asimd")
    | dict.fromkeys(("cortexa76", "cortexx1", "thunderx", "thunderx2t99", "thunderx3t110"), "asimd")
    | dict.fromkeys(("neoversen1", "tsv110", "emag8180", "falkor", "ft2000", "vortex", "vortexm4"), "asimd")
    | dict.fromkeys(("a64fx", "armv8sve", "neoversev1", "neoversen2", "neoversev2", "cortexx2"), "sve")
    | dict.fromkeys(("cortexa510", "cortexa710", "armv9sme"), "sve")
)
"""The vector extension that the kernels of an OpenBLAS core use (OpenBLAS, TargetList.txt and kernel/)."""

_RANK = {SSE: 0, AVX: 1, AVX2: 2, AVX512: 3}
"""Of x86's extensions alone: an Arm core with SVE of 128 bits loses nothing by ASIMD kernels."""

_WORDS = {SSE: "SSE", AVX: "AVX", AVX2: "AVX2", AVX512: "AVX-512"}


def read_setup(
    blas: Sequence[str], processor_vector: str | None, sys: Path = SYS, cores: Sequence[int] | None = None
) -> dict[str, Any]:
    """The set-up as plain, flat JSON; None for what can't be read.

    ``blas`` are the libraries as a worker loads them, in the words of a fingerprint; ``processor_vector``
    what the processor supports; ``cores`` those this process may use, by default its affinity.
    """
    nodes = numa_nodes(sys / "devices" / "system" / "node")
    used = _affinity() if cores is None else cores
    return {
        "blas": ", ".join(blas) or None,
        "blas_remark": kernels_remark(blas, processor_vector),
        "transparent_huge_pages": _chosen(sys / "kernel" / "mm" / "transparent_hugepage" / "enabled"),
        "governor": governor(sys / SYS_CPU.relative_to(SYS)),
        "smt_active": _flag(sys / "devices" / "system" / "cpu" / "smt" / "active"),
        "numa_nodes": len(nodes) or None,
        "numa_nodes_used": len([node for node in nodes.values() if node & set(used)]) or None,
    }


def kernels_remark(blas: Sequence[str], processor_vector: str | None) -> str | None:
    """What is to be said of an OpenBLAS whose kernels use less than the processor has; None: nothing.

    A core or a processor that is not known is never spoken of.
    """
    for library in blas:
        name, _, rest = library.partition(" ")
        core = rest.rpartition(" ")[2]
        kernels = OPENBLAS_KERNELS.get(core.lower()) if name == "openblas" else None
        uses, has = _RANK.get(kernels or ""), _RANK.get(processor_vector or "")
        if kernels and processor_vector and uses is not None and has is not None and uses < has:
            return (
                f"NumPy's OpenBLAS uses its kernels for {core} ({_WORDS[kernels]}), "
                f"this processor supports {_WORDS[processor_vector]}"
            )
    return None


def governor(sys_cpu: Path) -> str | None:
    """The frequency governors of all cores, each once; None where there is none, as on virtual machines."""
    found = {_text(path) for path in sorted(sys_cpu.glob("cpu[0-9]*/cpufreq/scaling_governor"))}
    return ", ".join(sorted(found - {""})) or None


def numa_nodes(folder: Path) -> dict[int, set[int]]:
    """The cores of each NUMA node that has any."""
    nodes = {}
    for path in folder.glob("node[0-9]*"):
        cores = parse_cores(_text(path / "cpulist"))
        if cores:
            nodes[int(path.name.removeprefix("node"))] = cores
    return dict(sorted(nodes.items()))


def parse_cores(text: str) -> set[int]:
    """``0-3,8`` as a set; empty for anything else."""
    cores: set[int] = set()
    for part in text.split(","):
        span = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if span:
            first = int(span[1])
            cores |= set(range(first, int(span[2] or first) + 1))
    return cores


def _affinity() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _chosen(path: Path) -> str | None:
    """The word in brackets: ``always [madvise] never``."""
    found = re.search(r"\[(\w+)\]", _text(path))
    return found[1] if found else None


def _flag(path: Path) -> bool | None:
    return {"0": False, "1": True}.get(_text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
