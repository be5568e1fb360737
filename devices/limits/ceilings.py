"""What a device can do at most, in floating-point operations per second.

Every ceiling errs upwards: it is there to prove a figure false, so no true figure may lie above it.
GPUs: the larger of the datasheet's dense peak and what cores and highest clock give (boards boost past
their datasheet's clock). CPUs: cores x clock x what one core can retire in a cycle. An unknown device is
taken for the fastest known. Pure: figures in, figures out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from likeforlike.devices.limits.peaks import (
    CORES_PER_MULTIPROCESSOR,
    CPU_FLOP_PER_CYCLE,
    EMULATED_FLOAT32_PRODUCTS,
    EMULATION,
    FLOAT64_SHARE,
    GPU_PEAKS,
    HIGHEST_CLOCK_HERTZ,
    HIGHEST_PEAKS,
    MOBILE,
    TENSOR_FLOP_PER_CYCLE,
    GpuPeaks,
)

PRECISIONS = ("float64", "float32", "tf32", "bfloat16", "float16")
TERA = 1e12


@dataclass(frozen=True)
class Ceiling:
    """The most a device can do at one precision."""

    flop_per_second: float
    source: str
    """How the figure came about, for a reader."""
    of_device: bool = True
    """False where the device is not known: no device does more, this one perhaps much less."""


@dataclass(frozen=True)
class Reached:
    """The best rate that a device was measured to reach at one precision."""

    flop_per_second: float
    source: str = ""
    """By which product it was reached, for a reader."""


def device_ceiling(
    fingerprint: Mapping[str, Any] | None,
    device: str,
    precision: str,
    environment: Mapping[str, str] | None = None,
) -> Ceiling | None:
    """The ceiling of one device of a machine at a precision; None for a precision nobody tabulates.

    ``fingerprint`` is a result file's ``machine_info.likeforlike``; ``device`` its ``cpu:0`` or ``gpu:1``.
    Without a fingerprint, and for anything it doesn't describe, the highest known single-device peak.
    A logical CPU has the whole processor. float32 counts as tf32 where the machine ran in that mode.
    ``environment`` are the inherited variables under which a figure was measured: with cuBLAS's emulation
    of float64 switched on nobody can say what a GPU does at most, which is None too.
    """
    if precision not in PRECISIONS:
        return None
    machine = fingerprint or {}
    if precision == "float32" and machine.get("precision_mode") == "tf32":
        precision = "tf32"
    kind, _, number = device.partition(":")
    emulated = kind == "gpu" and (environment or {}).get(EMULATION.get(precision, ""), "0") == "1"
    if emulated and precision == "float64":
        return None
    own = _own_ceiling(machine, kind, number, precision)
    return _emulated_ceiling(own, _own_ceiling(machine, kind, number, "bfloat16")) if emulated else own


def _own_ceiling(machine: Mapping[str, Any], kind: str, number: str, precision: str) -> Ceiling:
    """Without emulation; of a device that isn't known the highest known peak."""
    known: Ceiling | None = None
    if kind == "gpu":
        gpu = find_gpu(machine, number)
        known = _slice_ceiling(gpu, precision) if gpu.get("mig") else _gpu_ceiling(gpu, precision)
    elif kind == "cpu":
        known = _cpu_ceiling(machine, precision)
    return known or highest_known(precision)


def _emulated_ceiling(float32: Ceiling, bfloat16: Ceiling) -> Ceiling:
    """float32 by products of bfloat16, where that is more than its own; an unknown device may do so too."""
    rate = bfloat16.flop_per_second / EMULATED_FLOAT32_PRODUCTS
    if rate <= float32.flop_per_second:
        return float32
    source = f"cuBLAS's emulation: a {EMULATED_FLOAT32_PRODUCTS}th of {bfloat16.source}"
    return Ceiling(rate, source, bfloat16.of_device)


def highest_known(precision: str) -> Ceiling:
    """The highest dense peak of any single device known here, at one of :data:`PRECISIONS`."""
    teraflop, name = HIGHEST_PEAKS[precision]
    return Ceiling(
        teraflop * TERA, f"device not known: highest known {precision} peak, {name}", of_device=False
    )


def find_gpu(machine: Mapping[str, Any], number: str) -> Mapping[str, Any]:
    """The description of GPU ``number``, by its own index where it has one, else by position."""
    gpus = machine.get("gpus")
    if not isinstance(gpus, list | tuple) or not number.isdigit():
        return {}
    described = [gpu for gpu in gpus if isinstance(gpu, Mapping)]
    for position, gpu in enumerate(described):
        if gpu.get("index", position) == int(number):
            return gpu
    return {}


def _gpu_ceiling(gpu: Mapping[str, Any], precision: str) -> Ceiling | None:
    """The larger of datasheet and clock; None if neither knows this GPU at this precision."""
    candidates = [_gpu_by_datasheet(gpu, precision), _gpu_by_clock(gpu, precision)]
    known = [candidate for candidate in candidates if candidate is not None]
    return max(known, key=lambda ceiling: ceiling.flop_per_second, default=None)


def _slice_ceiling(gpu: Mapping[str, Any], precision: str) -> Ceiling | None:
    """The board's ceiling by the slice's share of its cores; where that isn't known, no ceiling of the slice.

    A MIG slice has whole multiprocessors (NVIDIA, Multi-Instance GPU User Guide, partitioning), and the
    board's clock.
    """
    told = gpu["mig"] if isinstance(gpu["mig"], Mapping) else {}
    capability = _capability(gpu.get("compute_capability"))
    per_multiprocessor = CORES_PER_MULTIPROCESSOR.get(capability) if capability else None
    count, of_board = positive(told.get("multiprocessors")), positive(told.get("board_cores"))
    board = _gpu_ceiling({**gpu, "cores": of_board}, precision)
    if board is None:
        return None
    if per_multiprocessor is None or count is None or of_board is None:
        reason = "a MIG slice of unknown size: its whole board's ceiling"
        return Ceiling(board.flop_per_second, f"{reason}, {board.source}", of_device=False)
    cores = count * per_multiprocessor
    share = min(1.0, cores / of_board)
    source = f"MIG slice, {cores:g} of {of_board:g} cores: {share:.1%} of {board.source}"
    return Ceiling(share * board.flop_per_second, source)


def _gpu_by_datasheet(gpu: Mapping[str, Any], precision: str) -> Ceiling | None:
    peaks = find_peaks(str(gpu.get("name") or ""))
    teraflop = None if peaks is None else peaks.teraflop(precision)
    if peaks is None or teraflop is None:
        return None
    return Ceiling(teraflop * TERA, f"{teraflop:g} TFLOP/s dense {precision}, {peaks.source}")


def find_peaks(name: str) -> GpuPeaks | None:
    """The first row of the table whose every word is a word of the GPU's name (``A100``, ``PCIe``).

    A laptop's GPU has the rows of laptops alone: under a desktop's name it has fewer cores.
    """
    return row_named(name, GPU_PEAKS)


class Named(Protocol):
    """A row of a table of GPUs."""

    @property
    def words(self) -> tuple[str, ...]:
        """All of them are words of the name."""
        ...


Row = TypeVar("Row", bound=Named)


def row_named(name: str, rows: Iterable[Row]) -> Row | None:
    """The first of the rows for a GPU of that name, by the rule of :func:`find_peaks`."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    mobile = bool(words & MOBILE)
    return next((row for row in rows if set(row.words) <= words and ("laptop" in row.words) == mobile), None)


def _gpu_by_clock(gpu: Mapping[str, Any], precision: str) -> Ceiling | None:
    """2 x cores x highest clock for plain float32, the architecture's rates for the rest."""
    cores, hertz = positive(gpu.get("cores")), positive(gpu.get("sm_clock_max_hertz"))
    capability = _capability(gpu.get("compute_capability"))
    if cores is None or hertz is None:
        return None
    rates = [] if capability is None else _rates_per_core(capability, precision)
    if precision == "float32":
        rates.append(2.0)
    if not rates:
        return None
    rate = max(rates)
    source = f"{cores:g} cores x {hertz / 1e9:g} GHz x {rate:g} {precision} a core and cycle"
    return Ceiling(cores * hertz * rate, source)


def _rates_per_core(capability: tuple[int, int], precision: str) -> list[float]:
    """FLOP per core and cycle at this precision; empty where the architecture isn't known."""
    rates: list[float] = []
    per_multiprocessor = TENSOR_FLOP_PER_CYCLE.get(capability, {}).get(precision)
    if per_multiprocessor is not None:
        rates.append(per_multiprocessor / CORES_PER_MULTIPROCESSOR[capability])
    if precision == "float64" and capability in FLOAT64_SHARE:
        rates.append(2 * FLOAT64_SHARE[capability])
    # Without tensor cores 16-bit products run at most at twice the rate of float32, tf32 as float32.
    if precision in ("tf32", "bfloat16", "float16") and capability[0] < 7:
        rates.append(2.0 if precision == "tf32" else 4.0)
    return rates


def _capability(value: Any) -> tuple[int, int] | None:
    if isinstance(value, list | tuple) and len(value) == 2 and all(type(part) is int for part in value):
        return value[0], value[1]
    return None


def _cpu_ceiling(machine: Mapping[str, Any], precision: str) -> Ceiling | None:
    """Cores x clock x FLOP per cycle; None for a vector extension whose width isn't known."""
    cpu = machine.get("cpu")
    if not isinstance(cpu, Mapping):
        return None
    cores = max(positive(cpu.get("usable_cores")) or 0, positive(machine.get("threads")) or 0)
    extension, per_cycle = flop_per_cycle(cpu, precision)
    if not cores or per_cycle is None:
        return None
    hertz, clock = clock_of(cpu)
    source = f"{cores:g} cores x {clock} x {per_cycle:g} {precision} a cycle ({extension})"
    return Ceiling(cores * hertz * per_cycle, source)


def clock_of(cpu: Mapping[str, Any]) -> tuple[float, str]:
    """The highest clock of a processor in hertz, and in words; the highest sold where it isn't known."""
    known = positive(cpu.get("max_hertz"))
    hertz = known or max(HIGHEST_CLOCK_HERTZ, positive(cpu.get("hertz")) or 0)
    return hertz, f"{hertz / 1e9:g} GHz" + ("" if known else " (turbo not known: the highest sold)")


def flop_per_cycle(cpu: Mapping[str, Any], precision: str) -> tuple[str, float | None]:
    """The fastest way one core has to multiply at this precision: its name and FLOP per cycle."""
    vector = str(cpu.get("vector") or "unknown")
    float32 = CPU_FLOP_PER_CYCLE.get(vector)
    if float32 is None:
        return vector, None
    if cpu.get("sme"):
        rates = {"float64": 0.25, "float32": 1.0}
        return "sme", CPU_FLOP_PER_CYCLE["sme"] * rates.get(precision, 2.0)
    if precision == "float64":
        return vector, float32 / 2
    if precision == "float32":
        return vector, float32
    # tf32 on a CPU means leave to round float32, and so to use the matrix units.
    if cpu.get("amx"):
        return "amx", CPU_FLOP_PER_CYCLE["amx"]
    if vector in ("asimd", "sve", "sve2"):
        # BFMMLA does four times the products of an FMLA of the same width.
        return f"{vector} bfmmla", 4 * float32
    return f"{vector}, 16-bit", 2 * float32


def positive(value: Any) -> float | None:
    """The value if it is a positive, finite number; a file of any origin may hold anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e30 else None
