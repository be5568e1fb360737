"""Is an answer right? By a reference in float64, where a workload declares one instead of a check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from likeforlike.models.contract.change import as_column
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification

Reference = Callable[[Problem], Any]
Tolerance = float | Callable[[Axes], float]

_BITS_KEPT = {"bfloat16": 8, "float16": 11, "float32": 24}
"""Of a significand, the implicit one too; tf32's operands are rounded by the device, as it likes."""
_LEAST_EXPONENT = {"float16": -14, "bfloat16": -126, "float32": -126}


def verify(
    reference: Reference, tolerance: Tolerance, axes: Axes, problem: Problem, answer: Any
) -> Verification:
    """Hold an answer against the reference of the problem's own operands."""
    return held_against(reference(widened_problem(problem)), answer, bound_of(tolerance, axes))


def probe(
    reference: Reference, tolerance: Tolerance, axes: Axes, problem: Problem, random: np.random.Generator
) -> Probe:
    """Compute the reference anew of the operands as changed; nothing is drawn, for all of it is compared."""
    bound = bound_of(tolerance, axes)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)  # read before all else: how long reading takes is judged
        return held_against(reference(widened_problem(problem, factors)), answer, bound)

    return check


def bound_of(tolerance: Tolerance, axes: Axes) -> float:
    """The tolerance of a cell."""
    return float(tolerance(axes) if callable(tolerance) else tolerance)


def held_against(expected: Any, answer: Any, bound: float) -> Verification:
    """The largest error, relative to the largest magnitude of its part; infinite where a shape is wrong."""
    theirs = answer if isinstance(answer, tuple) else (answer,)
    ours = expected if isinstance(expected, tuple) else (expected,)
    if len(theirs) != len(ours):
        return Verification(math.inf, bound)
    errors = [_error(np.asarray(one), np.asarray(other)) for one, other in zip(ours, theirs, strict=True)]
    return Verification(float(np.max(errors)), bound)


def _error(expected: np.ndarray, found: np.ndarray) -> float:
    if expected.shape != found.shape:
        return math.inf
    if not expected.size:
        return 0.0
    difference = np.abs(wide(found) - wide(expected))
    scale = float(np.max(np.abs(expected))) or 1.0
    return float(np.max(difference)) / scale


def wide(array: np.ndarray) -> np.ndarray:
    """Numbers in float64, or in complex128: an imaginary part is a part of the answer."""
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def widened_problem(problem: Problem, factors: np.ndarray | None = None) -> Problem:
    """The problem with operands in float64, rounded to its precision mode as a kernel rounds them.

    ``factors``: what the rows of the first operand are multiplied by, float64 [rows].
    """
    first, *others = (_widened(array, problem.dtype) for array in problem.operands)
    if factors is not None:
        first = _widened(first * as_column(factors, first.ndim), problem.dtype)
    return replace(problem, operands=(first, *others))


def _widened(array: np.ndarray, dtype: str) -> np.ndarray:
    if array.dtype.kind != "f":
        return array
    return rounded_to(array.astype(np.float64), dtype)


def rounded_to(array: np.ndarray, dtype: str) -> np.ndarray:
    """float64 numbers rounded, half to even, to a precision mode's; for float64 and tf32 as they are."""
    if dtype not in _BITS_KEPT:
        return array
    _, exponents = np.frexp(array)
    # below the normal numbers the spacing stays that of the least of them
    spacing = np.maximum(exponents, _LEAST_EXPONENT[dtype] + 1) - _BITS_KEPT[dtype]
    return np.ldexp(np.round(np.ldexp(array, -spacing)), spacing)
