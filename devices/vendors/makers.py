"""The makers whose devices are known: the one list that everything else goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from likeforlike.devices.vendors.amd import Amd
from likeforlike.devices.vendors.apple import Apple
from likeforlike.devices.vendors.cpu_maker import Cpu
from likeforlike.devices.vendors.device import Device, Maker, Readings
from likeforlike.devices.vendors.intel import Intel
from likeforlike.devices.vendors.nvidia.maker import Nvidia


def known_makers(nvidia: Any | None = None, amd: Any | None = None) -> tuple[Maker, ...]:
    """All makers, the processor's first; ``nvidia`` and ``amd`` stand in for ``pynvml`` and ``amdsmi``."""
    return (Cpu(), Nvidia(nvidia), Amd(amd), Intel(), Apple())


MAKERS = known_makers()


def maker_of(device: Device, makers: Sequence[Maker] = MAKERS) -> Maker | None:
    """The maker that found the device; None for a device of nobody known."""
    return next((maker for maker in makers if maker.name == device.maker), None)


@contextmanager
def opened(device: Device, makers: Sequence[Maker] = MAKERS) -> Iterator[Readings | None]:
    """The device, open for reading in the block; None where nothing reads it."""
    maker = maker_of(device, makers)
    if maker is None:
        yield None
    else:
        with maker.opened(device) as readings:
            yield readings


def placement(devices: Sequence[Device], makers: Sequence[Maker] = MAKERS) -> dict[str, str]:
    """Variables for a process that is to see these devices alone: all others of every maker are hidden.

    The chosen devices' makers come last: ROCm reads NVIDIA's variable too.
    """
    chosen = {device.maker for device in devices}
    environment: dict[str, str] = {}
    for maker in sorted(makers, key=lambda maker: maker.name in chosen):
        environment |= maker.placement([device for device in devices if device.maker == maker.name])
    return environment


def untested(device: Device, makers: Sequence[Maker] = MAKERS) -> str | None:
    """What has not been run on real devices of this maker, in a sentence; None where it has been."""
    maker = maker_of(device, makers)
    return None if maker is None else maker.untested
