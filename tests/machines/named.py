"""The named machines: what each has, and the figures that its stand-ins give."""

from __future__ import annotations

from dataclasses import dataclass

from stand_in_amdsmi import AmdGpu
from stand_in_nvml import Gpu, Slice

GIB = 2**30
REST_WATTS = 60.0
"""What each device draws at rest."""


@dataclass(frozen=True)
class NamedMachine:
    """One machine."""

    nvidia: tuple[Gpu, ...] = ()
    amd: tuple[AmdGpu, ...] = ()
    processors: int = 2
    rapl: str = ""
    """Its powercap tree: empty for none, ``round`` (it goes round in seconds), ``denied`` or ``coarse``."""
    joules_per_product: float = 0.5
    peak_bytes: int = 123 * 2**20
    kernel_seconds: float = 2e-6
    """Of a product on a GPU by the device's own clock, far less than the host takes to launch one."""

    @property
    def variable(self) -> str:
        """By which a process is shown its GPUs."""
        return "HIP_VISIBLE_DEVICES" if self.amd else "CUDA_VISIBLE_DEVICES"


def _h100(number: int) -> Gpu:
    uuid = f"GPU-h100-{number}"
    return Gpu("NVIDIA H100 80GB HBM3", uuid, 80 * GIB, (9, 0), 16896, 1980)


_A100 = Gpu("NVIDIA A100-SXM4-80GB", "GPU-a100", 80 * GIB)
_T4 = Gpu("Tesla T4", "GPU-t4", 16 * GIB, (7, 5), 2560, 1590)
_LAPTOP = Gpu("NVIDIA GeForce RTX 4090 Laptop GPU", "GPU-laptop", 16 * GIB, (8, 9), 9728, 2040)
_SLICES = [
    Slice("MIG-small", 9728 * 2**20, 14, (7, 0), (1, 1)),
    None,
    Slice("MIG-large", 40192 * 2**20, 42, (2, 0), (3, 3)),
]
_IN_SLICES = Gpu("NVIDIA A100-SXM4-80GB", "GPU-sliced", 80 * GIB, slices=_SLICES)

MACHINES = {
    "processor alone": NamedMachine(),
    "one GPU": NamedMachine((_A100,)),
    "two GPUs": NamedMachine((_h100(0), _h100(1)), joules_per_product=0.25, kernel_seconds=1e-6),
    "eight GPUs": NamedMachine(tuple(map(_h100, range(8)))),
    "mixed": NamedMachine((_A100, _T4)),
    "slices": NamedMachine((_IN_SLICES,)),
    "laptop": NamedMachine((_LAPTOP,), rapl="round"),
    "AMD": NamedMachine(amd=(AmdGpu(uuid="GPU-mi300x"),)),
    "counter goes round": NamedMachine(rapl="round"),
    "counter denied": NamedMachine(rapl="denied"),
    "counter coarse": NamedMachine(rapl="coarse"),
    "256 processors": NamedMachine(processors=256),
}
