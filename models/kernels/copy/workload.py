"""a = b: the least that memory can be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from likeforlike.models.contract.axis import precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import MODES
from likeforlike.models.kernels.triad.arrays import SIZE, array_bytes, drawn, largest_error, tolerance


def bytes_moved(axes: Axes) -> float:
    """Two arrays, one read and one written."""
    return 2.0 * axes["mebibytes"] * 2**20


def memory_bytes(axes: Axes) -> int:
    """Of one operand."""
    return array_bytes(axes, 1)


def problem(axes: Axes, device: str) -> Problem:
    """The array b, [rows, 4096]."""
    return Problem(drawn(axes, 1), axes["dtype"], device, axes)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """The largest relative error of an element; a copy has none."""
    return _held(problem, answer, np.ones(len(problem.operands[0])), 0)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every element; the rows are rounded once when they are multiplied by their factors."""

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return _held(problem, kernel.to_numpy(result), factors, 1)

    return check


def _held(problem: Problem, answer: Any, factors: np.ndarray, roundings: int) -> Verification:
    (b,) = problem.operands

    def expected(rows: slice) -> np.ndarray:
        return factors[rows, np.newaxis] * b[rows]

    return Verification(largest_error(answer, len(b), expected), tolerance(problem.dtype, roundings))


WORKLOAD = Workload(
    name="copy",
    summary="a = b of arrays beyond the caches, into memory that is there already",
    axes=(SIZE, precision_axis(MODES)),
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Bandwidth of memory: a = b",
        about="Arrays of the size given, one copy a sample; bytes are those of two arrays.",
        noun="copy",
        plural="copies",
        growth="a copy alone grows to the 1st power",
    ),
    order=61,
)
