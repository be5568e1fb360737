"""The contract between the harness and a kernel: one call, timed again and again.

A kernel's factory is called once in the worker, ``factory(problem) -> Kernel``; it moves the operands
to the device there, so that ``call`` times the work alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

SKETCHED_ROWS = 1024
"""Rows of a result that a sketch widens at once: the whole result in float32 may not fit beside it."""


def each(function: Callable[[Any], Any], result: Any) -> Any:
    """Apply a function to a result, or to each part of a result that is a tuple."""
    return tuple(function(part) for part in result) if isinstance(result, tuple) else function(result)


def place_of(device_of_array: Callable[[Any], str], result: Any) -> str:
    """Where a result lies, or the places of its parts joined by a comma if they are not one."""
    places = each(device_of_array, result)
    return ",".join(sorted(set(places))) if isinstance(places, tuple) else places


def widened(array: np.ndarray) -> np.ndarray:
    """A host array with 16-bit floats as float32, which every NumPy operation knows; exact."""
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def _nothing(_: Any) -> None:
    """Wait for nothing: the call returned when its work was done."""


class Supply(Protocol):
    """Operands of any kind, drawn anew for each timed call, where no factor could change them."""

    def draw(self) -> Callable[[], None]:
        """Draw operands that no call has seen, untimed; what to call, right before a call, to use them."""
        ...

    def draw_further(self) -> None:
        """Draw and use such operands for a call whose result nobody reads."""
        ...

    def restore(self) -> None:
        """Make calls find the problem's own operands again."""
        ...


@dataclass(frozen=True)
class OnGpu:
    """What a framework offers on a GPU beside the call itself; what it doesn't, it says why."""

    write: Callable[[int], None]
    """Write so many bytes of the device's memory and wait: what its caches held is gone then."""
    seconds_by_events: Callable[[Callable[[], Any]], float] | None = None
    """Do some work; its seconds by the device's own events, recorded around it and waited for."""
    capture: Callable[[Callable[[], Any]], Callable[[], Any]] | None = None
    """Capture what some work launches into a graph; a call of what is returned launches it once more."""
    no_events: str = ""
    """Why there are no events."""
    no_capture: str = ""
    """Why nothing is captured."""


@dataclass(frozen=True)
class Kernel:
    """An implementation, ready to be called on the device."""

    call: Callable[[], Any]
    """Do (or queue) the work once and return the framework's own result."""
    wait: Callable[[Any], None] = _nothing
    """Return when the work behind a result is done, without copying it to the host."""
    to_numpy: Callable[[Any], Any] = np.asarray
    """The result as host arrays, in whatever form the workload's check expects."""
    device_of: Callable[[Any], str] | None = None
    """Where a result lies, ``cpu:0`` or ``gpu:0``; None if the framework has no say in it."""
    upload: Callable[[], Any] | None = None
    """Copy the operands from the host to the device again, and wait (for ``--transfer``)."""
    download: Callable[[Any], Any] | None = None
    """Copy a result from the device to the host, and wait (for ``--transfer``)."""
    change: Callable[[slice, np.ndarray], None] | None = None
    """``change(rows, factors)``: from now on calls find these rows of the first operand (its elements, where
    it is a vector) as the problem's own rows times a factor each, float64 [rows]; other rows stay as they
    are. On the device, untimed, done when it returns; operands must be as fast to read as before.

    The harness changes operands before and after each timed call, so that an answer can't be kept. Without
    it timed calls are reported as *not proven*. ``frameworks.on_*`` have it for kernels made there.
    """
    sketch: Callable[[Any, np.ndarray], np.ndarray] | None = None
    """``sketch(result, columns)``: a matrix [m, n] times float64 [n, k], on the device, as a host array
    [m, k]; products in float32 at least, no TF32. None: the whole result is read and multiplied on the host.
    """
    on_gpu: OnGpu | None = None
    """Of a kernel on a GPU; without it neither the device's own time nor a cold cache is measured there."""
    supply: Supply | None = None
    """In place of ``change``, where operands are no arrays: new ones for each timed call."""
    calls: Callable[[], int] | None = None
    """How often one ``call`` does the work, where that is more than once; its time is divided by it."""
    unproven: Callable[[], str] | None = None
    """Asked at the end, where the kernel alone knows: why probed results prove nothing; empty: they do."""
