"""A stand-in for NVML: plain objects where the library has handles."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace


@dataclass
class Gpu:
    """One board; a None reading is one the driver refuses."""

    name: str = "NVIDIA A100-SXM4-80GB"
    uuid: str = "GPU-11111111-aaaa"
    memory_bytes: int = 80 * 2**30
    capability: tuple | None = (8, 0)
    cores: int | None = 6912
    megahertz: int | None = 1410
    throttle: int | None = 0
    pids: list = field(default_factory=list)
    millijoules: int | None = 5_000
    compute_mode: int | None = 0
    slices: list | None = None
    """MIG slices by number, None where a number is not taken; None in all: not in MIG mode."""


@dataclass
class Slice:
    """A MIG device; refuses what is told of boards alone."""

    uuid: str
    memory_bytes: int
    multiprocessors: int | None = None
    instance: tuple = (7, 0)
    slices: tuple = (1, 1)
    name: str = "NVIDIA A100-SXM4-80GB"
    pids: list = field(default_factory=list)


class NVMLError(Exception):
    """As pynvml's."""


class StandIn:
    """The part of pynvml that the package calls; counts how often it is opened and closed."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    def __init__(self, *gpus, driver=True):
        self.gpus, self.driver, self.open, self.opened = list(gpus), driver, 0, 0

    def _read(self, value):
        if self.open < 1:
            raise NVMLError("Uninitialized")
        if value is None:
            raise NVMLError("Not Supported")
        return value

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise NVMLError("Driver Not Loaded")
        self.open += 1
        self.opened += 1

    def nvmlShutdown(self):  # noqa: N802
        self.open -= 1

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return self._read(b"550.54.15")

    def nvmlSystemGetCudaDriverVersion_v2(self):  # noqa: N802
        return self._read(12040)

    def nvmlDeviceGetCount(self):  # noqa: N802
        return self._read(len(self.gpus))

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self._read(self.gpus[index])

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        handles = [*self.gpus, *(part for gpu in self.gpus for part in gpu.slices or () if part)]
        return self._read(next((handle for handle in handles if handle.uuid == uuid), None))

    def nvmlDeviceGetName(self, gpu):  # noqa: N802
        return self._read(gpu.name)

    def nvmlDeviceGetUUID(self, gpu):  # noqa: N802
        return self._read(gpu.uuid)

    def nvmlDeviceGetMemoryInfo(self, gpu):  # noqa: N802
        return self._read(SimpleNamespace(total=gpu.memory_bytes))

    def nvmlDeviceGetCudaComputeCapability(self, gpu):  # noqa: N802
        return self._read(gpu.capability)

    def nvmlDeviceGetNumGpuCores(self, gpu):  # noqa: N802
        return self._read(gpu.cores)

    def nvmlDeviceGetMaxClockInfo(self, gpu, kind):  # noqa: N802
        assert kind == self.NVML_CLOCK_SM
        return self._read(gpu.megahertz)

    def nvmlDeviceGetClockInfo(self, gpu, kind):  # noqa: N802
        return self._read({1: 1380, 2: 1593}[kind] if isinstance(gpu, Gpu) else None)

    def nvmlDeviceGetTemperature(self, gpu, sensor):  # noqa: N802
        return self._read(61 if isinstance(gpu, Gpu) else None)

    def nvmlDeviceGetPowerUsage(self, gpu):  # noqa: N802
        return self._read(250_500 if isinstance(gpu, Gpu) else None)

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu):  # noqa: N802
        return self._read(getattr(gpu, "millijoules", None))

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu):  # noqa: N802
        return self._read(getattr(gpu, "throttle", None))

    def nvmlDeviceGetComputeRunningProcesses(self, gpu):  # noqa: N802
        return self._read([SimpleNamespace(pid=pid) for pid in gpu.pids])

    def nvmlDeviceGetComputeMode(self, gpu):  # noqa: N802
        return self._read(gpu.compute_mode)

    def nvmlDeviceGetMigMode(self, gpu):  # noqa: N802
        return self._read([int(gpu.slices is not None)] * 2)

    def nvmlDeviceGetMaxMigDeviceCount(self, gpu):  # noqa: N802
        return self._read(len(gpu.slices or ()))

    def nvmlDeviceGetMigDeviceHandleByIndex(self, gpu, index):  # noqa: N802
        return self._read(gpu.slices[index])

    def nvmlDeviceGetAttributes_v2(self, part):  # noqa: N802
        if part.multiprocessors is None:
            return self._read(None)
        return self._read(
            SimpleNamespace(
                multiprocessorCount=part.multiprocessors,
                gpuInstanceSliceCount=part.slices[0],
                computeInstanceSliceCount=part.slices[1],
                memorySizeMB=part.memory_bytes // 2**20,
            )
        )

    def nvmlDeviceGetGpuInstanceId(self, part):  # noqa: N802
        return self._read(part.instance[0])

    def nvmlDeviceGetComputeInstanceId(self, part):  # noqa: N802
        return self._read(part.instance[1])
