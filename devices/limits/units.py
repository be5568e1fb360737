"""Seconds and rates as people write them."""

from __future__ import annotations


def format_rate(flop_per_second: float) -> str:
    """Readable FLOP/s: ``19.5 TFLOP/s``."""
    for factor, unit in ((1e15, "PFLOP/s"), (1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s")):
        if flop_per_second >= factor:
            return f"{flop_per_second / factor:,.4g} {unit}"
    return f"{flop_per_second:.4g} FLOP/s"


def format_seconds(seconds: float) -> str:
    """Seconds in a unit that a person reads: ``4.71 s``, ``3.2 ms``, ``85 µs``, ``40 ns``."""
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
