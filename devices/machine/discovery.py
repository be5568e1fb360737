"""Which devices this machine has, found without importing a framework."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from likeforlike.devices.vendors.device import Device, Maker
from likeforlike.devices.vendors.makers import MAKERS

LOGICAL_CPUS = 16
"""How many logical CPUs, cpu:0 to cpu:15, a framework may be asked to split the processor into."""


class DeviceError(ValueError):
    """A device was asked for that is unknown or not on this machine; one line, with the known names."""


def find_devices(
    makers: Sequence[Maker] = MAKERS, environ: Mapping[str, str] | None = None
) -> tuple[Device, ...]:
    """cpu:0 and every GPU this process may use, maker by maker, each in its maker's order.

    Without a driver or its library there is just the CPU. ``environ`` stands in for the process's
    environment, whose choice of devices (CUDA_VISIBLE_DEVICES, set by Slurm, for one) is kept.
    """
    environment = os.environ if environ is None else environ
    found = [device for maker in makers for device in maker.find(environment)]
    cpus = [device for device in found if device.kind == "cpu"]
    gpus = [device for device in found if device.kind == "gpu"]
    return (*cpus, *(replace(gpu, index=index) for index, gpu in enumerate(gpus)))


def parse_devices(names: Sequence[str], present: Sequence[Device]) -> tuple[Device, ...]:
    """The devices that a list of names means, in order, each once.

    ``cpu`` or ``cpu:0``; ``cpu:1`` to ``cpu:15``, further logical CPUs of the same processor; ``gpu:0``;
    ``gpu``, every GPU; ``all``, cpu:0 and every GPU. Raises :class:`DeviceError` for any other name,
    for a device that is not present or that no process can be shown for sure, and for an empty list.
    """
    chosen: dict[str, Device] = {}
    for name in names:
        for device in _parse_name(name.strip().lower(), present):
            chosen.setdefault(device.id, device)
    if not chosen:
        raise DeviceError(f"no device was named: {_known(present)}")
    for device in chosen.values():
        if device.unplaceable:
            raise DeviceError(f"{device.id} ({device.name}): {device.unplaceable}; name the other devices")
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
