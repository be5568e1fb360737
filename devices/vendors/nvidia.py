"""NVIDIA's GPUs through NVML, which may be missing, old or out of permission: finding, clocks, throttling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from likeforlike.devices.vendors.device import Device

REASONS = {
    0x001: "idle",
    0x002: "clocks set by an application",
    0x004: "power limit",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "too hot, held back by the driver",
    0x040: "too hot, held back by the hardware",
    0x080: "power brake",
    0x100: "clocks set for the display",
    0x200: "board limit",
    0x400: "reliability voltage",
}
"""NVML's clock-event (throttle) bits in words."""
DISTURBING = 0x008 | 0x020 | 0x040 | 0x080
"""Bits that make a sample disturbed. A power limit does not: many boards always run large products at it."""


def load(nvml: Any | None = None) -> Any | None:
    """Return the ``pynvml`` module or the stand-in given; None where it isn't installed."""
    if nvml is not None:
        return nvml
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


@contextmanager
def session(nvml: Any | None = None) -> Iterator[Any | None]:
    """Open NVML for the block and close it again; yields None without a driver or the library."""
    module = load(nvml)
    if module is not None:
        try:
            module.nvmlInit()
        except module.NVMLError:
            module = None
    try:
        yield module
    finally:
        if module is not None:
            reading(module, module.nvmlShutdown)


def reading(nvml: Any, call: Callable[..., Any], *arguments: Any) -> Any | None:
    """One NVML reading, bytes decoded; None where this device or driver doesn't offer it."""
    try:
        value = call(*arguments)
    except nvml.NVMLError:
        return None
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def call_named(nvml: Any, names: tuple[str, ...], *arguments: Any) -> Any | None:
    """The reading of the first of these functions that the library has and the driver answers."""
    for name in names:
        function = getattr(nvml, name, None)
        value = None if function is None else reading(nvml, function, *arguments)
        if value is not None:
            return value
    return None


def handle_of(nvml: Any, uuid: str | None, index: int | None) -> Any | None:
    """NVML's handle of a GPU by uuid, else by NVML's own index; None if it is gone."""
    if uuid is not None:
        return reading(nvml, nvml.nvmlDeviceGetHandleByUUID, uuid)
    if index is not None:
        return reading(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    return None


def find_gpus(nvml: Any | None) -> list[Device]:
    """Every GPU of the machine, by NVML's own numbers; none without a driver or the library."""
    with session(nvml) as library:
        if library is None:
            return []
        driver = reading(library, library.nvmlSystemGetDriverVersion)
        cuda = _cuda_version(library)
        count = reading(library, library.nvmlDeviceGetCount) or 0
        gpus = (_describe_gpu(library, index, driver, cuda) for index in range(count))
        return [gpu for gpu in gpus if gpu is not None]


def _describe_gpu(nvml: Any, index: int, driver: str | None, cuda: str | None) -> Device | None:
    """Read one GPU; None if it can't be opened, as after it fell off the bus."""
    handle = reading(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:
        return None
    memory = reading(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = reading(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    megahertz = reading(nvml, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM)
    return Device(
        kind="gpu",
        index=index,
        name=reading(nvml, nvml.nvmlDeviceGetName, handle) or "unknown GPU",
        memory_bytes=None if memory is None else int(memory.total),
        uuid=reading(nvml, nvml.nvmlDeviceGetUUID, handle),
        driver=driver,
        compute_capability=None if capability is None else (int(capability[0]), int(capability[1])),
        sm_clock_max_hertz=None if megahertz is None else megahertz * 1e6,
        cores=call_named(nvml, ("nvmlDeviceGetNumGpuCores",), handle),
        cuda=cuda,
        nvml_index=index,
    )


def _cuda_version(nvml: Any) -> str | None:
    """NVML gives 1000 x major + 10 x minor."""
    number = call_named(nvml, ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"))
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"


def visible(gpus: list[Device], variable: str | None) -> list[Device]:
    """Those that CUDA_VISIBLE_DEVICES lets through, in its order.

    As in CUDA, the first invalid entry ends the list.
    """
    if variable is None:
        return gpus
    chosen: list[Device] = []
    for entry in (part.strip() for part in variable.split(",")):
        match = [gpu for gpu in gpus if _is_entry(gpu, entry)]
        if len(match) != 1 or match[0] in chosen:
            break
        chosen.append(match[0])
    return chosen


def _is_entry(gpu: Device, entry: str) -> bool:
    """An entry is an index or the beginning of a uuid."""
    if entry.isascii() and entry.isdigit():
        return gpu.nvml_index == int(entry)
    return entry.startswith("GPU-") and gpu.uuid is not None and gpu.uuid.startswith(entry)


def throttled(device: Device, nvml: Any | None = None) -> str | None:
    """Why the GPU is held back right now, in words; None if it isn't, and for a CPU."""
    if device.kind != "gpu":
        return None
    with session(nvml) as library:
        handle = None if library is None else handle_of(library, device.uuid, device.nvml_index)
        bits = None if handle is None else throttle_bits(library, handle)
    words = [REASONS[bit] for bit in reason_bits(bits or 0) if bit & DISTURBING]
    return ", ".join(words) or None


def read_gpu(nvml: Any, handle: Any) -> dict[str, Any]:
    """Clocks, heat, power and company of one GPU; ``processes`` are all that compute on it, ours too."""
    sm_megahertz = reading(nvml, nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)
    memory_megahertz = reading(nvml, nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM)
    milliwatts = reading(nvml, nvml.nvmlDeviceGetPowerUsage, handle)
    millijoules = call_named(nvml, ("nvmlDeviceGetTotalEnergyConsumption",), handle)
    running = reading(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle)
    bits = throttle_bits(nvml, handle)
    return {
        "sm_clock_hertz": None if sm_megahertz is None else sm_megahertz * 1e6,
        "memory_clock_hertz": None if memory_megahertz is None else memory_megahertz * 1e6,
        "temperature_celsius": reading(
            nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU
        ),
        "power_watts": None if milliwatts is None else milliwatts / 1e3,
        "energy_joules": None if millijoules is None else millijoules / 1e3,
        "throttle_bits": bits,
        "throttle_reasons": None if bits is None else [REASONS[bit] for bit in reason_bits(bits)],
        "processes": None if running is None else sorted({p.pid for p in running}),
    }


def throttle_bits(nvml: Any, handle: Any) -> int | None:
    """Why the clock is held back, as the bits of :data:`REASONS`; None where the driver doesn't say."""
    names = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
    return call_named(nvml, names, handle)


def reason_bits(value: int) -> list[int]:
    """The known bits that are set."""
    return [bit for bit in REASONS if value & bit]
