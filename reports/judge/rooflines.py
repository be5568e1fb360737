"""Which roof binds a kernel, arithmetic or memory, and how near it is to that roof."""

from __future__ import annotations

from likeforlike.devices.limits.roofline import Roofs, Standing, standing
from likeforlike.reports.sort.measured.measurements import Measurement


def roofs_of(item: Measurement) -> Roofs:
    """The best that was measured of its device or, where nothing was, what its data sheet says."""
    flop, moved = None, None
    if item.reached is not None:
        flop = item.reached.flop_per_second
    elif item.ceiling is not None and item.ceiling.of_device:
        flop = item.ceiling.flop_per_second
    if item.bandwidth is not None:
        moved = item.bandwidth.bytes_per_second
    elif item.memory is not None and item.memory.of_device:
        moved = item.memory.bytes_per_second
    return Roofs(flop, moved, None if item.memory is None else item.memory.cache_bytes)


def standing_of(item: Measurement) -> Standing | None:
    """How a measurement stands to its roofs; None where bytes aren't counted or a roof is not known."""
    if item.whole:
        return None
    return standing(item.extra.flop, item.extra.bytes_moved, item.median_seconds, roofs_of(item))


def compute_source(item: Measurement) -> str:
    """Where the roof of arithmetic comes from."""
    if item.reached is not None:
        return f"measured: {item.reached.source}" if item.reached.source else "measured"
    return item.ceiling.source if item.ceiling is not None else ""


def memory_source(item: Measurement) -> str:
    """Where the roof of memory comes from."""
    if item.bandwidth is not None:
        return f"measured: {item.bandwidth.source}" if item.bandwidth.source else "measured"
    return item.memory.source if item.memory is not None else ""
