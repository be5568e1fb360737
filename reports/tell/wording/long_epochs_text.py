"""Where a few long epochs weigh more than a median shows: what whole trainings say instead, in words."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.tell.formatting import significant

NOTABLE = 0.1
"""By so much, as a share, the ratio of sums differs from that of medians before it is told."""


def by_sums(base: Sequence[float], other: Sequence[float], ratio: float, names: tuple[str, str]) -> str:
    """The ratio of the epochs' mean times, and whose long ones make it another than that of medians.

    ``base`` and ``other``: seconds of the same epochs; ``ratio``: what was told of them. Empty where the two
    ratios agree, or nothing was measured.
    """
    sides = [sorted(seconds) for seconds in (base, other)]
    if not all(sides) or min(sides[0][0], sides[1][0], ratio) <= 0.0:
        return ""
    of_sums = statistics.fmean(other) / statistics.fmean(base)
    if max(of_sums / ratio, ratio / of_sums) <= 1.0 + NOTABLE:
        return ""
    long = max((0, 1), key=lambda n: statistics.fmean(sides[n]) / statistics.median(sides[n]))
    median, longest = statistics.median(sides[long]), sides[long][-1]
    return (
        f"By the sum of the epochs it is ×{significant(of_sums)}: {names[long]} has epochs of up to "
        f"{format_seconds(longest)} beside a median of {format_seconds(median)}."
    )
