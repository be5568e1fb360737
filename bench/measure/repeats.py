"""Which disturbed rounds are taken once more, and how much time may go into that."""

from __future__ import annotations

from collections.abc import Sequence

REPEATED_FRACTION = 1.0
"""Of a cell's time, what may go into repeated samples on top of it."""

MOST_ATTEMPTS = 3
"""How often a round is taken, the first time included."""

MOST_IN_VAIN = 3
"""Rounds one after the other that stay disturbed, after which no more of the launch are repeated."""


class Repeats:
    """The repeated rounds of one group's kernels.

    A round is repeated by all its kernels or by none. To repeat the disturbed sample alone would give a
    second chance to whoever was slow; and as longer samples are disturbed more often, to the slower more than
    to the faster. Whole rounds are chosen by what others did, never by how long a sample took; and the second
    stands, or the third, disturbed or not. It is repeated once others have paused; where they don't in
    time, it stands as it is. A training's epoch can't be taken back.
    """

    def __init__(self, budget_seconds: float) -> None:
        """``budget_seconds``: what a cell may take for its rounds; 0 where their number is given."""
        self._budget_seconds = budget_seconds
        self._used: dict[str, float] = {}
        self._again: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def add(self, cell: str, turn_seconds: float, again: bool) -> None:
        """Take note of a turn: its wall time, and whether it was a repeated one."""
        spent = self._again if again else self._used
        spent[cell] = spent.get(cell, 0.0) + turn_seconds
        self._last[cell] = turn_seconds

    def affordable(self, cells: Sequence[str]) -> bool:
        """Whether there is time to take the round that these cells have ended once more."""
        return all(self._affordable(cell) for cell in cells)

    def _affordable(self, cell: str) -> bool:
        """Whether its last turn once more stays within its budget, or what it used already."""
        budget = max(self._budget_seconds, self._used[cell])
        return self._again.get(cell, 0.0) + self._last[cell] <= REPEATED_FRACTION * budget
