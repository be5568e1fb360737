"""Two NumPy functions with the same answer, of which one does a known share of the work twice."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

_CALIBRATING_CALLS = 9
_CALIBRATING_ELEMENTS = 100_000

Arrays = tuple[np.ndarray, np.ndarray]


class Maker:
    """Makes the arguments: an array, and the part of it that is computed once more."""

    def __init__(self, elements: int, share: float) -> None:
        self.elements, self.share = elements, share

    def __call__(self, rng: np.random.Generator) -> Arrays:
        """Uniform numbers; both are arrays of their own."""
        array = rng.random(self.elements)
        return array, array[: round(self.share * self.elements)].copy()


def plain(array: np.ndarray, again: np.ndarray) -> np.ndarray:
    """The work, element by element, in one thread."""
    found: np.ndarray = np.tanh(array)
    return found


def slowed(array: np.ndarray, again: np.ndarray) -> np.ndarray:
    """The same, and a share of it once more."""
    np.tanh(again)
    return plain(array, again)


def nothing() -> None:
    """What costs nothing."""


def nothing_too() -> None:
    """The same."""


def elements_for(call_seconds: float, clock: Callable[[], float] = time.perf_counter) -> int:
    """How many elements take so long here."""
    array = np.random.default_rng(1).random(_CALIBRATING_ELEMENTS)
    times = []
    for _ in range(_CALIBRATING_CALLS):
        start = clock()
        plain(array, array)
        times.append(clock() - start)
    return max(1000, round(call_seconds / statistics.median(times) * _CALIBRATING_ELEMENTS))
