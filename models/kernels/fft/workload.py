"""Discrete Fourier transforms of rows of real numbers: X[k] = Σ x[j] e^(-2πi jk/n) for k from 0 to n/2.

float32 and float64 alone: no framework transforms 16-bit numbers on a CPU, and PyTorch's transforms on a GPU
are for powers of two, into a complex type that the others don't have.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import BYTES, UNIT_ROUNDOFF, host_type, working_roundoff

DTYPES = ("float64", "float32")
_SEED = 2020


def flop(axes: Axes) -> float:
    """2.5 n log₂ n for a row: half of the 5 n log₂ n by which FFTW and others count complex transforms."""
    return 2.5 * axes["rows"] * axes["size"] * math.log2(axes["size"])


def bytes_moved(axes: Axes) -> float:
    """N real numbers of a row read, n/2 + 1 complex ones written."""
    numbers = axes["size"] + 2 * (axes["size"] // 2 + 1)
    return float(axes["rows"] * numbers * BYTES[axes["dtype"]])


def memory_bytes(axes: Axes) -> int:
    """The operand and its three copies, two results, workspace as large and the answer, each twice n where it
    may be complex; four complex ones in float64 to check.
    """
    return axes["rows"] * (axes["size"] + 2) * (12 * BYTES[axes["dtype"]] + 4 * 16)


def problem(axes: Axes, device: str) -> Problem:
    """Rows [rows, size] of normal random numbers, from a seed of the shape alone."""
    shape = (axes["rows"], axes["size"])
    host = host_type(axes["dtype"])
    rows = np.random.default_rng([_SEED, *shape]).standard_normal(shape).astype(host)
    return Problem((rows,), axes["dtype"], device, axes)


def tolerance(dtype: str, size: int) -> float:
    """The largest honest error of a row's transform, relative to the transform, both by the 2-norm.

    Higham, Accuracy and Stability of Numerical Algorithms, theorem 24.2: with weights good to u, a transform
    of t = log₂ n levels is wrong by at most t η / (1 - t η) of its 2-norm, η = u + γ (√2 + u) and
    γ = 4 u / (1 - 4 u). Packing real numbers as half as many complex ones and taking them apart again is a
    level at most. A size that is no power of two may go by Bluestein's way: three transforms of the power of
    two above 2 n and three products, each less than a level. For float64 the reference is no better.
    """
    unit = working_roundoff(dtype)
    gamma = 4 * unit / (1 - 4 * unit)
    eta = unit + gamma * (math.sqrt(2) + unit)
    power_of_two = size & (size - 1) == 0
    levels = math.log2(size) + 1 if power_of_two else 3 * (math.ceil(math.log2(2 * size)) + 1)
    return levels * eta / (1 - levels * eta)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """Against NumPy's in float64."""
    return _held(_transformed(problem), answer, tolerance(problem.dtype, axes["size"]))


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every number: a row times a factor has the transform times that factor; rounding the row adds u."""
    own = _transformed(problem)
    bound = tolerance(problem.dtype, axes["size"]) + UNIT_ROUNDOFF[problem.dtype]

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        return _held(own * factors[:, np.newaxis], answer, bound)

    return check


def _transformed(problem: Problem) -> np.ndarray:
    return np.fft.rfft(problem.operands[0].astype(np.float64), axis=1)


def _held(expected: np.ndarray, answer: Any, bound: float) -> Verification:
    found = np.asarray(answer)
    if found.shape != expected.shape:
        return Verification(math.inf, bound)
    errors = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    return Verification(float(np.max(errors)), bound)


WORKLOAD = Workload(
    name="fft",
    summary="Fourier transforms of rows of real numbers",
    axes=(
        Axis(
            "size",
            smoke=(64,),
            quick=(1024, 16384),
            published=(1024, 16384, 262144),
            unit="numbers",
            label="numbers in a row",
            size=True,
            least=2,
        ),
        Axis("rows", smoke=(4,), quick=(64,)),
        precision_axis(DTYPES),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Fourier transforms",
        about="Rows of real numbers, all transformed in one sample; operations: 2.5 n log2 n a row.",
        noun="transform",
        growth="a transform alone grows a little faster than to the 1st power",
    ),
    order=65,
)
