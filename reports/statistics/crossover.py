"""From what size an accelerator pays, and how time grows with size. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crossover:
    """Where two times cross."""

    size: float | None
    """The size from which the other is faster for good; None if it never is within what was measured."""
    at_least: bool = False
    """Faster from the smallest size measured on: the crossing lies at or below it."""
    largest: float = 0.0
    """The largest size measured."""
    below: bool = False
    """Faster at a smaller size, but not at the largest."""

    @property
    def pays(self) -> str:
        """As the end of a sentence: ``from size about 900``, or that it never does."""
        if self.size is None:
            if self.below:
                return f"only below size {self.largest:,.0f}"
            return f"at no size up to {self.largest:,.0f}"
        return f"from size {self.text}"

    @property
    def text(self) -> str:
        """For a reader, in a table."""
        if self.size is None:
            if self.below:
                return f"only below {self.largest:,.0f}"
            return f"not up to {self.largest:,.0f}"
        return f"{self.size:,.0f} or less" if self.at_least else f"about {self.size:,.0f}"


def crossover(points: Sequence[tuple[float, float, float]]) -> Crossover | None:
    """Where the other becomes and stays faster; ``points`` are (size, base seconds, other seconds).

    Between two sizes the ratio of times is taken to follow a power of the size. None without two points
    that took time.
    """
    known = sorted(point for point in points if min(point) > 0)
    if len(known) < 2:
        return None
    logs = [math.log(other / base) for _, base, other in known]
    largest = known[-1][0]
    if logs[-1] >= 0.0:
        return Crossover(None, largest=largest, below=min(logs) < 0.0)
    slower = [position for position, value in enumerate(logs) if value >= 0.0]
    if not slower:
        return Crossover(known[0][0], at_least=True, largest=largest)
    last = slower[-1]
    share = logs[last] / (logs[last] - logs[last + 1])
    size = math.exp((1 - share) * math.log(known[last][0]) + share * math.log(known[last + 1][0]))
    return Crossover(size, largest=largest)


def growth_exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Slope of log time over log size by least squares; None without two sizes. A product's is near 3."""
    known = [(size, seconds) for size, seconds in points if size > 0 and seconds > 0]
    if len({size for size, _ in known}) < 2:
        return None
    sizes, seconds = np.log(np.array(known)).T
    return float(np.polyfit(sizes, seconds, 1)[0])
