"""Whether a figure can be true, judged from figures alone. Pure.

Two rules that no honest figure breaks, whatever the framework:

- **Ceiling.** The work done in the time given implies no more than the device can do: no more operations,
  and no more bytes, by the nearer of the two roofs. What fits into the caches need not move through memory,
  so that only bytes beyond their size are held against its bandwidth; all of them against what the cores'
  own caches let through.
- **Flat series.** Time is overhead + work / rate, and no rate is above the ceiling. Where work grows a
  hundredfold or more while time hardly grows, the extra time must still hold the extra work. Tiny products
  may be flat (all overhead: 8 squared to 64 squared on a GPU): they are not judged, since their extra work
  would need next to no time. Flat for longer than any call's overhead is judged too.

And one for figures known to be queueing times: an unsynchronised time far below the synchronised one.

A figure below the ceiling, but well above the best that the device was *measured* to reach, in operations or
in bytes, is suspicious: that is to be told, and proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from likeforlike.devices.limits.bandwidths import MEBIBYTE, MemoryCeiling, ReachedBandwidth
from likeforlike.devices.limits.ceilings import Ceiling, Reached, highest_known
from likeforlike.devices.limits.units import format_bandwidth, format_rate, format_seconds, plain_number

WORK_GROWTH = 100.0
"""Sizes are compared for flatness once work has grown this many times."""
FLAT_EXPONENT = 0.15
FLAT_GROWTH = 3.0
"""Flat: time grows with less than this power of work, or less than threefold."""
MEANINGFUL_SHARE = 0.5
"""The larger work must need this share of its own time at the ceiling before flatness is judged ..."""
HELD_SHARE = 0.5
"""... and the extra time must be less than this share of what the extra work needs; half allows for noise."""
LAUNCH_SECONDS = 0.05
LAUNCH_SHARE = 0.01
"""Overhead of a call is microseconds to milliseconds: less than threefold growth from above this time, at a
hundredth of the ceiling or more, is no overhead."""
GAP_RATIO = 2.0
GAP_SECONDS = 1e-4
"""A synchronised time this many times longer, and longer by this much, means that work was left queued."""

SUSPICIOUS_MARGIN = 0.10
"""How far a rate may lie above the best one measured: that one was found by a short search, and has noise."""


def judge(
    flop: float | None,
    seconds: float,
    ceiling: Ceiling | None,
    synchronised_seconds: float | None = None,
    moved: float | None = None,
    memory: MemoryCeiling | None = None,
) -> tuple[str, ...]:
    """Reasons why a figure can't be true; empty if it can.

    ``flop`` operations on ``moved`` bytes in ``seconds`` are one call; without a count or a ceiling only what
    is left is judged. ``synchronised_seconds`` is the same call waited for, where ``seconds`` was not.
    """
    if not math.isfinite(seconds) or seconds < 0:
        return (f"{seconds} seconds is no duration",)
    reasons = []
    complaint = _judge_rates(flop, moved, seconds, ceiling, memory)
    if complaint:
        reasons.append(complaint)
    if synchronised_seconds is not None and _leaves_queued(seconds, synchronised_seconds):
        left = (synchronised_seconds - seconds) / synchronised_seconds
        reasons.append(
            f"queueing time: {format_seconds(seconds)} unsynchronised, "
            f"{format_seconds(synchronised_seconds)} synchronised; "
            f"{left * 100:.0f} % of the work was not waited for"
        )
    return tuple(reasons)


def _judge_rates(
    flop: float | None,
    moved: float | None,
    seconds: float,
    ceiling: Ceiling | None,
    memory: MemoryCeiling | None,
) -> str | None:
    """Why work of so many operations and bytes takes longer, by the nearest roof: which asks for most."""
    operations, every = _counted(flop), _counted(moved)
    if seconds == 0:
        if operations:
            return f"{operations:.3g} operations in no time at all"
        return f"{every:.3g} bytes in no time at all" if every else None
    needed = []
    if operations and ceiling is not None:
        needed.append((operations / ceiling.flop_per_second, _above(operations / seconds, ceiling)))
    if memory is not None:
        beyond = beyond_caches(moved, memory.cache_bytes)
        needed.append((beyond / memory.bytes_per_second, _above_memory(beyond / seconds, memory)))
        if memory.cached_bytes_per_second:
            text = (
                f"implies {format_bandwidth(every / seconds)}, above the "
                f"{format_bandwidth(memory.cached_bytes_per_second)} between the cores and their own caches "
                f"({memory.cached_source})"
            )
            needed.append((every / memory.cached_bytes_per_second, text))
    if not needed:
        return None
    most, reason = max(needed)
    return reason if most > seconds else None


def _counted(count: float | None) -> float:
    return max(0.0, count) if count is not None and math.isfinite(count) else 0.0


def _above(rate: float, ceiling: Ceiling) -> str:
    return (
        f"implies {format_rate(rate)}, above the device's ceiling of "
        f"{format_rate(ceiling.flop_per_second)} ({ceiling.source})"
    )


def _above_memory(rate: float, memory: MemoryCeiling) -> str:
    return (
        f"implies {format_bandwidth(rate)} through memory{_spared(memory)}, above the memory's ceiling of "
        f"{format_bandwidth(memory.bytes_per_second)} ({memory.source})"
    )


def _spared(memory: MemoryCeiling) -> str:
    return f" beside the {plain_number((memory.cache_bytes or 0.0) / MEBIBYTE)} MiB that its caches may hold"


def beyond_caches(moved: float | None, cache_bytes: float | None) -> float:
    """Bytes that must pass through memory, whatever the caches held before; 0 if they aren't known."""
    return 0.0 if cache_bytes is None else max(0.0, _counted(moved) - cache_bytes)


def _leaves_queued(seconds: float, synchronised_seconds: float) -> bool:
    if not math.isfinite(synchronised_seconds):
        return False
    gap = synchronised_seconds - seconds
    return gap > GAP_SECONDS and synchronised_seconds > GAP_RATIO * seconds


def suspicion(
    flop: float | None,
    seconds: float,
    ceiling: Ceiling | None,
    reached: Reached | None,
    moved: float | None = None,
    memory: MemoryCeiling | None = None,
    bandwidth: ReachedBandwidth | None = None,
) -> str | None:
    """Why a figure that can be true is still hard to believe; None if it isn't, or can't be true at all.

    ``reached`` is the best rate measured on the same device at the same precision, ``bandwidth`` the best of
    its memory.
    """
    if not math.isfinite(seconds) or seconds <= 0 or _judge_rates(flop, moved, seconds, ceiling, memory):
        return None
    found = []
    if reached is not None and _counted(flop):
        rate, best = _counted(flop) / seconds, reached.flop_per_second
        told = f"{format_rate(best)}{f' ({reached.source})' if reached.source else ''}"
        found.append((rate / best - 1, f"implies {format_rate(rate)}", told))
    if bandwidth is not None and memory is not None:
        rate, best = beyond_caches(moved, memory.cache_bytes) / seconds, bandwidth.bytes_per_second
        told = f"{format_bandwidth(best)}{f' ({bandwidth.source})' if bandwidth.source else ''}"
        implied = f"implies {format_bandwidth(rate)} through memory{_spared(memory)}"
        found.append((rate / best - 1, implied, told))
    if not found:
        return None
    excess, implied, told = max(found)
    if excess <= SUSPICIOUS_MARGIN:
        return None
    return f"{implied}, {excess * 100:.0f} % above the best measured here, {told}"


def judge_series(points: Sequence[tuple[float, float]], ceiling: Ceiling | None = None) -> str | None:
    """Why times that hardly grow with work can't be true; None if they can.

    ``points`` are (flop, seconds) of one implementation on one device at one precision, in any order.
    Without a ceiling the highest known float32 peak is taken; give the device's own where it is known.
    """
    span = flat_span(points, ceiling)
    if span is None:
        return None
    (small_flop, small_seconds), (large_flop, large_seconds) = span
    bound = ceiling or highest_known("float32")
    needed = (large_flop - small_flop) / bound.flop_per_second
    return (
        f"time is nearly flat: {format_seconds(small_seconds)} to {format_seconds(large_seconds)} "
        f"while work grows {large_flop / small_flop:,.0f}-fold, which at the ceiling of "
        f"{format_rate(bound.flop_per_second)} takes {format_seconds(needed)} more"
    )


def flat_span(
    points: Sequence[tuple[float, float]], ceiling: Ceiling | None = None
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The two points, least work first, that a flat series stretches between; the widest such pair, or None.

    Every point whose work lies between theirs belongs to the flat series.
    """
    bound = (ceiling or highest_known("float32")).flop_per_second
    usable = sorted(
        (flop, seconds)
        for flop, seconds in points
        if math.isfinite(flop) and math.isfinite(seconds) and flop > 0 and seconds > 0
    )
    flat = [pair for pair in combinations(usable, 2) if _is_flat(*pair) and _is_impossible(*pair, bound)]
    return max(flat, key=lambda pair: pair[1][0] / pair[0][0], default=None)


def _is_flat(small: tuple[float, float], large: tuple[float, float]) -> bool:
    work, time = large[0] / small[0], large[1] / small[1]
    return work >= WORK_GROWTH and (time < FLAT_GROWTH or math.log(time) < FLAT_EXPONENT * math.log(work))


def _is_impossible(small: tuple[float, float], large: tuple[float, float], bound: float) -> bool:
    """Whether the extra time can't hold the extra work, or no call's overhead explains the flat time."""
    needed = (large[0] - small[0]) / bound
    share = large[0] / large[1] / bound
    if share >= MEANINGFUL_SHARE and large[1] - small[1] < HELD_SHARE * needed:
        return True
    return small[1] >= LAUNCH_SECONDS and share >= LAUNCH_SHARE and large[1] < FLAT_GROWTH * small[1]
