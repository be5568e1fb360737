"""Arrays beyond the caches: drawn, counted, and held against what they must be, block by block.

Numbers are multiples of 2⁻⁸ in [1/2, 1): exact in every precision mode, so that operands need no rounding,
and positive, so that each element of an answer must be right to a relative tolerance. An array is a matrix of
rows of 4096: between timed calls each row gets a factor of its own, which costs nothing beside the call.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.problem import Axes
from likeforlike.models.kernels.precision_modes import (
    BYTES,
    UNIT_ROUNDOFF,
    host_bytes,
    host_type,
)

COLUMNS = 4096
_BLOCK_ROWS = 64
_LEAST, _STEPS = 128, 256
_SEED = 2020
SIZE = Axis(
    "mebibytes",
    smoke=(1,),
    quick=(64, 256),
    published=(64, 256, 512),
    unit="MiB",
    label="size of one array in MiB",
    size=True,
)
"""The same bytes in every precision mode; from 64 MiB on three arrays are beyond most last caches."""


def row_count(axes: Axes) -> int:
    """Rows of an array."""
    return axes["mebibytes"] * 2**20 // (COLUMNS * BYTES[axes["dtype"]])


def drawn(axes: Axes, arrays: int) -> tuple[np.ndarray, ...]:
    """So many arrays [rows, 4096], float64 or float32, from a seed of the size alone."""
    rows, host = row_count(axes), host_type(axes["dtype"])
    random = np.random.default_rng([_SEED, rows])
    shape = (rows, COLUMNS)
    counts = (random.integers(_LEAST, _STEPS, shape, dtype=np.uint8) for _ in range(arrays))
    return tuple(np.multiply(count, host(1 / _STEPS), dtype=host) for count in counts)


def array_bytes(axes: Axes, operands: int) -> int:
    """What a cell holds: the operands on the host, as cast and as placed, the first once more for its
    changes; two results and the answer as it is read; a block of each in float64.
    """
    numbers = row_count(axes) * COLUMNS
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    return numbers * ((operands + 1) * host + (2 * operands + 1 + 2) * item) + 2**24


def tolerance(dtype: str, roundings: int) -> float:
    """Of an element that is a sum or product of positive numbers, rounded so often one after the other.

    Each rounding is a factor between 1 - u and 1 + u. In 16 bits a number may be rounded to float32 before;
    for float64 the reference is rounded as often as the answer.
    """
    before = {4: 0.0, 8: UNIT_ROUNDOFF["float64"], 2: UNIT_ROUNDOFF["float32"]}[BYTES[dtype]]
    return math.expm1(roundings * math.log1p(UNIT_ROUNDOFF[dtype] + before))


def largest_error(answer: object, rows: int, expected: Callable[[slice], np.ndarray]) -> float:
    """The largest relative error of an element; ``expected(rows)`` gives those rows in float64.

    Infinite if the shape is wrong, NaN if the answer holds one.
    """
    found = np.asarray(answer)
    if found.shape != (rows, COLUMNS):
        return math.inf
    errors = []
    for start in range(0, rows, _BLOCK_ROWS):
        part = slice(start, start + _BLOCK_ROWS)
        truth = expected(part)
        errors.append(np.max(np.abs(found[part] - truth) / truth))
    return float(np.max(errors))
