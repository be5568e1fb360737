"""The contract between the harness and a kernel: one call, timed again and again.

A kernel's factory is called once in the worker, ``factory(problem) -> Kernel``; it moves the operands
to the device there, so that ``call`` times the work alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Axes = Mapping[str, Any]
"""A cell's coordinates, plain JSON values: ``{"size": 500, "dtype": "float32"}``."""


@dataclass(frozen=True)
class Problem:
    """What a kernel is to compute."""

    operands: tuple[np.ndarray, ...]
    """Host arrays; float32 for bfloat16, float16 and tf32, to be rounded by the kernel itself."""
    dtype: str
    """Precision mode: float64, float32, tf32, bfloat16 or float16."""
    device: str
    """The device as the worker sees it: ``cpu:0``, ``cpu:1`` (a further logical CPU) or ``gpu:0``."""
    axes: Axes = field(default_factory=dict)
    """The cell's coordinates, for what the operands alone don't tell, such as the Jacobian's ``what``."""


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


@dataclass(frozen=True)
class Verification:
    """How far an answer is from the reference, and how far it may be."""

    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the answer is within tolerance; an error that is not a number never is."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Workload:
    """A job with axes, a count of floating-point operations and a reference answer."""

    name: str
    summary: str
    flop: Callable[[Axes], float | None]
    """Floating-point operations of one sample; None where a count would mean nothing."""
    memory_bytes: Callable[[Axes], int]
    """What one cell needs at its peak, operands, result and reference check together."""
    problem: Callable[[Axes, str], Problem]
    """``problem(axes, device)``: the operands, the same for every implementation."""
    verify: Callable[[Axes, Problem, Any], Verification]
    """``verify(axes, problem, answer)``: hold the answer of ``Kernel.to_numpy`` against the reference."""
