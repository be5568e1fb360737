"""Operands that change from call to call: drawn factors, so that no answer can be kept.

Before a timed call the harness multiplies rows of the first operand by factors that it drew; the reference
follows by a product of a vector. Factors are applied to the problem's own operand, never to the last one,
and lie in (1/2, 1]: nothing drifts, overflows or fades away.
"""

from __future__ import annotations

import numpy as np

SHORTEST_STEP = 0.1
"""Least change of a factor's exponent: a factor differs from the one before by 7 % at least."""
_EXACT_IN_16_BITS = 2.0**8
"""Multiples of 2⁻⁸ up to 1 are exact in bfloat16 and in float16."""
_ALIGNMENT = 64


class Factors:
    """The factors that the rows of the first operand have now; 1 for all at the beginning."""

    def __init__(self, rows: int, alike: bool, dtype: str, random: np.random.Generator) -> None:
        """``alike``: all rows always have the same factor. ``dtype`` is the problem's precision mode."""
        self.rows, self.alike, self.dtype, self.random = rows, alike, dtype, random
        self.exponents = np.zeros(rows)

    @property
    def now(self) -> np.ndarray:
        """A copy of the factors, float64 [rows], each exact in the precision mode."""
        return self._rounded(np.exp2(-self.exponents))

    def change_all(self) -> tuple[slice, np.ndarray]:
        """Draw every factor anew; what to hand to ``Kernel.change``."""
        return self._change(slice(0, self.rows))

    def change_one(self) -> tuple[slice, np.ndarray]:
        """Draw the factor of one drawn row anew (of all where they are alike)."""
        if self.alike:
            return self.change_all()
        row = int(self.random.integers(self.rows))
        return self._change(slice(row, row + 1))

    def restore(self) -> tuple[slice, np.ndarray]:
        """Every factor 1 again: the problem's own operand."""
        self.exponents[:] = 0.0
        return slice(0, self.rows), np.ones(self.rows)

    def _change(self, rows: slice) -> tuple[slice, np.ndarray]:
        count = 1 if self.alike else rows.stop - rows.start
        steps = self.random.uniform(SHORTEST_STEP, 1 - SHORTEST_STEP, count)
        self.exponents[rows] = (self.exponents[rows] + steps) % 1.0
        return rows, self._rounded(np.exp2(-self.exponents[rows]))  # of a long operand not all, for one row

    def _rounded(self, factors: np.ndarray) -> np.ndarray:
        if self.dtype in ("float16", "bfloat16"):
            return np.round(factors * _EXACT_IN_16_BITS) / _EXACT_IN_16_BITS
        return factors if self.dtype == "float64" else factors.astype(np.float32).astype(np.float64)


def as_column(factors: np.ndarray, dimensions: int) -> np.ndarray:
    """Factors [rows] shaped so that they multiply the rows of an operand of that many dimensions."""
    return factors.reshape(-1, *[1] * (dimensions - 1))


class SharedBuffer:
    """A copy of the first operand in the host's memory, changed in place while a framework reads it.

    Frameworks share it through DLPack, where they compute in the host's memory. So a change writes nothing
    but its rows, and all other rows stay in the caches of the cores that read them.
    """

    def __init__(self, own: np.ndarray) -> None:
        """``own``: the problem's operand in the precision mode; it is left alone."""
        self.own = own
        self.array = _aligned_like(own)
        self.array[...] = own

    def change(self, rows: slice, factors: np.ndarray) -> None:
        """These rows become the operand's own times a factor each."""
        column = as_column(factors, self.own.ndim).astype(self.own.dtype)
        np.multiply(self.own[rows], column, out=self.array[rows])


def _aligned_like(array: np.ndarray) -> np.ndarray:
    """An empty array alike that begins at a multiple of 64 bytes, which XLA and TensorFlow need."""
    raw = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
