"""Is a product right? Against NumPy in float64: in full up to 2000², by random vectors above.

Errors are relative to the product of magnitudes |A| |B|, as error bounds of a product are. Of positive
operands that is the product itself: every element must be right to a *relative* tolerance. Of operands of
both signs an element may be the small difference of large ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Axes, Probe, Problem, Verification

FULL_CHECK_SIZE = 2000
"""The float64 reference takes 2 n³ operations: 0.3 s at 2000² on two cores, most of a minute at 10000²."""
_SIGNED_VECTORS = 2
_HOEFFDING = 6.0
BLOCK_ROWS = 512

_UNIT_ROUNDOFF = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "tf32": 2.0**-11,
    "bfloat16": 2.0**-8,
    "float16": 2.0**-11,
}
"""Half the distance from 1 to the next number."""


def tolerance(dtype: str, size: int) -> float:
    """Largest error of an element of an honest product in a precision mode, relative to |A| |B|.

    Accumulation: 2 (2 + √n) u with u the accumulator's unit roundoff, float32's for all modes below it;
    that is the probabilistic bound λ √n u with λ = 2 (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019),
    and 2 more roundings so that small n hold too. On top of it

    - float64: as much again, for the reference is no better;
    - float32: nothing;
    - tf32: 2 · 2⁻¹⁰, each operand cut to 10 bits, by rounding or by truncation;
    - bfloat16, float16: 2 u, the result's rounding and one of partial sums (cuBLAS may reduce in 16 bits).
      The operands' rounding is no error: the reference rounds them in the same way.
    """
    accumulator = _UNIT_ROUNDOFF["float64" if dtype == "float64" else "float32"]
    accumulated = 2 * (2 + math.sqrt(size)) * accumulator
    extra = {
        "float64": accumulated,
        "float32": 0.0,
        "tf32": 4 * _UNIT_ROUNDOFF["tf32"],
        "bfloat16": 2 * _UNIT_ROUNDOFF["bfloat16"],
        "float16": 2 * _UNIT_ROUNDOFF["float16"],
    }
    return accumulated + extra[dtype]


def verify(axes: Axes, problem: Problem, answer: object) -> Verification:
    """Largest relative error of the answer; infinite if its shape is wrong, NaN if it holds one."""
    product = np.asarray(answer)
    size = problem.operands[0].shape[0]
    bound = tolerance(problem.dtype, size)
    if product.shape != (size, size) or np.iscomplexobj(product):
        return Verification(math.inf, bound)
    check = full_error if size <= FULL_CHECK_SIZE else sketched_error
    return Verification(check(problem, product), bound)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Freivalds' check of one product, as :func:`sketched_error`, with signs that were drawn for this probe.

    diag(f) A B x is f times the A B x that is computed here once. Rounding f A in the precision mode adds
    one rounding of an operand to the tolerance; a sketch in float32 adds its own accumulation.
    """
    left, right = problem.operands
    size = len(left)
    signs = random.choice([-1.0, 1.0], size=(size, _SIGNED_VECTORS))
    vectors = np.hstack([np.ones((size, 1)), signs])
    expected = _times(left, _times(right, vectors, problem.dtype), problem.dtype)
    scale = _row_scale(problem, expected)
    bound = tolerance(problem.dtype, size) + _UNIT_ROUNDOFF[problem.dtype]

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        if kernel.sketch is None:
            product = np.asarray(kernel.to_numpy(result))
            if product.shape != (size, size) or np.iscomplexobj(product):
                return Verification(math.inf, bound)
            found, allowed = _times(product, vectors, "float64"), bound
        else:
            found = np.asarray(kernel.sketch(result, vectors), np.float64)
            allowed = bound + tolerance("float32", size)
        column = factors[:, np.newaxis]
        return Verification(_worst_share(found, column * expected, column * scale), allowed)

    return check


def _signed(problem: Problem) -> bool:
    """Whether any operand has an element below 0."""
    return any(bool((operand < 0).any()) for operand in problem.operands)


def _row_scale(problem: Problem, expected: np.ndarray) -> np.ndarray:
    """|A| |B| 1, float64 [n, 1]; of positive operands that is the first column of ``expected``."""
    if not _signed(problem):
        return expected[:, :1]
    left, right = (np.abs(operand) for operand in problem.operands)
    return _times(left, _times(right, np.ones((len(right), 1)), problem.dtype), problem.dtype)


def _worst_share(found: np.ndarray, expected: np.ndarray, scale: np.ndarray) -> float:
    """The size t of errors that explains the worst row; see :func:`sketched_error`."""
    per_vector = np.array([1.0] + [_HOEFFDING / math.sqrt(len(expected))] * _SIGNED_VECTORS)
    return float(np.max(np.abs(found - expected) / (scale * per_vector)))


def full_error(problem: Problem, product: np.ndarray) -> float:
    """Largest error among all elements, relative to |A| |B|."""
    left, right = (rounded(operand, problem.dtype) for operand in problem.operands)
    error = left @ right
    magnitude = (
        np.matmul(np.abs(left, out=left), np.abs(right, out=right)) if _signed(problem) else error.copy()
    )
    del left, right  # a third of the check's memory
    np.subtract(product, error, out=error)
    np.abs(error, out=error)
    error /= magnitude
    return float(np.max(error))


def sketched_error(problem: Problem, product: np.ndarray) -> float:
    """An estimate of the largest relative error in O(n²), after Freivalds (1977).

    (C - AB) x is compared with what errors of relative size t in every element could give, and t is
    solved for. With x = 1 that is t · (AB 1)ᵢ; where operands have both signs |A| |B| stands for AB here
    and in all that follows. With random signs, by Hoeffding's inequality, more than
    6 t ‖(AB)ᵢ‖ has a probability of 3e-8 a row, and ‖(AB)ᵢ‖ ≥ (AB 1)ᵢ / √n. So one element of a row of
    10000 that is off by 1 part in 100 is still seen in float32.
    """
    left, right = problem.operands
    size = len(left)
    random = np.random.default_rng([size, _SIGNED_VECTORS])
    signs = random.choice([-1.0, 1.0], size=(size, _SIGNED_VECTORS))
    vectors = np.hstack([np.ones((size, 1)), signs])
    through_right = _times(right, vectors, problem.dtype)
    expected = _times(left, through_right, problem.dtype)
    return _worst_share(_times(product, vectors, "float64"), expected, _row_scale(problem, expected))


def rounded(operand: np.ndarray, dtype: str) -> np.ndarray:
    """The operand as a kernel of that mode sees it, in float64; tf32 is left as it is."""
    if dtype == "float16":
        operand = operand.astype(np.float16)
    elif dtype == "bfloat16":
        # a bfloat16 is the upper half of a float32: round to nearest, ties to even
        bits = np.ascontiguousarray(operand, np.float32).view(np.uint32)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        operand = bits.view(np.float32)
    return operand.astype(np.float64)


def _times(matrix: np.ndarray, vectors: np.ndarray, dtype: str) -> np.ndarray:
    """The product in float64, by blocks of rows: the whole matrix in float64 would double the memory."""
    starts = range(0, len(matrix), BLOCK_ROWS)
    return np.vstack([rounded(matrix[start : start + BLOCK_ROWS], dtype) @ vectors for start in starts])
