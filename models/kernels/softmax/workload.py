"""Softmax of the rows of a matrix: e^x over the sum of its row."""

from __future__ import annotations

import math

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import (
    BYTES,
    MODES,
    UNIT_ROUNDOFF,
    host_bytes,
    host_type,
    working_roundoff,
)

_SEED = 2020
_SPREAD = 2.0


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
    """X [rows, columns], normal with the standard deviation 2, from a seed of its shape alone."""
    shape = (axes["rows"], axes["columns"])
    random = np.random.default_rng([_SEED, *shape])
    x = _SPREAD * random.standard_normal(shape, dtype=np.float64)
    return Problem((x.astype(host_type(axes["dtype"])),), axes["dtype"], device, axes)


def reference(problem: Problem) -> np.ndarray:
    """By the definition, in float64; x is far from overflow, but for safety less its maximum."""
    (x,) = problem.operands
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def tolerance(axes: Axes) -> float:
    """The largest honest error, relative to the largest element, with every operation rounded to the mode.

    With d = max - x, a row's answer is p = e^-d / S, where S = Σ e^-d, between 1 and n = columns. Errors are
    counted in units u of the mode, relative to the row's largest p, which is 1/S:

    - d is rounded: e^-d changes by d u of itself, by d e^-d u ≤ u/e of the largest;
    - e^-d is good to the last place: 2 u;
    - S inherits both from its terms: the mean of d under p, and 2 u. That mean is the entropy of p less
      ln S, so at most ln n;
    - S is rounded, its reciprocal (to the last place: 2 u), the product, and the result once more: 5 u.

    ln n + 1/e + 9 units. Beside them the sum is added up in float32 at least: 2 (2 + √n) of its units, the
    probabilistic bound λ √n u with λ = 2 (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019).
    """
    unit = UNIT_ROUNDOFF[axes["dtype"]] if axes["dtype"] != "float64" else working_roundoff("float64")
    rounded = (math.log(axes["columns"]) + math.exp(-1) + 9) * unit
    return rounded + 2 * (2 + math.sqrt(axes["columns"])) * working_roundoff(axes["dtype"])


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
    reference=reference,
    tolerance=tolerance,
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
