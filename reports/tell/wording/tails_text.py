"""How quantiles of timed calls are said, wherever a ratio or a time rests on one."""

from __future__ import annotations

from collections.abc import Iterable

from likeforlike.devices.limits.units import format_seconds, format_seconds_interval
from likeforlike.reports.sort.call_times import asked_seconds, compared_statistic, statistic_of
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.statistics.quantiles import MEDIAN, QUANTILES, Quantile, needed_calls
from likeforlike.reports.tell.document import Entry


def compared_words(base: Measurement, other: Measurement) -> str:
    """What a ratio is of: ``time``, or the quantile such as ``p99``."""
    statistic = compared_statistic(base, other)
    return "time" if statistic == MEDIAN else statistic


def quantile_mark(base: Measurement, other: Measurement) -> str:
    """`` (p99)`` behind what is compared by a quantile; nothing where it is the median, as everywhere."""
    statistic = compared_statistic(base, other)
    return "" if statistic == MEDIAN else f" ({statistic})"


def asked_note(items: Iterable[Measurement]) -> str:
    """What a table's ratios are of where they are not of medians, a sentence; else empty."""
    asked = sorted({statistic_of(item) for item in items} - {MEDIAN})
    if not asked:
        return ""
    return f" Asked on {' and '.join(asked)}: ratios and verdicts are of that, times are medians."


def asked_time_text(item: Measurement, statistic: str) -> str:
    """``12.3 µs``, or ``p99 12.3 µs`` where a quantile is what is compared; ``p99 –`` of too few calls."""
    if statistic == MEDIAN:
        return format_seconds(item.median_seconds)
    seconds = asked_seconds(item, statistic)
    return f"{statistic} {'–' if seconds is None else format_seconds(seconds)}"


def quantile_entry(name: str, found: Quantile | None, struck: bool = False) -> Entry:
    """``12.3 µs (12.1 to 12.9 µs)``, or ``needs 368 calls``."""
    if found is None:
        return Entry(f"needs {needed_calls(QUANTILES[name]):,} calls")
    interval = format_seconds_interval(found.low, found.high, found.seconds)
    return Entry(f"{format_seconds(found.seconds)} ({interval})", found.seconds, struck)
