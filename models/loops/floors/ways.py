"""Several ways to do the same work, of which the fastest of each turn counts. Imports no framework."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

TRIED_TURNS = 3
"""Turns in which every way is timed."""

NEAR = 1.5
"""Ways whose best of these turns is within this factor of the fastest one's are timed after them, too."""


@dataclass(frozen=True)
class Way:
    """One way in which a candidate for a floor does its products."""

    name: str
    once: Callable[[], Any]
    """All batches once; done when it returns."""


class Ways:
    """The ways of one candidate, and what each took."""

    def __init__(self, ways: Sequence[Way], clock: Callable[[], float]) -> None:
        self.ways, self.clock = tuple(ways), clock
        self.times: dict[str, list[float]] = {way.name: [] for way in self.ways}

    def turn(self, number: int) -> float:
        """Seconds of the fastest way that is still in, each turn another one first.

        Turns count from 1; the first compiles and isn't kept.
        """
        ways = [way for way in self.ways if self._near(way)]
        start = number % len(ways)
        taken = {}
        for way in ways[start:] + ways[:start]:
            begin = self.clock()
            way.once()
            taken[way.name] = self.clock() - begin
        if number > 1:
            for name, seconds in taken.items():
                self.times[name].append(seconds)
        return min(taken.values())

    def told(self, batches: int) -> dict[str, Any]:
        """The fastest way by its median, and the median microseconds a batch of every way that was timed."""
        timed = {name: statistics.median(times) for name, times in self.times.items() if times}
        return {
            "fastest_way": min(timed, key=lambda name: timed[name]) if timed else None,
            "microseconds_per_batch": {n: round(1e6 * seconds / batches, 1) for n, seconds in timed.items()},
        }

    def _near(self, way: Way) -> bool:
        times = self.times[way.name]
        if len(times) < TRIED_TURNS:
            return True
        best = min(min(other[:TRIED_TURNS]) for other in self.times.values())
        return min(times[:TRIED_TURNS]) <= NEAR * best
