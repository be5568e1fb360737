"""How fast the processor's memory is: triad and copy over arrays much larger than the caches.

After McCalpin's STREAM: each array at least four times what the caches hold, the best of some passes, and
bytes as the program asks for them (a line that is read before it is written is not counted twice).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from likeforlike.devices.process.last_cache import LastCache, on_each, processor_caches, usable_processors
from likeforlike.devices.vendors.cpu import available_memory_bytes

PASSES = 10
STREAM_TIMES = 4
"""An array over what the caches hold, by STREAM's rules."""
MOST_SHARE = 0.25
"""Of the free memory, all arrays together."""
BLOCK = 32_768
"""Elements between which nothing leaves the second-level cache: 256 KiB an array."""
SCALE = 3.0
ITEM_BYTES = 8

Clock = Callable[[], float]


@dataclass(frozen=True)
class Bandwidth:
    """Bytes a second between the memory and all processors that were used."""

    scaled_sum_bytes_per_second: float
    """Of a = b + 3 c: two arrays read, one written."""
    copy_bytes_per_second: float
    """Of a = b: one read, one written."""
    array_bytes: int
    enough: bool
    """Whether the arrays were as large as STREAM asks; else the caches may have helped."""

    @property
    def best(self) -> float:
        """The faster of the two."""
        return max(self.scaled_sum_bytes_per_second, self.copy_bytes_per_second)


@dataclass
class _Share:
    """One processor's part of the arrays, in blocks [n, BLOCK] of float64."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    between: np.ndarray

    def scaled_sum(self) -> None:
        """A = b + 3 c, block by block, so that 3 c stays in the cache."""
        for a, b, c in zip(self.a, self.b, self.c, strict=True):
            np.multiply(c, SCALE, out=self.between)
            np.add(b, self.between, out=a)

    def copy(self) -> None:
        """A = b."""
        np.copyto(self.a, self.b)

    @property
    def bytes(self) -> int:
        """Of one array."""
        return self.a.nbytes


def measure_bandwidth(
    processors: Sequence[int] | None = None,
    caches: LastCache | None = None,
    clock: Clock = time.perf_counter,
    passes: int = PASSES,
    free_bytes: int | None = None,
) -> Bandwidth:
    """Triad and copy on these processors (default: those this process may use), all at the same time."""
    places = tuple(usable_processors() if processors is None else processors)
    wanted = STREAM_TIMES * (caches or processor_caches(places)).size_bytes
    free = available_memory_bytes() if free_bytes is None else free_bytes
    size = min(wanted, int(MOST_SHARE * free) // 3)
    blocks = max(1, -(-size // (ITEM_BYTES * BLOCK * len(places))))
    shares = on_each(
        places, [partial(_share, blocks)] * len(places)
    )  # its memory lies near who touches it first
    summed = _best_seconds(places, [share.scaled_sum for share in shares], clock, passes)
    copy = _best_seconds(places, [share.copy for share in shares], clock, passes)
    total = sum(share.bytes for share in shares)
    return Bandwidth(3 * total / summed, 2 * total / copy, total, total >= wanted)


def _share(blocks: int) -> _Share:
    draw = np.random.default_rng(blocks)
    b, c = (draw.random((blocks, BLOCK)) for _ in range(2))
    return _Share(np.zeros((blocks, BLOCK)), b, c, np.zeros(BLOCK))


def _best_seconds(
    places: Sequence[int], work: Sequence[Callable[[], None]], clock: Clock, passes: int
) -> float:
    """From the first begin to the last end of a pass, the shortest."""

    def timed(job: Callable[[], None]) -> tuple[float, float]:
        begin = clock()
        job()
        return begin, clock()

    best = float("inf")
    for _ in range(passes):
        spans = on_each(places, [partial(timed, job) for job in work])
        best = min(best, max(end for _, end in spans) - min(begin for begin, _ in spans))
    return best
