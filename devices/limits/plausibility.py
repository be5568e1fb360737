"""Whether a figure can be true, judged from figures alone. Pure.

Two rules that no honest figure breaks, whatever the framework:

- **Ceiling.** The work done in the time given implies no more than the device can do.
- **Flat series.** Time is overhead + work / rate, and no rate is above the ceiling. Where work grows a
  hundredfold or more while time hardly grows, the extra time must still hold the extra work. Tiny products
  may be flat (all overhead: 8 squared to 64 squared on a GPU): they are not judged, since their extra work
  would need next to no time. Flat for longer than any call's overhead is judged too.

And one for figures known to be queueing times: an unsynchronised time far below the synchronised one.

A figure below the ceiling, but well above the best that the device was *measured* to reach, is suspicious:
that is to be told, and proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from likeforlike.devices.limits.ceilings import Ceiling, Reached, highest_known
from likeforlike.devices.limits.units import format_rate, format_seconds

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
    flop: float | None, seconds: float, ceiling: Ceiling | None, synchronised_seconds: float | None = None
) -> tuple[str, ...]:
    """Reasons why a figure can't be true; empty if it can.

    ``flop`` in ``seconds`` is one call; without a count or a ceiling only what is left is judged.
    ``synchronised_seconds`` is the same call waited for, where ``seconds`` was not.
    """
    if not math.isfinite(seconds) or seconds < 0:
        return (f"{seconds} seconds is no duration",)
    reasons = []
    if flop is not None and math.isfinite(flop) and flop > 0:
        complaint = _judge_rate(flop, seconds, ceiling)
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


def _judge_rate(flop: float, seconds: float, ceiling: Ceiling | None) -> str | None:
    if seconds == 0:
        return f"{flop:.3g} operations in no time at all"
    if ceiling is None or flop / seconds <= ceiling.flop_per_second:
        return None
    return (
        f"implies {format_rate(flop / seconds)}, above the device's ceiling of "
        f"{format_rate(ceiling.flop_per_second)} ({ceiling.source})"
    )


def _leaves_queued(seconds: float, synchronised_seconds: float) -> bool:
    if not math.isfinite(synchronised_seconds):
        return False
    gap = synchronised_seconds - seconds
    return gap > GAP_SECONDS and synchronised_seconds > GAP_RATIO * seconds


def suspicion(
    flop: float | None, seconds: float, ceiling: Ceiling | None, reached: Reached | None
) -> str | None:
    """Why a figure that can be true is still hard to believe; None if it isn't, or can't be true at all.

    ``reached`` is the best rate measured on the same device at the same precision.
    """
    if reached is None or flop is None or not math.isfinite(flop) or not math.isfinite(seconds):
        return None
    if _judge_rate(flop, seconds, ceiling) is not None:
        return None
    excess = flop / seconds / reached.flop_per_second - 1
    if excess <= SUSPICIOUS_MARGIN:
        return None
    best = f"{format_rate(reached.flop_per_second)}{f' ({reached.source})' if reached.source else ''}"
    return f"implies {format_rate(flop / seconds)}, {excess * 100:.0f} % above the best measured here, {best}"


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
