"""Which devices this machine has, found without importing a framework."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import psutil

from devices import nvml as nvidia
from devices.processor import read_processor

LOGICAL_CPUS = 16
"""How many logical CPUs, cpu:0 to cpu:15, a framework may be asked to split the processor into."""


class DeviceError(ValueError):
    """A device was asked for that is unknown or not on this machine; one line, with the known names."""


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


def find_devices(nvml: Any | None = None, environ: Mapping[str, str] | None = None) -> tuple[Device, ...]:
    """cpu:0 and every GPU this process may use, in CUDA's PCI order.

    Without a driver or the library there is just the CPU. ``nvml`` stands in for ``pynvml``;
    ``environ`` for the process's environment, whose CUDA_VISIBLE_DEVICES (set by Slurm, for one) is kept.
    """
    environment = os.environ if environ is None else environ
    gpus = _visible(_find_gpus(nvml), environment.get("CUDA_VISIBLE_DEVICES"))
    return (_find_cpu(), *(replace(gpu, index=index) for index, gpu in enumerate(gpus)))


def _find_cpu() -> Device:
    name = read_processor().model or platform.processor() or platform.machine()
    return Device("cpu", 0, name, memory_bytes=psutil.virtual_memory().total, cores=os.cpu_count())


def _find_gpus(nvml: Any | None) -> list[Device]:
    with nvidia.session(nvml) as library:
        if library is None:
            return []
        driver = nvidia.reading(library, library.nvmlSystemGetDriverVersion)
        cuda = _cuda_version(library)
        count = nvidia.reading(library, library.nvmlDeviceGetCount) or 0
        gpus = (_describe_gpu(library, index, driver, cuda) for index in range(count))
        return [gpu for gpu in gpus if gpu is not None]


def _describe_gpu(nvml: Any, index: int, driver: str | None, cuda: str | None) -> Device | None:
    """Read one GPU; None if it can't be opened, as after it fell off the bus."""
    handle = nvidia.reading(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:
        return None
    memory = nvidia.reading(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = nvidia.reading(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    megahertz = nvidia.reading(nvml, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM)
    return Device(
        kind="gpu",
        index=index,
        name=nvidia.reading(nvml, nvml.nvmlDeviceGetName, handle) or "unknown GPU",
        memory_bytes=None if memory is None else int(memory.total),
        uuid=nvidia.reading(nvml, nvml.nvmlDeviceGetUUID, handle),
        driver=driver,
        compute_capability=None if capability is None else (int(capability[0]), int(capability[1])),
        sm_clock_max_hertz=None if megahertz is None else megahertz * 1e6,
        cores=nvidia.call_named(nvml, ("nvmlDeviceGetNumGpuCores",), handle),
        cuda=cuda,
        nvml_index=index,
    )


def _cuda_version(nvml: Any) -> str | None:
    """NVML gives 1000 x major + 10 x minor."""
    number = nvidia.call_named(nvml, ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"))
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"


def _visible(gpus: list[Device], variable: str | None) -> list[Device]:
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


def parse_devices(names: Sequence[str], present: Sequence[Device]) -> tuple[Device, ...]:
    """The devices that a list of names means, in order, each once.

    ``cpu`` or ``cpu:0``; ``cpu:1`` to ``cpu:15``, further logical CPUs of the same processor; ``gpu:0``;
    ``gpu``, every GPU; ``all``, cpu:0 and every GPU. Raises :class:`DeviceError` for any other name,
    for a device that is not present, and for an empty list.
    """
    chosen: dict[str, Device] = {}
    for name in names:
        for device in _parse_name(name.strip().lower(), present):
            chosen.setdefault(device.id, device)
    if not chosen:
        raise DeviceError(f"no device was named: {_known(present)}")
    return tuple(chosen.values())


def _parse_name(name: str, present: Sequence[Device]) -> Iterable[Device]:
    cpus = [device for device in present if device.kind == "cpu"]
    gpus = [device for device in present if device.kind == "gpu"]
    if name == "all":
        return present
    if name == "gpu" and gpus:
        return gpus
    kind, _, number = name.partition(":")
    if kind == "cpu" and cpus and (name == "cpu" or _is_number(number)):
        index = int(number or 0)
        if index < LOGICAL_CPUS:
            return [replace(cpus[0], index=index)]
    if kind == "gpu" and _is_number(number):
        found = [gpu for gpu in gpus if gpu.index == int(number)]
        if found:
            return found
    absent = name == "gpu" or (kind == "gpu" and _is_number(number))
    complaint = f"{name} is not on this machine" if absent else f"unknown device {name!r}"
    raise DeviceError(f"{complaint}: {_known(present)}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _known(present: Sequence[Device]) -> str:
    names = [device.id for device in present]
    if any(device.kind == "gpu" for device in present):
        names.append("gpu")
    names.append("all")
    return f"known are {', '.join(names)}, and cpu:1 to cpu:{LOGICAL_CPUS - 1} as further logical CPUs"
