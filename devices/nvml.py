"""A short way to NVIDIA's management library, which may be missing, old or out of permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def load(nvml: Any | None = None) -> Any | None:
    """Return the ``pynvml`` module or the stand-in given; None where it isn't installed."""
    if nvml is not None:
        return nvml
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


@contextmanager
def session(nvml: Any | None = None) -> Iterator[Any | None]:
    """Open NVML for the block and close it again; yields None without a driver or the library."""
    module = load(nvml)
    if module is not None:
        try:
            module.nvmlInit()
        except module.NVMLError:
            module = None
    try:
        yield module
    finally:
        if module is not None:
            reading(module, module.nvmlShutdown)


def reading(nvml: Any, call: Callable[..., Any], *arguments: Any) -> Any | None:
    """One NVML reading, bytes decoded; None where this device or driver doesn't offer it."""
    try:
        value = call(*arguments)
    except nvml.NVMLError:
        return None
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def call_named(nvml: Any, names: tuple[str, ...], *arguments: Any) -> Any | None:
    """The reading of the first of these functions that the library has and the driver answers."""
    for name in names:
        function = getattr(nvml, name, None)
        value = None if function is None else reading(nvml, function, *arguments)
        if value is not None:
            return value
    return None


def handle_of(nvml: Any, uuid: str | None, index: int | None) -> Any | None:
    """NVML's handle of a GPU by uuid, else by NVML's own index; None if it is gone."""
    if uuid is not None:
        return reading(nvml, nvml.nvmlDeviceGetHandleByUUID, uuid)
    if index is not None:
        return reading(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    return None
