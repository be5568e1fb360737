"""NVIDIA's devices behind the seam that all makers share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable, Pace, Readings
from likeforlike.devices.vendors.integrated_power import integrated
from likeforlike.devices.vendors.nvidia import nvml as nvidia
from likeforlike.devices.vendors.nvidia.listing import find_gpus, visible

_LAST_AT_ONCE = (8, 0)
"""Up to GA100 NVML tells the power of the moment, of newer boards its mean over a second (NVML API Reference,
nvmlDeviceGetPowerUsage)."""


class NvidiaReadings:
    """One board, or one slice of it, while NVML is open."""

    def __init__(self, nvml: Any, device: Device) -> None:
        self._nvml, self._device = nvml, device
        self._board = nvidia.board_handle(nvml, device)

    def state(self) -> dict[str, Any]:
        """Clocks, heat, power and company, and why it is held back."""
        state = nvidia.read_device(self._nvml, self._device) or {}
        bits = state.get("throttle_bits")
        held = None if bits is None else [nvidia.REASONS[bit] for bit in _disturbing(bits)]
        return state | {"held_back": held}

    def held_back(self) -> list[str]:
        """Reasons that make a sample disturbed."""
        bits = nvidia.throttle_bits(self._nvml, self._board) or 0
        return [nvidia.REASONS[bit] for bit in _disturbing(bits)]

    def pace(self) -> Pace:
        """The board's, which all of its slices share."""
        return nvidia.read_pace(self._nvml, self._board)

    def energy(self) -> EnergyCounter | NotMeasurable:
        """NVML's total energy counter (Volta and newer), else the board's power integrated.

        Not where that is a mean over the last second, in which a turn's work and rest before it are mixed.
        """
        nvml, board = self._nvml, self._board
        if self._device.mig is not None:
            return NotMeasurable("NVML tells the energy of the whole board, not of a MIG slice")
        if nvidia.call_named(nvml, ("nvmlDeviceGetTotalEnergyConsumption",), board) is not None:
            source = "NVML's total energy counter of the board (the host's energy is not in it)"
            return EnergyCounter(
                source, lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(board) / 1e3, step_joules=1e-3
            )
        if nvidia.reading(nvml, nvml.nvmlDeviceGetPowerUsage, board) is None:
            return NotMeasurable("NVML gives neither the energy nor the power of this board")
        capability = self._device.compute_capability
        if capability is None or capability > _LAST_AT_ONCE:
            why = "NVML counts no energy of this board, and tells its power as a mean over a second"
            return NotMeasurable(why)
        source = "the board's power by NVML, integrated (the host's energy is not in it)"
        return integrated(source, lambda: nvml.nvmlDeviceGetPowerUsage(board) / 1e3)


def _disturbing(bits: int) -> list[int]:
    return [bit for bit in nvidia.reason_bits(bits) if bit & nvidia.DISTURBING]


class Nvidia:
    """Through NVML, which may be missing; ``library`` stands in for ``pynvml``."""

    name = "nvidia"
    untested = None
    jax_platform = "cuda"
    builds: Mapping[str, str] = {
        "tensorflow": "pip install 'tensorflow[and-cuda]'",
        # without it pip is content with a build for the CPU
        "torch": "pip install --force-reinstall torch",
        "jax": "pip install 'jax[cuda12]'",
    }
    variables = frozenset({"CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES"})

    def __init__(self, library: Any | None = None) -> None:
        self._library = library

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """Those that CUDA_VISIBLE_DEVICES lets through, in its order, else in that of the PCI bus.

        Its numbers mean what CUDA_DEVICE_ORDER beside it says, and fastest first without.
        """
        chosen = environ.get("CUDA_VISIBLE_DEVICES")
        return visible(find_gpus(self._library), chosen, environ.get("CUDA_DEVICE_ORDER"))

    @contextmanager
    def opened(self, device: Device) -> Iterator[Readings | None]:
        """NVML is open for the block."""
        with nvidia.session(self._library) as nvml:
            there = nvml is not None and nvidia.board_handle(nvml, device) is not None
            yield NvidiaReadings(nvml, device) if there else None

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """By uuid; -1 hides every GPU, which an empty text doesn't do everywhere.

        Raises ValueError for a GPU that can't be told apart: the work would be done on another.
        """
        shown = ",".join(_visible(device) for device in devices)
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": shown or "-1"}


def _visible(device: Device) -> str:
    if device.unplaceable:
        raise ValueError(f"{device.id} ({device.name}): {device.unplaceable}")
    if device.uuid is not None:
        return device.uuid
    return str(device.index if device.nvml_index is None else device.nvml_index)
