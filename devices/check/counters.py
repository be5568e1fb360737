"""Do the counters of energy move, and what a processor says of its clock and of being held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likeforlike.devices.check.rows import Place, Row
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.vendors.device import Device, EnergyCounter, Maker, NotMeasurable
from likeforlike.devices.vendors.makers import MAKERS, opened

LEAST_SECONDS = 1.0
"""Counters of energy are renewed ten times a second at least."""

SLOW_SHARE = 0.5
"""A clock under load below this share of the highest is told."""


def processor_counter(makers: Sequence[Maker] = MAKERS) -> EnergyCounter | NotMeasurable:
    """The processor's, as the bench reads it."""
    with opened(Device("cpu", 0, "", maker="cpu"), makers) as readings:
        return NotMeasurable("nothing reads it") if readings is None else readings.energy()


@dataclass(frozen=True)
class EnergyReading:
    """A device's counter of energy, opened once, so that its going round is seen."""

    counter: EnergyCounter | NotMeasurable | None
    """The processor's; None for a GPU, whose state tells it."""

    def joules(self, state: Mapping[str, Any]) -> float | None:
        """What it stands at; None where nothing is told. ``state`` is that of the machine now."""
        if isinstance(self.counter, EnergyCounter):
            return told(self.counter.read)
        return None if self.counter is not None else (state["gpu"] or {}).get("energy_joules")

    @property
    def reason(self) -> str:
        """Why it can't be read, in words; empty where it can, or nobody knows."""
        return self.counter.reason if isinstance(self.counter, NotMeasurable) else ""


def energy_row(
    place: Place,
    device: Device,
    readings: tuple[float | None, float | None],
    seconds: float,
    reason: str = "",
) -> Row:
    """Whether the energy counter moved between two readings, in joules, while frameworks worked.

    ``reason``: why there are none.
    """
    what, (before, after) = "energy counter", readings
    if before is None or after is None:
        if device.kind == "gpu":
            return place.not_measurable(what, "NVML tells none of this GPU")
        remedy = "on bare metal: let users read /sys/class/powercap"
        return place.not_measurable(what, reason or "no counter to be read", remedy)
    joules = after - before
    if seconds < LEAST_SECONDS:
        return place.not_measurable(what, "too little was done to move it")
    if joules < 0:
        return place.warn(what, "it wrapped around meanwhile", "check again")
    if joules == 0:
        remedy = "believe no joules from here; update the driver"
        return place.bad(what, f"it stood still through {seconds:.0f} s", remedy)
    return place.good(what, f"{joules:.0f} J in {seconds:.0f} s, {joules / seconds:.0f} W")


def processor_throttle_row(place: Place, before: int | None, after: int | None) -> Row:
    """Whether a core was held back for its heat meanwhile."""
    if before is None or after is None:
        return place.not_measurable("throttling", "the processor, or its host, doesn't tell")
    if after > before:
        found = f"cores were too hot {after - before} times meanwhile"
        return place.warn("throttling", found, "better cooling, or fewer threads")
    return place.good("throttling", "no core was too hot meanwhile")


def gpu_rows(place: Place, device: Device, states: Sequence[Mapping[str, Any] | None]) -> list[Row]:
    """Clock and throttling of a GPU, from its states while frameworks worked on it; that it is exclusive."""
    read = [state for state in states if state]
    rows = [_clock_row(place, device, read), _throttle_row(place, read)]
    return [*rows, _sharing_row(place)] if device.exclusive else rows


def _sharing_row(place: Place) -> Row:
    found = "one process at a time (compute mode EXCLUSIVE_PROCESS): entrants can't take turns"
    return place.warn("shared use", found, "nvidia-smi -c DEFAULT, or ask the cluster for it")


def _clock_row(place: Place, device: Device, states: Sequence[Mapping[str, Any]]) -> Row:
    told = [state.get("sm_clock_hertz") or state.get("clock_hertz") for state in states]
    clocks = [hertz for hertz in told if hertz]
    if not clocks:
        return place.not_measurable("GPU clock", "the driver tells none")
    highest, most = max(clocks), device.sm_clock_max_hertz
    found = f"{min(clocks) / 1e6:.0f} to {highest / 1e6:.0f} MHz"
    if most is None:
        return place.good("GPU clock", found)
    found += f", at most {most / 1e6:.0f} MHz"
    if highest < SLOW_SHARE * most:
        remedy = "nvidia-smi -q -d CLOCK,PERFORMANCE: are clocks or power limited?"
        return place.warn("GPU clock", found, remedy)
    return place.good("GPU clock", found)


def _throttle_row(place: Place, states: Sequence[Mapping[str, Any]]) -> Row:
    held = list(dict.fromkeys(word for state in states for word in state.get("held_back") or ()))
    if held:
        return place.warn("throttling", f"held back: {', '.join(held)}", "better cooling or power supply")
    told = [state for state in states if state.get("throttle_reasons") is not None]
    if not told:  # AMD's tell what disturbs and nothing else, so that none of it says little
        return place.not_measurable("throttling", "the driver tells no reasons")
    words = ", ".join(dict.fromkeys(word for state in told for word in state["throttle_reasons"]))
    return place.good("throttling", f"not held back ({words})" if words else "not held back")
