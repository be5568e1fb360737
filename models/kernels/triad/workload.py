"""a = b + s c: the triad of McCalpin's STREAM, whose time is that of memory (IEEE TCCA Newsletter, 1995)."""

from __future__ import annotations

from typing import Any

import numpy as np

from likeforlike.models.contract.axis import precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import MODES
from likeforlike.models.kernels.triad.arrays import (
    COLUMNS,
    SIZE,
    array_bytes,
    drawn,
    largest_error,
    row_count,
    tolerance,
)

SCALAR = 3.0
"""STREAM's, exact in every mode."""
_ROUNDINGS = 2
"""Of the product and of the sum; a fused operation does with one."""


def flop(axes: Axes) -> float:
    """A multiplication and an addition for each element."""
    return 2.0 * row_count(axes) * COLUMNS


def bytes_moved(axes: Axes) -> float:
    """Three arrays, as STREAM counts: two read, one written.

    What is written through the caches is read before; that is not counted.
    """
    return 3.0 * axes["mebibytes"] * 2**20


def memory_bytes(axes: Axes) -> int:
    """Of two operands."""
    return array_bytes(axes, 2)


def problem(axes: Axes, device: str) -> Problem:
    """The arrays b and c, [rows, 4096]; c in [1/8, 1/4), so that both count alike in the sum."""
    b, c = drawn(axes, 2)
    return Problem((b, c / 4), axes["dtype"], device, axes)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """The largest relative error of an element."""
    return _held(problem, answer, np.ones(len(problem.operands[0])), _ROUNDINGS)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every element; b's rows are rounded once more when they are multiplied by their factors."""

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return _held(problem, kernel.to_numpy(result), factors, _ROUNDINGS + 1)

    return check


def _held(problem: Problem, answer: Any, factors: np.ndarray, roundings: int) -> Verification:
    b, c = problem.operands

    def expected(rows: slice) -> np.ndarray:
        return factors[rows, np.newaxis] * b[rows] + SCALAR * c[rows].astype(np.float64)

    return Verification(largest_error(answer, len(b), expected), tolerance(problem.dtype, roundings))


WORKLOAD = Workload(
    name="triad",
    summary="a = b + s c of arrays beyond the caches, into memory that is there already",
    axes=(SIZE, precision_axis(MODES)),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Bandwidth of memory: a = b + s c",
        about="Arrays of the size given, one triad a sample; operations are 2 an element, bytes "
        "those of three arrays.",
        noun="triad",
        growth="a triad alone grows to the 1st power",
    ),
    order=60,
)
