"""A device, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    """NVML's own number, which counts every GPU of the machine."""

    @property
    def id(self) -> str:
        """The name used in options, cells and reports: ``cpu:0``, ``gpu:1``."""
        return f"{self.kind}:{self.index}"
