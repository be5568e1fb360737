"""The best rates of one framework on one device: products at each precision asked for, and memory.

A process of its own, ``python -m likeforlike.devices.process.best_rates FRAMEWORK DEVICE THREADS SECONDS
PRECISION ...``, whose environment was set before; prints one JSON object. ``memory`` among the precisions is
the bandwidth of memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from functools import partial
from typing import Any

from likeforlike.devices.limits.bandwidths import MEMORY
from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.memory_rates import bandwidth
from likeforlike.devices.process.product_rates import (
    CPU_SHAPES,
    GPU_SHAPES,
    PREPARING_SHARE,
    Stopwatch,
    best_rate,
    products,
)
from likeforlike.devices.process.runtime import gpu_complaint, runtime


def main() -> None:
    """Print the best rate at each precision."""
    end_with_parent(os.getppid())
    framework, local_device, threads, seconds, *precisions = sys.argv[1:]
    found: dict[str, Any] = {}
    for precision in precisions:
        switches = runtime(framework)
        switches.configure(local_device, int(threads), "float32" if precision == MEMORY else precision)
        if gpu_complaint(switches, local_device) is not None:
            break  # TensorFlow would quietly multiply on the CPU
        if precision == MEMORY:
            best = bandwidth(framework, local_device, int(threads), float(seconds))
        else:
            best = _best_product(framework, local_device, precision, float(seconds))
        if best is not None:
            found[precision] = best
    print(json.dumps(found))


def _best_product(framework: str, local_device: str, precision: str, seconds: float) -> dict[str, Any] | None:
    shapes = GPU_SHAPES if local_device.startswith("gpu") else CPU_SHAPES
    ways = list(products(framework, local_device, precision))
    rates = []
    for make in ways:
        watch = Stopwatch(PREPARING_SHARE * seconds / len(ways))
        rates.append(best_rate(partial(watch.prepared, make), shapes, seconds / len(ways), watch))
    best = max((rate for rate in rates if rate is not None), default=None)
    return best and {"flop_per_second": best[0], "shape": list(best[1])}


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
