"""Whether a kernel leaves its operands alone: one that changes them has another task in its second call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likeforlike.bench.worker.outcomes import CellFailed

KEPT = 65_536
"""Elements of each operand that are looked at: all, or so many of its rows' drawn ones."""


class OperandsBefore:
    """What operands held before a kernel was made of them and called."""

    def __init__(self, operands: Sequence[np.ndarray], random: np.random.Generator | None = None) -> None:
        random = random or np.random.default_rng()
        self._kept: list[tuple[np.ndarray, np.ndarray | slice, np.ndarray]] = []
        for operand in operands:
            array = np.asarray(operand)
            places = slice(None) if array.size <= KEPT else random.integers(array.size, size=KEPT)
            self._kept.append((array, places, array.reshape(-1)[places].copy()))

    def refuse_changed(self) -> None:
        """Raise CellFailed where one holds anything else by now; NaN is the same as NaN."""
        for number, (array, places, before) in enumerate(self._kept):
            now = array.reshape(-1)[places]
            if not np.array_equal(now, before, equal_nan=before.dtype.kind in "fc"):
                told = f"the kernel changed the operands that it was given, number {number} from 0"
                raise CellFailed("wrong-answer", f"{told}: its second call has another task than its first")
