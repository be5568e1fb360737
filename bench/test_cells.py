"""Every cell of the grid as a test."""

from __future__ import annotations

from collections.abc import Callable

from likeforlike.bench.plan.cells import Cell


def test_cell(cell: Cell, replay: Callable[[Cell], None]) -> None:
    """Measure one cell; a wrong answer, a crash or a time-out fails it."""
    replay(cell)
