"""What a kernel is given to do, and how far its answer may be from the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel

Axes = Mapping[str, Any]
"""A cell's coordinates, plain JSON values: ``{"size": 500, "dtype": "float32"}``."""


class WrongAnswer(Exception):
    """Why an answer is wrong, in one line, where more can be said than how far it is from the reference."""


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


@dataclass(frozen=True)
class Verification:
    """How far an answer is from the reference, and how far it may be."""

    error: float
    tolerance: float
    what: str = ""
    """What is farthest off, in words, where more can be said than how far."""
    unproven: str = ""
    """Why nothing, or not all, could be proven; empty: it was."""

    @property
    def ok(self) -> bool:
        """Whether the answer is within tolerance; an error that is not a number never is."""
        return self.error <= self.tolerance


Probe = Callable[[Kernel, Any, np.ndarray], Verification]
"""``probe(kernel, result, factors)``: a quick check of one call's result, the first operand's rows being
the problem's own times these factors, float64 [rows]. Cheap beside the call; what it needs of the
reference was computed when it was made."""
