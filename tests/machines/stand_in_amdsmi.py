"""A stand-in for amdsmi, with the keys of its own dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class AmdGpu:
    """One of AMD's GPUs; ``N/A`` as amdsmi says it."""

    name: str = "AMD Instinct MI300X"
    uuid: str = "GPU-aaaa"
    hip_id: int = 0
    address: str = "0000:C1:00.0"
    mib: int = 196_608
    accumulator: int | None = 1_000_000
    watts: object = 300
    pids: list = field(default_factory=list)
    violations: dict = field(default_factory=dict)


class AmdStandIn:
    """The part of amdsmi that the package calls, with the keys of its own dictionaries."""

    def __init__(self, *gpus):
        self.gpus, self.open, self.energy_key = list(gpus), 0, "energy_accumulator"

    def amdsmi_init(self):
        self.open += 1

    def amdsmi_shut_down(self):
        self.open -= 1

    def amdsmi_get_processor_handles(self):
        if not self.open:
            raise RuntimeError("AMDSMI_STATUS_NOT_INIT")
        return self.gpus

    def amdsmi_get_gpu_asic_info(self, gpu):
        return {"market_name": gpu.name, "num_compute_units": 304}

    def amdsmi_get_gpu_vram_info(self, gpu):
        return {"vram_type": "HBM3", "vram_size": gpu.mib}

    def amdsmi_get_gpu_driver_info(self, gpu):
        return {"driver_name": "amdgpu", "driver_version": "6.12.12"}

    def amdsmi_get_gpu_enumeration_info(self, gpu):
        return {"hip_id": gpu.hip_id, "hip_uuid": gpu.uuid}

    def amdsmi_get_gpu_device_bdf(self, gpu):
        return gpu.address

    def amdsmi_get_gpu_process_list(self, gpu):
        return [{"pid": pid, "name": "python"} for pid in gpu.pids]

    def amdsmi_get_energy_count(self, gpu):
        if gpu.accumulator is None:
            raise RuntimeError("AMDSMI_STATUS_NOT_SUPPORTED")
        return {self.energy_key: gpu.accumulator, "counter_resolution": 15.259, "timestamp": 0}

    def amdsmi_get_power_info(self, gpu):
        return {"current_socket_power": gpu.watts, "average_socket_power": "N/A", "socket_power": "N/A"}

    def amdsmi_get_violation_status(self, gpu):
        return gpu.violations
