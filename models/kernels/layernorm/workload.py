"""Layer normalisation of the rows of a matrix: y = (x - mean) / √(variance + ε) · gain + bias.

The variance is that of all n numbers of a row, Σ (x - mean)² / n, and ε is of its order: so an answer kept
from before a row was multiplied by a factor is wrong (without ε it would be right), and so is one without ε.
"""

from __future__ import annotations

import math

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import (
    BYTES,
    MODES,
    host_bytes,
    host_type,
    result_roundoff,
    working_roundoff,
)

EPSILON = 2.0**-10
"""Exact in every mode. Frameworks' own defaults lie between 1e-3 and 1e-6; the work is the same."""
_SEED = 2020


def flop(axes: Axes) -> float:
    """Seven for each element: 1 for the mean, 2 for the variance, 4 for (x - mean) r gain + bias."""
    return 7.0 * axes["rows"] * axes["columns"]


def bytes_moved(axes: Axes) -> float:
    """The matrix read, the result written; gain and bias."""
    return 2.0 * (axes["rows"] + 1) * axes["columns"] * BYTES[axes["dtype"]]


def memory_bytes(axes: Axes) -> int:
    """The operand on the host, its four copies, two results, three passes between and the answer; the check
    rounds and computes in ten matrices of float64.
    """
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    return (axes["rows"] + 2) * axes["columns"] * (2 * host + 6 * item + 3 * host + 10 * 8)


def problem(axes: Axes, device: str) -> Problem:
    """X [rows, columns] uniform on [1/32, 5/32), gain on [1/2, 3/2), bias on [1, 2), both [columns].

    The variance of x is 2⁻⁶/12, about 4/3 ε. From a seed of the shape alone.
    """
    rows, columns = axes["rows"], axes["columns"]
    random = np.random.default_rng([_SEED, rows, columns])
    x = np.asarray(1 / 32 + random.random((rows, columns)) / 8)
    gain, bias = np.asarray(0.5 + random.random(columns)), np.asarray(1 + random.random(columns))
    host = host_type(axes["dtype"])
    return Problem((x.astype(host), gain.astype(host), bias.astype(host)), axes["dtype"], device, axes)


def reference(problem: Problem) -> np.ndarray:
    """By the definition, in float64."""
    x, gain, bias = problem.operands
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.mean(centred * centred, axis=1, keepdims=True)
    return centred / np.sqrt(variance + EPSILON) * gain + bias


def tolerance(axes: Axes) -> float:
    """The largest honest error, relative to the largest element, computed in float32 at least.

    The largest element is above 1: the largest x of a row is above its mean, and bias is above 1. Of 64
    columns or more the mean, about 0.094, is below 0.12 (by six standard deviations), r = 1/√(variance + ε),
    about 20.9, below 22, and |x - mean| r below 1.4; rows times a factor below 1 have less of each. In units
    u of float32, with s = 2 (2 + √n) for a sum of n numbers (the probabilistic bound λ √n u with λ = 2;
    Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019):

    - the mean: s units of 0.12, times r and gain, 22 · 1.5: 4 s;
    - x - mean is rounded: 1.4 · 1.5 = 2.1 for the unit;
    - the variance as a mean of squares less the squared mean: these are up to 7 times variance + ε. Two sums
      and three roundings of them; r gets a half of that, y 2.1 times r's: 2.1 · ½ · 7 · (2 s + 3) ≤ 15 s
      + 22;
    - root and reciprocal, each to the last place (2 u), the products with x - mean and gain: 6 · 2.1 = 13;
    - the sum with bias: 1, relative to the largest element.

    19 s + 38 units; in 16 bits the result's own rounding besides.
    """
    sums = 2 * (2 + math.sqrt(axes["columns"]))
    return (19 * sums + 38) * working_roundoff(axes["dtype"]) + result_roundoff(axes["dtype"])


WORKLOAD = Workload(
    name="layernorm",
    summary="layer normalisation of the rows of a matrix, with gain and bias",
    axes=(
        Axis(
            "columns",
            smoke=(64,),
            quick=(256, 1024),
            published=(256, 1024, 4096),
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
        title="Layer normalisation of rows",
        about="One matrix a sample; operations are 7 an element.",
        noun="normalisation",
        growth="a normalisation alone grows to the 1st power",
    ),
    order=63,
)
