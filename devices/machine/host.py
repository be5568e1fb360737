"""Which host this is, for a run that is taken up again: no part of what kind of machine it is."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from likeforlike.devices.vendors.device import Device

NAME, BOOT = "name", "boot"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host_facts(devices: Sequence[Device], boot_id: Path = _BOOT_ID) -> dict[str, str]:
    """The host's name, the id of its running kernel, and each GPU's uuid, as far as they are told.

    A container has a name of its own each time it is started, and the kernel of its host.
    """
    told = {NAME: platform.node()}
    with suppress(OSError):
        told[BOOT] = boot_id.read_text().strip()
    told |= {device.id: device.uuid for device in devices if device.kind == "gpu" and device.uuid}
    return {name: value for name, value in told.items() if value}


def moved(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Why these are two hosts, or one with another GPU; empty where nothing says so.

    One name or one running kernel is one host: the name stays when it starts anew, the kernel when a
    container does.
    """
    shared = [name for name in (NAME, BOOT) if name in before and name in now]
    if shared and all(before[name] != now[name] for name in shared):
        return f"the host, {before.get(NAME, 'another one')}"
    for device in sorted(set(before) & set(now) - {NAME, BOOT}):
        if before[device] != now[device]:
            return f"{device}, {before[device]}"
    return ""
