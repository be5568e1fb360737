"""Apple's GPU, where a framework's build for Metal is installed. Never run on one."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable, Pace, Readings

METAL_BUILDS = ("tensorflow-metal", "jax-metal", "torch")
"""Distributions that bring Metal; PyTorch's for macOS all do."""


class AppleReadings:
    """What can be read of it without being root: nothing."""

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def held_back(self) -> list[str]:
        """Nothing."""
        return []

    def pace(self) -> Pace:
        """Nothing."""
        return Pace()

    def energy(self) -> EnergyCounter | NotMeasurable:
        """``powermetrics`` is root's."""
        return NotMeasurable("macOS tells the GPU's power to root alone (powermetrics)")


def _installed() -> bool:
    for name in METAL_BUILDS:
        with suppress(importlib.metadata.PackageNotFoundError):
            importlib.metadata.distribution(name)
            return True
    return False


def _chip() -> str | None:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    return None


class Apple:
    """One GPU, part of the chip; ``system`` is platform and machine, ``installed`` asks for a Metal build."""

    name = "apple"
    untested = "Apple's GPUs: listed where a Metal build is installed, never run on one"
    jax_platform = "METAL"
    builds: Mapping[str, str] = {
        "tensorflow": "pip install tensorflow-metal",
        "torch": "pip install torch",
        "jax": "pip install jax-metal",
    }
    variables: frozenset[str] = frozenset()

    def __init__(
        self,
        system: tuple[str, str] | None = None,
        installed: Callable[[], bool] = _installed,
        chip: Callable[[], str | None] = _chip,
    ) -> None:
        self._system = system
        self._installed, self._chip = installed, chip

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """The chip's GPU; its memory is the machine's, so it names none of its own."""
        if (self._system or (sys.platform, platform.machine())) != (
            "darwin",
            "arm64",
        ) or not self._installed():
            return []
        return [Device("gpu", 0, f"{self._chip() or 'Apple'} GPU", maker="apple")]

    @contextmanager
    def opened(self, device: Device) -> Iterator[Readings | None]:
        """Nothing needs opening."""
        yield AppleReadings()

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """No variable hides it."""
        return {}
