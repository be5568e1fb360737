"""Operands that a kernel changes in place, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.bench.worker.calls.operands_before import KEPT, OperandsBefore
from likeforlike.bench.worker.outcomes import CellFailed


def test_operands_that_are_left_alone_are_fine() -> None:
    operands = (np.array([1.0, np.nan]), np.arange(3), np.float64(2.0), np.zeros((0, 2)))
    OperandsBefore(operands).refuse_changed()


@pytest.mark.parametrize("number", [0, 1])
def test_one_that_was_changed_is_named(number: int) -> None:
    operands = (np.zeros((2, 3)), np.arange(4, dtype=np.int32))
    before = OperandsBefore(operands)
    operands[number].reshape(-1)[-1] = 7
    with pytest.raises(
        CellFailed, match=f"changed the operands that it was given, number {number}"
    ) as caught:
        before.refuse_changed()
    assert caught.value.outcome == "wrong-answer"


def test_of_many_elements_drawn_ones_are_looked_at() -> None:
    class Draw(np.random.Generator):
        def __init__(self) -> None:
            super().__init__(np.random.PCG64(1))

        def integers(self, high: int, size: int) -> np.ndarray:  # type: ignore[override]
            asked.append((high, size))
            return np.array([3, 100])

    for size, drawn in ((KEPT, False), (KEPT + 1, True)):
        asked: list[tuple[int, int]] = []
        array = np.zeros(size)
        before = OperandsBefore((array,), Draw())
        assert asked == ([(size, 65_536)] if drawn else [])
        array[4] = 1.0
        if drawn:
            before.refuse_changed()
            array[100] = 1.0
        with pytest.raises(CellFailed):
            before.refuse_changed()
