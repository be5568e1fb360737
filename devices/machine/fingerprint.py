"""What a machine is, as far as figures depend on it: its fingerprint and the id made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from likeforlike.devices.limits.identity import identify, identity
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.machine.versions import installed_versions, own_blas
from likeforlike.devices.vendors.cpu import cache_bytes, read_processor, total_memory_bytes
from likeforlike.devices.vendors.device import Device
from likeforlike.devices.vendors.makers import untested

__all__ = ["Fingerprint", "identify", "identity", "machine_fingerprint"]


@dataclass(frozen=True)
class Fingerprint:
    """A machine as a result file describes it. Plain JSON types throughout."""

    cpu: dict[str, Any]
    """model, usable_cores, vector, amx, half (16-bit vectors), hertz (nominal), max_hertz (turbo),
    cache_bytes (all its caches for data together); ``sme`` where it has that."""
    memory_bytes: int
    gpus: list[dict[str, Any]]
    """index, name, uuid, memory_bytes, driver, compute_capability, cores, sm_clock_max_hertz of each; of a
    MIG slice also ``mig``: its multiprocessors and its board's cores; of a maker whose devices have not been
    tried ``untested``, a sentence."""
    cuda: str | None
    versions: dict[str, str]
    blas: list[str]
    """Such as ``openblas 0.3.29 SkylakeX``: what NumPy calls where no variable tells it otherwise."""
    threads: int
    precision_mode: str
    """``ieee``, or ``tf32`` where float32 products were left to round."""

    def as_dict(self) -> dict[str, Any]:
        """The fingerprint as ``machine_info.likeforlike``, its id first."""
        fields = asdict(self)
        return {"id": identify(fields), **fields}


def machine_fingerprint(
    devices: Sequence[Device],
    threads: int,
    versions: Mapping[str, str] | None = None,
    precision_mode: str = "ieee",
) -> dict[str, Any]:
    """Describe the machine with these devices, as plain JSON types.

    ``threads`` are those the workers are given; ``versions`` replaces those read from the installed
    distributions. Imports NumPy for its BLAS, no framework. Inherited variables move nothing
    in it: what they do is part of a run's set-up.
    """
    gpus = [device for device in devices if device.kind == "gpu"]
    fingerprint = Fingerprint(
        cpu=_describe_cpu(devices),
        memory_bytes=total_memory_bytes(),
        gpus=[_describe_gpu(gpu) for gpu in gpus],
        cuda=next((gpu.cuda for gpu in gpus if gpu.cuda), None),
        versions=dict(installed_versions() if versions is None else versions),
        blas=own_blas(),
        threads=threads,
        precision_mode=precision_mode,
    )
    return fingerprint.as_dict()


def _describe_cpu(devices: Sequence[Device]) -> dict[str, Any]:
    processor = read_processor()
    found = next((device.name for device in devices if device.kind == "cpu"), None)
    return {
        "model": processor.model or found,
        "usable_cores": usable_cores(),
        "vector": processor.vector,
        "amx": list(processor.amx),
        "half": list(processor.half),
        "hertz": processor.hertz,
        "max_hertz": processor.max_hertz,
        "cache_bytes": cache_bytes(),
    } | ({"sme": True} if processor.sme else {})


def _describe_gpu(gpu: Device) -> dict[str, Any]:
    capability = gpu.compute_capability
    described = {
        "index": gpu.index,
        "name": gpu.name,
        "uuid": gpu.uuid,
        "memory_bytes": gpu.memory_bytes,
        "driver": gpu.driver,
        "compute_capability": None if capability is None else list(capability),
        "cores": gpu.cores,
        "sm_clock_max_hertz": gpu.sm_clock_max_hertz,
    }
    remark = untested(gpu)
    if remark is not None:
        described["untested"] = remark
    if gpu.mig is None:
        return described
    return described | {
        "mig": {"multiprocessors": gpu.mig.multiprocessors, "board_cores": gpu.mig.board_cores}
    }
