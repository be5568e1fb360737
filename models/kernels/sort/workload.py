"""Rows of numbers in ascending order. No answer but the right one is near it: there is no tolerance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.against_reference import rounded_to, widened_problem
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import BYTES, MODES, host_bytes, host_type

_SEED = 2020
_LARGEST_EXPONENT = 8.0


def bytes_moved(axes: Axes) -> float:
    """Every number read once and written once, which few ways to sort can do with."""
    return 2.0 * axes["rows"] * axes["numbers"] * BYTES[axes["dtype"]]


def memory_bytes(axes: Axes) -> int:
    """The operand on the host, its four copies, two results with the numbers' places in 8 bytes (which
    PyTorch makes too), as much again to sort in, and the answer; six of float64 to check.
    """
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    return axes["rows"] * axes["numbers"] * (2 * host + 4 * item + 3 * (item + 8) + 6 * 8)


def problem(axes: Axes, device: str) -> Problem:
    """Numbers [rows, numbers] of both signs, magnitudes from 2⁻⁸ to 2⁸, as many in each power of two.

    None is near the ends of float16, so that a changed one is rounded as any other.
    """
    shape = (axes["rows"], axes["numbers"])
    random = np.random.default_rng([_SEED, *shape])
    magnitudes = np.exp2(random.uniform(-_LARGEST_EXPONENT, _LARGEST_EXPONENT, shape))
    signed = np.where(random.random(shape) < 0.5, -magnitudes, magnitudes)
    return Problem((signed.astype(host_type(axes["dtype"])),), axes["dtype"], device, axes)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """The largest difference from NumPy's order, relative to the largest number; 0 or it is wrong."""
    return _held(_sorted(problem), answer)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every number: rows times a positive factor, rounded, keep their order."""
    in_order = _sorted(problem)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        return _held(rounded_to(in_order * factors[:, np.newaxis], problem.dtype), answer)

    return check


def _sorted(problem: Problem) -> np.ndarray:
    return np.sort(widened_problem(problem).operands[0], axis=1)


def _held(expected: np.ndarray, answer: Any) -> Verification:
    found = np.asarray(answer)
    if found.shape != expected.shape:
        return Verification(math.inf, 0.0)
    return Verification(float(np.max(np.abs(found - expected)) / np.max(np.abs(expected))), 0.0)


WORKLOAD = Workload(
    name="sort",
    summary="rows of random numbers in ascending order",
    axes=(
        Axis(
            "numbers",
            smoke=(64,),
            quick=(1000, 10000),
            published=(1000, 10000, 100000),
            unit="numbers",
            label="numbers in a row",
            size=True,
        ),
        Axis("rows", smoke=(4,), quick=(16,)),
        precision_axis(MODES),
    ),
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    # what an untimed call has sorted in place is out of order again before the timed one, in every row
    rows_alike=True,
    presets=(),
    wording=Wording(
        title="Sorting rows",
        about="One matrix a sample, every row sorted; operations are not counted.",
        noun="sorting",
        growth="a sorting alone grows a little faster than to the 1st power",
    ),
    order=64,
)
