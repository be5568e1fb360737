"""A device, whoever made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class MigSlice:
    """What a GPU is part of, where it is a slice of a board in MIG mode."""

    board_uuid: str | None
    old_name: str | None = None
    """``MIG-GPU-<uuid of the board>/<GPU instance>/<compute instance>``, as drivers before 470 called it."""
    multiprocessors: int | None = None
    """Its own; None where NVML doesn't tell."""
    board_cores: int | None = None
    """FP32 cores of the whole board."""


@dataclass(frozen=True)
class Device:
    """One device a cell can be placed on."""

    kind: Literal["cpu", "gpu"]
    index: int
    """Counted as a framework counts: the GPUs that CUDA_VISIBLE_DEVICES lets through, from 0."""
    name: str
    memory_bytes: int | None = None
    uuid: str | None = None
    driver: str | None = None
    compute_capability: tuple[int, int] | None = None
    sm_clock_max_hertz: float | None = None
    cores: int | None = None
    """A GPU's FP32 cores, as NVML counts them; a CPU's logical processors."""
    cuda: str | None = None
    """The newest CUDA version the driver can run, such as 12.4."""
    nvml_index: int | None = None
    """The maker's own number; NVML's counts every board of the machine in the order of the PCI bus."""
    mig: MigSlice | None = None
    """Where it is a slice of a board; its memory is its own, its clock the board's."""
    maker: str = ""
    """Who made it, by the name of a module in `devices.vendors`, such as ``nvidia``; empty: nobody known."""
    bus: str | None = None
    """Where the kernel has it, ``0000:03:00.0`` or a folder of /sys, for makers who name it so."""
    exclusive: bool = False
    """Whether its driver lets one process use it at a time."""
    unplaceable: str = ""
    """Why no variable shows a process this device and surely no other; empty: one does."""

    @property
    def id(self) -> str:
        """The name used in options, cells and reports: ``cpu:0``, ``gpu:1``."""
        return f"{self.kind}:{self.index}"


@dataclass(frozen=True)
class EnergyCounter:
    """A running total of joules, from an origin of its own."""

    source: str
    """What is counted and by whom, for a reader."""
    read: Callable[[], float]
    """Joules up to now. Raises OSError, or whatever its library raises, where the reading is denied."""
    step_joules: float
    """The smallest step its numbers can make."""
    update_seconds: float = 0.0
    """How seldom it moves, where that is known; what is observed counts where it is more."""
    close: Callable[[], None] = lambda: None
    """To be called when it is no longer read."""
    wraps_within_seconds: float | None = None
    """A longer interval may hold more than one wraparound, which nobody could see; None: none can."""


@dataclass(frozen=True)
class NotMeasurable:
    """Why there is no figure."""

    reason: str


@dataclass(frozen=True)
class Pace:
    """At what pace a device works right now; None for what it doesn't tell."""

    clock_hertz: float | None = None
    celsius: float | None = None
    held_back: tuple[str, ...] | None = None
    """All reasons that its driver gives why it is no faster, those too that disturb no sample."""

    @property
    def known(self) -> bool:
        """Whether clock or temperature is told, of which one can say that it is level."""
        return self.clock_hertz is not None or self.celsius is not None


class Readings(Protocol):
    """One device, opened for reading. May raise whatever its library raises; callers ask by `told`."""

    def state(self) -> dict[str, Any]:
        """Plain JSON for a result file; ``held_back`` in words; ``processes``, all that use it, ours too.

        None for what isn't told: not to be held back is something else.
        """
        ...

    def held_back(self) -> list[str]:
        """Why it is slower now than it could be, in words; only what makes a sample disturbed."""
        ...

    def pace(self) -> Pace:
        """Clock, temperature and what holds it back, quick enough to be read after each sample."""
        ...

    def energy(self) -> EnergyCounter | NotMeasurable:
        """Its counter of energy."""
        ...


class Maker(Protocol):
    """What a maker's module offers: finding, state, energy, placement. Memory is each device's own field."""

    @property
    def name(self) -> str:
        """As in :attr:`Device.maker`."""
        ...

    @property
    def untested(self) -> str | None:
        """What has not been run on real devices, for the listing and the report; None where it has been."""
        ...

    @property
    def jax_platform(self) -> str:
        """What JAX calls the platform."""
        ...

    @property
    def builds(self) -> Mapping[str, str]:
        """What to install, for each framework, for a build that sees these devices."""
        ...

    @property
    def variables(self) -> frozenset[str]:
        """All that :meth:`placement` may set."""
        ...

    def find(self, environ: Mapping[str, str]) -> list[Device]:
        """The devices that a process with this environment may use, in its order."""
        ...

    def opened(self, device: Device) -> AbstractContextManager[Readings | None]:
        """The device, open for the block; None if it is gone, or nothing reads it."""
        ...

    def placement(self, devices: Sequence[Device]) -> dict[str, str]:
        """Variables that show a process these devices alone, as gpu:0 and so on; of none: none of them."""
        ...
