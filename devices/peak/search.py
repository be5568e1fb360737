"""Which shape of a product a device multiplies fastest: squares and rectangles, then uphill from the best.

Pure but for the clock: what measures a shape is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from likeforlike.devices.process.product_rates import LEAST_CALLS, Shape

LEAST_EDGE = 64
"""No edge of a shape is shorter, and all are multiples of it: kernels work in tiles."""
SHARE_OF_TIME, LONGEST_SHARE = 1 / 120, 1 / 24
"""Of all time that one shape is given, and that one may take whose calls are long."""
EARLY_SHAPES, EARLY_FACTOR = 5, 4.0
"""The first shapes are small: those after them are expected to be faster by up to this."""
LEAST_GAIN = 0.002
"""Less is no way uphill: the same shape measured twice differs by as much."""
FACTORS = (2.0, 0.5, 1.25, 0.8)

RateOf = Callable[[Shape, float], float]
"""FLOP/s of a shape by its fastest call in about so many seconds. May raise whatever a framework raises."""


@dataclass(frozen=True)
class Found:
    """The best of a search."""

    flop_per_second: float
    shape: Shape
    tried: int
    """Shapes that were measured."""


def starts(largest: int) -> list[Shape]:
    """Squares from 256 up, and rectangles of as many operations: flat, tall, long in what is summed over."""
    shapes: list[Shape] = []
    edge = 256
    while edge <= largest:
        shapes += [(edge, edge, edge), (edge // 2, 4 * edge, edge // 2), (2 * edge, edge // 4, 2 * edge)]
        shapes += [(4 * edge, edge // 2, edge // 2), (edge // 2, edge // 2, 4 * edge)]
        edge *= 2
    return [shape for shape in shapes if min(shape) >= LEAST_EDGE]


def neighbours(shape: Shape) -> Iterator[Shape]:
    """Shapes with one edge longer or shorter, and larger or smaller as a whole."""
    seen = {shape}
    for factor in FACTORS:
        changed = [
            *(tuple(_edge(e, factor if n == i else 1) for n, e in enumerate(shape)) for i in range(3)),
            tuple(_edge(e, factor) for e in shape),
        ]
        for rows, inner, columns in changed:
            if (rows, inner, columns) not in seen:
                seen.add((rows, inner, columns))
                yield rows, inner, columns


def _edge(edge: int, factor: float) -> int:
    return max(LEAST_EDGE, round(edge * factor / LEAST_EDGE) * LEAST_EDGE) if factor != 1 else edge


class Search:
    """Measures shapes while there is time, none that would take more than its share of it."""

    def __init__(self, rate_of: RateOf, seconds: float, clock: Callable[[], float]) -> None:
        self._rate_of = rate_of
        self._seconds = seconds
        self._clock = clock
        self._begin = clock()
        self._rates: dict[Shape, float] = {}
        self._too_large: int | None = None
        """Numbers in operands and result of the least shape that failed."""

    def run(self, first: Sequence[Shape]) -> Found | None:
        """The best shape that can be found; None if none could be measured."""
        for shape in sorted(first, key=_operations):
            self._try(shape)
        while self._climb():
            pass
        for shape in sorted(self._rates, key=self._rate, reverse=True)[:3]:  # noise takes away, never adds
            self._measure(shape)
        if not self._rates:
            return None
        best = max(self._rates, key=self._rate)
        return Found(self._rates[best], best, len(self._rates)) if self._rates[best] > 0 else None

    def _rate(self, shape: Shape) -> float:
        return self._rates[shape]

    def _climb(self) -> bool:
        """Whether a neighbour of the best shape is better."""
        if not self._rates:
            return False
        best = max(self._rates, key=self._rate)
        before = self._rates[best]
        return any(
            self._try(shape) and self._rates[shape] > before * (1 + LEAST_GAIN) for shape in neighbours(best)
        )

    def _try(self, shape: Shape) -> bool:
        """Measure a shape that was not, if there is time and memory for it."""
        if shape in self._rates or (self._too_large is not None and _numbers(shape) >= self._too_large):
            return False
        best = max(self._rates.values(), default=0.0)
        faster = EARLY_FACTOR if len(self._rates) < EARLY_SHAPES else 1.0
        if best and _operations(shape) / (faster * best) * (1 + LEAST_CALLS) > self._seconds * LONGEST_SHARE:
            return False
        return self._measure(shape)

    def _measure(self, shape: Shape) -> bool:
        left = self._seconds - (self._clock() - self._begin)
        if left <= 0 and self._rates:
            return False
        try:
            rate = self._rate_of(shape, min(max(left, 0.0), self._seconds * SHARE_OF_TIME))
        except Exception:  # out of memory, or a shape that the framework can't do
            self._too_large = min(_numbers(shape), self._too_large or _numbers(shape))
            return False
        self._rates[shape] = max(rate, self._rates.get(shape, 0.0))
        return True


def _operations(shape: Shape) -> float:
    return 2.0 * shape[0] * shape[1] * shape[2]


def _numbers(shape: Shape) -> int:
    rows, inner, columns = shape
    return rows * inner + inner * columns + rows * columns
