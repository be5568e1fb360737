"""Seconds and rates as people write them: one unit for a figure and its interval, never an exponent."""

from __future__ import annotations

import math

SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
"""Units of time, largest first."""

RATES = ((1e15, "PFLOP/s"), (1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s"))

BANDWIDTHS = ((1e15, "PB/s"), (1e12, "TB/s"), (1e9, "GB/s"), (1e6, "MB/s"), (1.0, "B/s"))

LEAST_DECIMAL = 12
"""Further behind the point nothing is shown."""

MOST_SHOWN = 1e15
"""Above it a figure is shown to be more than that: nothing that was measured comes near."""


def format_rate(flop_per_second: float) -> str:
    """Readable FLOP/s: ``19.5 TFLOP/s``."""
    factor, unit = _unit_of(flop_per_second, RATES, 4)
    return f"{plain_number(flop_per_second / factor, 4)} {unit}"


def format_bandwidth(bytes_per_second: float) -> str:
    """Readable bytes a second: ``20.4 GB/s``."""
    factor, unit = _unit_of(bytes_per_second, BANDWIDTHS, 3)
    return f"{plain_number(bytes_per_second / factor)} {unit}"


def format_seconds(seconds: float, like: float | None = None) -> str:
    """Seconds in a unit that a person reads: ``4.71 s``, ``3.2 ms``, ``85 µs``, ``40 ns``.

    The unit is that of ``like``, a figure that the reader will hold it against.
    """
    factor, unit = _unit_of(seconds if like is None else like, SECONDS, 3)
    return f"{plain_number(seconds / factor)} {unit}"


def format_seconds_interval(low: float, high: float, like: float) -> str:
    """``268 to 273 ns``: an interval in the unit of the figure whose it is."""
    factor, unit = _unit_of(like, SECONDS, 3)
    return f"{plain_number(low / factor)} to {plain_number(high / factor)} {unit}"


def plain_number(value: float, digits: int = 3) -> str:
    """Significant digits without an exponent and without trailing zeros: ``4.71``, ``3.2``, ``12,345``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if out_of_range := beyond_shown(value):
        return out_of_range
    places = min(max(digits - 1 - size_of(value, digits), 0), LEAST_DECIMAL)
    rounded = f"{value:,.{places}f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded


def beyond_shown(value: float) -> str:
    """``<0.000000000001`` or ``>1,000,000,000,000,000`` for a figure that is not to be shown; else empty."""
    size, least = abs(value), 10.0**-LEAST_DECIMAL
    if value < 0 or least <= size <= MOST_SHOWN:
        return ""
    return f"<{least:.{LEAST_DECIMAL}f}" if size < least else f">{MOST_SHOWN:,.0f}"


def size_of(value: float, digits: int) -> int:
    """The power of ten of the first digit, once rounded to so many: 9.996 is 10.0, hence 1."""
    return int(f"{abs(value):.{digits - 1}e}".partition("e")[2])


def _unit_of(value: float, units: tuple[tuple[float, str], ...], digits: int) -> tuple[float, str]:
    """The largest unit of which there is at least one, once rounded: 999.6 ms are 1 s."""
    size = float(f"{abs(value):.{digits - 1}e}")
    return next((unit for unit in units if size >= unit[0] * (1 - 1e-9)), units[-1])
