"""NVIDIA's GPUs through NVML, which may be missing, old or out of permission: clocks, throttling, company."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from likeforlike.devices.vendors.device import Device, Pace

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


def _refusals(nvml: Any) -> tuple[type[Exception], ...]:
    """What a reading raises that isn't offered; a `pynvml` newer than the driver raises a kind of its own."""
    kinds = (getattr(nvml, name, None) for name in ("NVMLError", "NVMLLibraryMismatchError"))
    return tuple(kind for kind in kinds if kind is not None)


def reading(nvml: Any, call: Callable[..., Any], *arguments: Any) -> Any | None:
    """One NVML reading, bytes decoded; None where this device or driver doesn't offer it."""
    try:
        value = call(*arguments)
    except _refusals(nvml):
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


def board_handle(nvml: Any, device: Device) -> Any | None:
    """NVML's handle of the whole board: clocks, heat and throttling are told of it, not of its MIG slices."""
    uuid = device.uuid if device.mig is None else device.mig.board_uuid
    return handle_of(nvml, uuid, device.nvml_index)


def throttled(device: Device, nvml: Any | None = None) -> str | None:
    """Why the GPU is held back right now, in words; None if it isn't, and for a CPU."""
    if device.kind != "gpu":
        return None
    with session(nvml) as library:
        handle = None if library is None else board_handle(library, device)
        bits = None if handle is None else throttle_bits(library, handle)
    words = [REASONS[bit] for bit in reason_bits(bits or 0) if bit & DISTURBING]
    return ", ".join(words) or None


def read_device(nvml: Any, device: Device) -> dict[str, Any] | None:
    """:func:`read_gpu` of a device; None if it is gone.

    Of a MIG slice the clocks, heat and throttling are its board's, the processes its own; power and energy
    are None, since NVML tells them of all slices together.
    """
    handle = board_handle(nvml, device)
    if handle is None:
        return None
    state = read_gpu(nvml, handle)
    if device.mig is not None:
        own = handle_of(nvml, device.uuid, None)
        processes = None if own is None else _processes(nvml, own)
        state |= {"power_watts": None, "energy_joules": None, "processes": processes}
    return state


def read_gpu(nvml: Any, handle: Any) -> dict[str, Any]:
    """Clocks, heat, power and company of one GPU; ``processes`` are all that compute on it, ours too."""
    sm_megahertz = reading(nvml, nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)
    memory_megahertz = reading(nvml, nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM)
    milliwatts = reading(nvml, nvml.nvmlDeviceGetPowerUsage, handle)
    millijoules = call_named(nvml, ("nvmlDeviceGetTotalEnergyConsumption",), handle)
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
        "processes": _processes(nvml, handle),
    }


def _processes(nvml: Any, handle: Any) -> list[int] | None:
    """All that compute on it; by the older function where the driver lacks the newer one."""
    names = ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetComputeRunningProcesses_v2")
    running = call_named(nvml, names, handle)
    return None if running is None else sorted({process.pid for process in running})


def read_pace(nvml: Any, handle: Any) -> Pace:
    """SM clock, temperature and all throttle reasons of one board."""
    megahertz = reading(nvml, nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)
    celsius = reading(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
    bits = throttle_bits(nvml, handle)
    return Pace(
        None if megahertz is None else megahertz * 1e6,
        celsius,
        None if bits is None else tuple(REASONS[bit] for bit in reason_bits(bits)),
    )


def throttle_bits(nvml: Any, handle: Any) -> int | None:
    """Why the clock is held back, as the bits of :data:`REASONS`; None where the driver doesn't say."""
    names = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
    return call_named(nvml, names, handle)


def reason_bits(value: int) -> list[int]:
    """The known bits that are set."""
    return [bit for bit in REASONS if value & bit]
