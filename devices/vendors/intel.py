"""Intel's graphics cards, as the kernel lists them. Written from its documentation; never run on one.

Cards with memory of their own alone: a processor's built-in graphics is no device that anybody compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeforlike.devices.vendors.device import Device, EnergyCounter, NotMeasurable, Pace, Readings

SYS_CLASS = Path("/sys/class")
VENDOR_ID = "0x8086"
"""PCI's number of Intel."""
MICRO = 1e-6


class IntelReadings:
    """One card's energy by hwmon (Linux, sysfs-driver-intel-i915-hwmon: ``energy1_input``, microjoules)."""

    def __init__(self, card: Path) -> None:
        self._card = card

    def state(self) -> dict[str, Any]:
        """Nothing is read yet."""
        return {}

    def held_back(self) -> list[str]:
        """Nothing is read yet."""
        return []

    def pace(self) -> Pace:
        """Nothing is read yet."""
        return Pace()

    def energy(self) -> EnergyCounter | NotMeasurable:
        """The driver's counter, which it keeps from wrapping."""
        for path in sorted(self._card.glob("hwmon/hwmon*/energy1_input")):
            try:
                int(path.read_text())
            except (OSError, ValueError):
                return NotMeasurable(f"{path} can't be read")
            source = "the driver's energy counter of the card (the host's energy is not in it)"
            return EnergyCounter(source, lambda path=path: int(path.read_text()) * MICRO, MICRO)  # type: ignore[misc]
        return NotMeasurable("the driver has no energy counter of this card in hwmon")


class Intel:
    """Through /sys/class/drm; ``sys_class`` stands in for /sys/class."""

    name = "intel"
    untested = "Intel's graphics cards: written from the kernel's documentation, never run on one"
    jax_platform = "xpu"
    builds: Mapping[str, str] = {
        "tensorflow": "install Intel's extension for TensorFlow",
        "torch": "install PyTorch's build for Intel GPUs, as its page Get Started says",
        "jax": "install Intel's extension for OpenXLA",
    }
    variables = frozenset({"ZE_AFFINITY_MASK"})

    def __init__(self, sys_class: Path = SYS_CLASS) -> None:
        self._sys_class = sys_class

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """Cards with memory of their own, in the order of the PCI bus; ZE_AFFINITY_MASK is honoured."""
        found = {}
        for card in (self._sys_class / "drm").glob("card[0-9]*/device"):
            memory = _number(card.parent / "lmem_total_bytes")  # i915 has it for such cards alone
            if _line(card / "vendor") == VENDOR_ID and memory:
                found[card.resolve()] = memory
        gpus = [_describe(n, card, found[card]) for n, card in enumerate(sorted(found))]
        mask = environ.get("ZE_AFFINITY_MASK")
        if mask is None:
            return gpus
        wanted = [int(part) for part in mask.split(",") if part.strip().isdigit()]
        return [gpus[number] for number in dict.fromkeys(wanted) if number < len(gpus)]

    @contextmanager
    def opened(self, device: Device) -> Iterator[Readings | None]:
        """Nothing needs opening."""
        yield None if device.bus is None else IntelReadings(Path(device.bus))

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """Level Zero's mask; it can't hide all, and no framework looks there unless it is built to."""
        shown = ",".join(str(device.nvml_index) for device in devices)
        return {"ZE_AFFINITY_MASK": shown} if devices else {}


def _describe(number: int, card: Path, memory_bytes: int) -> Device:
    return Device(
        kind="gpu",
        index=number,
        name=f"Intel graphics card {_line(card / 'device') or 'unknown'}",
        memory_bytes=memory_bytes,
        nvml_index=number,
        maker="intel",
        bus=str(card),
    )


def _number(path: Path) -> int | None:
    text = _line(path)
    return int(text) if text.isdigit() else None


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
