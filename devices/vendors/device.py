"""A device, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    """NVML's own number, which counts every board of the machine in the order of the PCI bus."""
    mig: MigSlice | None = None
    """Where it is a slice of a board; its memory is its own, its clock the board's."""

    @property
    def id(self) -> str:
        """The name used in options, cells and reports: ``cpu:0``, ``gpu:1``."""
        return f"{self.kind}:{self.index}"
