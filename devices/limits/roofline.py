"""Which roof a piece of work stands under, and how near it comes. Pure.

Work of so many operations that moves so many bytes takes at least operations / rate of arithmetic and at
least bytes / bandwidth of memory; the larger of the two binds it (Williams, Waterman and Patterson, Roofline,
CACM 52(4), 2009). Both roofs meet at the ridge: rate / bandwidth, in operations a byte.

What fits into the caches need not move through memory at all: its bandwidth is no roof of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Bound = Literal["compute", "memory", "caches"]
"""What binds: arithmetic, memory, or neither: it would be memory, but all fits into the caches."""


@dataclass(frozen=True)
class Roofs:
    """What a device does at most at one precision, as far as it is known."""

    flop_per_second: float | None
    bytes_per_second: float | None
    cache_bytes: float | None = None
    """All caches together; None: not known, taken for none."""

    @property
    def ridge(self) -> float | None:
        """FLOP a byte where both roofs meet; None where one is not known."""
        if not self.flop_per_second or not self.bytes_per_second:
            return None
        return self.flop_per_second / self.bytes_per_second

    def attainable(self, intensity: float) -> float | None:
        """FLOP/s at most at so many FLOP a byte; None where a roof is not known."""
        if not self.flop_per_second or not self.bytes_per_second:
            return None
        return min(self.flop_per_second, intensity * self.bytes_per_second)


@dataclass(frozen=True)
class Standing:
    """How a figure stands to its roof."""

    bound: Bound
    intensity: float
    """FLOP a byte; 0 where only bytes are counted."""
    share: float | None
    """Of what the binding roof lets through; None in the caches, whose bandwidth nobody measured.
    Above 1 where the caches kept part of the operands."""


def standing(flop: float | None, moved: float | None, seconds: float, roofs: Roofs) -> Standing | None:
    """How work of ``flop`` operations and ``moved`` bytes in so many seconds stands to the roofs.

    None where bytes aren't counted, or one of the two roofs that could bind it is not known.
    """
    if not moved or not seconds or not roofs.bytes_per_second or (flop and not roofs.flop_per_second):
        return None
    by_memory, by_compute, intensity = moved / roofs.bytes_per_second, 0.0, 0.0
    if flop and roofs.flop_per_second:
        by_compute, intensity = flop / roofs.flop_per_second, flop / moved
    if by_compute >= by_memory:
        return Standing("compute", intensity, by_compute / seconds)
    if roofs.cache_bytes is not None and moved <= roofs.cache_bytes:
        return Standing("caches", intensity, None)
    return Standing("memory", intensity, by_memory / seconds)
