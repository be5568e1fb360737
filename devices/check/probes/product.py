"""The best product against the device's ceiling: a clock or a device that lies shows here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from likeforlike.devices.check.rows import Facts, Place, Row
from likeforlike.devices.limits.ceilings import device_ceiling
from likeforlike.devices.limits.units import format_rate
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.process.measured_ceilings import Rate, best_of, read_kept
from likeforlike.devices.process.product_rates import CPU_SHAPES, GPU_SHAPES, best_rate, products
from likeforlike.devices.vendors.device import Device

SECONDS = 0.5
"""Of multiplying, for each framework."""

FRESH_SECONDS = 7 * 24 * 3600.0
"""A rate that was kept longer ago says nothing of today's cooling and driver."""

WARN_SHARE, BAD_SHARE = 0.3, 0.05
"""Of the ceiling, below which a best product is told. A BLAS without kernels for it reaches some 2 %."""

SLOWER_SHARE = 0.5
"""Of the best within a week, below which today's is told."""

UNKNOWN_CLOCK = 0.25
"""Where the turbo clock isn't known the ceiling takes the highest sold, with two full vector units a core:
the shares above are of that much of it."""


def observe(framework: str, local_device: str, seconds: float = SECONDS) -> dict[str, object]:
    """The best float32 rate of a short search over shapes, in FLOP/s, and its shape; None if it did none."""
    shapes = GPU_SHAPES if local_device.startswith("gpu") else CPU_SHAPES
    ways = list(products(framework, local_device, "float32"))
    rates = [best_rate(make, shapes, seconds / len(ways)) for make in ways]
    best = max((rate for rate in rates if rate is not None), default=None)
    return {"flop_per_second": best and best[0], "shape": best and list(best[1])}


def as_rate(device: Device, framework: str, facts: Facts) -> Rate | None:
    """What was observed, in the words of the kept rates."""
    if not facts.get("flop_per_second"):
        return None
    rows, inner, columns = facts["shape"]
    return Rate(
        device.id, device.name, "float32", framework, facts["flop_per_second"], (rows, inner, columns)
    )


def fresh_rates(path: Path, now: float | None = None) -> list[Rate]:
    """What is kept of this machine, if it is a week old at most."""
    written = told(lambda: path.stat().st_mtime)
    passed = None if written is None else (time.time() if now is None else now) - written
    kept = read_kept(path) if passed is not None and passed < FRESH_SECONDS else []
    return [rate for rate in kept if isinstance(rate, Rate)]


def row(
    place: Place,
    device: Device,
    fingerprint: Mapping[str, Any],
    measured: Sequence[Rate],
    kept: Sequence[Rate] = (),
) -> Row:
    """The best rate, measured now or kept, of whatever framework, against the ceiling."""
    what = "best product"
    now, before = (_best(rates, device) for rates in (measured, kept))
    best = max(filter(None, (now, before)), key=lambda rate: rate.flop_per_second, default=None)
    ceiling = device_ceiling(fingerprint, device.id, "float32")
    if best is None or ceiling is None:
        return place.not_measurable(what, "no framework multiplied here")
    share = best.flop_per_second / ceiling.flop_per_second
    of = "the ceiling" if _is_clock_known(device, fingerprint) else "a ceiling by the highest clock sold"
    found = f"{format_rate(best.flop_per_second)} float32, {best.reached.source}, {share * 100:.0f} % of {of}"
    if share > 1:
        return place.bad(
            what, f"{found}, which is more than can be", f"trust no time here; {ceiling.source}?"
        )
    if not ceiling.of_device:
        return place.not_measurable(what, f"{found} of any device: this one's is not known")
    full = 1.0 if _is_clock_known(device, fingerprint) else UNKNOWN_CLOCK
    if share < BAD_SHARE * full:
        remedy = "is it throttled, shared, or without a BLAS for its processor?"
        return place.bad(what, f"{found}, far below", remedy)
    if share < WARN_SHARE * full:
        return place.warn(what, f"{found}, little", "see who else uses it; likeforlike devices --measure")
    if now is not None and now.flop_per_second < SLOWER_SHARE * best.flop_per_second:
        found = f"{format_rate(now.flop_per_second)} now, {format_rate(best.flop_per_second)} within the week"
        return place.warn(what, found, "see who else uses it, and whether it is held back")
    return place.good(what, found)


def _best(rates: Sequence[Rate], device: Device) -> Rate | None:
    own = [rate for rate in rates if rate.device_name == device.name]
    return best_of(own).get((device.id, "float32"))


def _is_clock_known(device: Device, fingerprint: Mapping[str, Any]) -> bool:
    return device.kind == "gpu" or fingerprint["cpu"]["max_hertz"] is not None
