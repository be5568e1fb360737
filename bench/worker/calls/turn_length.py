"""How many timed calls a turn takes, where quantiles are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LONGER = 4
"""A turn is longer than it need be by a drawn number of calls, up to one in so many."""


@dataclass(frozen=True)
class TurnLength:
    """Of one cell in one process."""

    calls: int
    """The fewest."""

    def drawn(self, random: np.random.Generator) -> int:
        """The calls of one turn. Only the last is probed, and nobody can foresee which that is."""
        return self.calls + int(random.integers(self.calls // _LONGER + 1))


def turn_length(asked: int, seconds: float, call_seconds: float) -> TurnLength:
    """As many calls as asked for; fewer, one at least, where they took longer than ``seconds`` (0: no bound).

    Fixed before the first timed call, by what untimed ones took. Were a turn ended by the clock, one with a
    slow call would hold fewer calls, and slow calls would count for more than they are.
    """
    fitting = int(seconds / call_seconds) if seconds and call_seconds > 0.0 else asked
    return TurnLength(min(asked, max(fitting, 1)))
