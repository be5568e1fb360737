"""Is a sum of products right? Measured by what such a sum is by itself; for kernels linear in their operands.

Operands are of random sign (:func:`signed`), so that an element c = Σ pᵢ of n products is a random number
around 0 with the standard deviation ρ = √Σ pᵢ². A wrong answer (a transposed one, a row beside the right
one, a term forgotten) is off by about ρ, however large n is. Rounding errors have random signs too: a sum of
numbers that are each wrong by a share with the standard deviation s is wrong by s ρ. So errors are counted
in ρ, and a workload adds up the variances of its roundings:

- one rounding with unit roundoff u, whose error is taken as uniform in ±u of what is rounded: u²/3;
- adding n numbers one after the other, the least exact order, where the sum after k of them is about
  ρ √(k/n): u²/3 · Σ k/n = u²/3 · (n + 1)/2;
- an operand cut to the 10 bits of TF32, by truncation at worst: 2⁻²⁰.

The tolerance is two such deviations. That is held against the root mean square of each row along the last
axis, and six times that against each element alone (Gaussian errors pass 12 deviations once in 10³² times).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.models.contract.against_reference import wide, widened_problem
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.kernels.precision_modes import UNIT_ROUNDOFF, host_type

CUT_VARIANCE = 2.0**-20
"""Of an operand cut to TF32's 10 bits."""
_DEVIATIONS = 2.0
_ALONE = 6.0


@dataclass(frozen=True)
class Sums:
    """The right answer in float64, and what it is measured by."""

    values: np.ndarray
    """[rows, ...]"""
    spread: np.ndarray
    """ρ of each element, [rows, ...]; above 0 wherever something is summed, 0 where nothing is."""


Reference = Callable[[Problem], Sums]
"""Of a problem whose operands are float64, rounded to the precision mode; linear in the first of them."""


def signed(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers of random sign with magnitudes uniform on [1/2, 1); float64, or float32 for all other modes.

    None is small: no ρ is near 0, and nothing leaves the normal numbers of float16.
    """
    magnitudes = 0.5 + 0.5 * random.random(shape, dtype=host_type(dtype))
    return np.where(random.integers(0, 2, shape, dtype=np.int8) > 0, magnitudes, -magnitudes)


def rounding(dtype: str) -> float:
    """The variance of one rounding to the precision mode."""
    return UNIT_ROUNDOFF[dtype] ** 2 / 3


def accumulation(dtype: str, terms: int) -> float:
    """The variance of a sum of products: their roundings and the sum's, in float32 below float64.

    For float64 twice that, for the reference is no better.
    """
    exact = dtype == "float64"
    return (2.0 if exact else 1.0) * rounding("float64" if exact else "float32") * (1 + (terms + 1) / 2)


def product_variance(dtype: str, terms: int) -> float:
    """The variance of an element of a product whose operands are rounded as the reference rounds them.

    16-bit modes: the result's rounding, one of partial sums (cuBLAS may reduce in 16 bits), and that of the
    first operand's rows times their factor.
    """
    stored = {"bfloat16": 3 * rounding("bfloat16"), "float16": 3 * rounding("float16")}
    cut = 2 * CUT_VARIANCE if dtype == "tf32" else 0.0
    return accumulation(dtype, terms) + rounding(dtype) + stored.get(dtype, 0.0) + cut


def tolerance(variance: float) -> float:
    """The largest error, in ρ, of an honest answer."""
    return _DEVIATIONS * math.sqrt(variance)


def verify(
    reference: Reference, variance: Callable[[Axes], float], axes: Axes, problem: Problem, answer: Any
) -> Verification:
    """Hold every element of an answer against the reference of the problem's own operands."""
    return held_against(reference(widened_problem(problem)), answer, tolerance(variance(axes)))


def probe(
    reference: Reference,
    variance: Callable[[Axes], float],
    axes: Axes,
    problem: Problem,
    random: np.random.Generator,
) -> Probe:
    """Hold every element of a timed call against the reference, computed once, each row times its factor.

    Nothing is drawn. Of use where row i of the answer comes of row i of the first operand alone.
    """
    sums, bound = reference(widened_problem(problem)), tolerance(variance(axes))

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return held_against(sums, kernel.to_numpy(result), bound, factors)

    return check


def held_against(sums: Sums, answer: Any, bound: float, factors: np.ndarray | None = None) -> Verification:
    """The largest error in ρ, of a row along the last axis or, by a sixth, of an element; see the module."""
    found = np.asarray(answer)
    if found.shape != sums.values.shape:
        return Verification(math.inf, bound)
    rows = len(found) if factors is None else len(factors)
    scales = np.ones(rows) if factors is None else factors
    # row by row: all in float64 at once would be several times the answer
    errors = [_error(found[i], sums.values[i], sums.spread[i], scales[i]) for i in range(len(found))]
    return Verification(float(np.max(errors)), bound)


def _error(found: np.ndarray, values: np.ndarray, spread: np.ndarray, factor: float) -> float:
    shares = np.abs(wide(found) - factor * values)
    nothing = spread == 0
    if nothing.any():  # of nothing the sum is 0, exactly
        shares[nothing] = np.where(
            shares[nothing] == 0, 0.0, np.where(np.isnan(shares[nothing]), np.nan, np.inf)
        )
    shares /= np.where(nothing, 1.0, factor * spread)
    alone = float(np.max(shares)) / _ALONE
    return float(np.maximum(alone, np.sqrt(np.max(np.mean(shares * shares, axis=-1)))))
