"""Softmax of the rows of a matrix: e^x over the sum of its row.

Errors are relative to the largest element of their row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.against_reference import widened_problem
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import (
    BYTES,
    MODES,
    host_bytes,
    host_type,
    result_roundoff,
    working_roundoff,
)

_SEED = 2020


def flop(axes: Axes) -> float:
    """Three for each element: the exponential, counted as one, its addition, its division by the sum.

    The search for the maximum, whose subtraction only guards against overflow, is not counted.
    """
    return 3.0 * axes["rows"] * axes["columns"]


def bytes_moved(axes: Axes) -> float:
    """The matrix read, the result written."""
    return 2.0 * axes["rows"] * axes["columns"] * BYTES[axes["dtype"]]


def memory_bytes(axes: Axes) -> int:
    """The operand on the host, its four copies, two results, two passes between and the answer; the check
    rounds and computes in ten matrices of float64.
    """
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    return axes["rows"] * axes["columns"] * (2 * host + 6 * item + 2 * host + 10 * 8)


def problem(axes: Axes, device: str) -> Problem:
    """X [rows, columns], normal random numbers from a seed of its shape alone."""
    shape = (axes["rows"], axes["columns"])
    random = np.random.default_rng([_SEED, *shape])
    x = random.standard_normal(shape).astype(host_type(axes["dtype"]))
    return Problem((x,), axes["dtype"], device, axes)


def tolerance(dtype: str, columns: int) -> float:
    """The largest honest error, relative to the row's largest element, each operation rounded to the mode.

    With d = max - x, an element is p = e^-d / S, where S = Σ e^-d, between 1 and n = columns; the largest is
    1/S. In units u of the mode, where an exponential errs by e = 2 (in 16 bits by e = 1, being a rounded one
    of float32):

    - d is rounded: e^-d changes by d u of itself, which is d e^-d u ≤ 0.37 u of the largest;
    - the exponential: e;
    - S has both from its terms. The second is their mean, e at most. The first is Σ p d δ with roundings δ of
      random sign, uniform in ±u, whose deviation is u/√3 √Σ (p d)². As p d ≤ d e^-d ≤ 0.37 and Σ p d is the
      entropy of p less ln S, at most ln n, two deviations are 2/√3 √(0.37 ln n);
    - S itself is rounded, and its reciprocal and the product with it, or the quotient: 3.

    Beside them S is added up in float32 at least: 2 (2 + √n) of its units, the probabilistic bound λ √n u
    with λ = 2 (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019).
    """
    narrow = result_roundoff(dtype)
    exponential, unit = (1, narrow) if narrow else (2, working_roundoff(dtype))
    from_terms = 2 / math.sqrt(3) * math.sqrt(math.log(columns) / math.e)
    rounded = (1 / math.e + 2 * exponential + from_terms + 3) * unit
    return rounded + 2 * (2 + math.sqrt(columns)) * working_roundoff(dtype)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """Against the definition in float64, of the operand as the mode has it."""
    return _held(_softmax(problem, None), answer, tolerance(problem.dtype, axes["columns"]))


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every element, computed anew of the rows times their factors."""
    bound = tolerance(problem.dtype, axes["columns"])

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        return _held(_softmax(problem, factors), answer, bound)

    return check


def _softmax(problem: Problem, factors: np.ndarray | None) -> np.ndarray:
    (x,) = widened_problem(problem, factors).operands
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _held(expected: np.ndarray, answer: Any, bound: float) -> Verification:
    found = np.asarray(answer)
    if found.shape != expected.shape:
        return Verification(math.inf, bound)
    return Verification(float(np.max(np.abs(found - expected) / expected.max(axis=1, keepdims=True))), bound)


WORKLOAD = Workload(
    name="softmax",
    summary="softmax of the rows of a matrix",
    axes=(
        Axis(
            "columns",
            smoke=(64,),
            quick=(128, 1024),
            published=(128, 1024, 8192),
            unit="numbers",
            size=True,
            least=2,
        ),
        Axis("rows", smoke=(64,), quick=(1024,)),
        precision_axis(MODES),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Softmax of rows",
        about="One matrix a sample; operations are 3 an element, its exponential counted as one.",
        noun="softmax",
        plural="softmaxes",
        growth="a softmax alone grows to the 1st power",
    ),
    order=62,
)
