"""One framework's search on one device, a process of its own.

``python -m likeforlike.devices.peak.worker FRAMEWORK DEVICE THREADS SECONDS PRECISION ...``, whose
environment was set before; prints one JSON object, as ``devices.process.best_rates`` does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from likeforlike.devices.peak.search import Found, Search, starts
from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.product_rates import (
    PREPARING_SHARE,
    Product,
    Shape,
    Stopwatch,
    fastest_call,
    products,
)
from likeforlike.devices.process.runtime import gpu_complaint, runtime

LARGEST_EDGE = {"cpu": 8192, "gpu": 32768}


def best_shape(make: Callable[[Shape], Product], local_device: str, seconds: float) -> Found | None:
    """The best shape of one way to multiply."""
    watch = Stopwatch(PREPARING_SHARE * seconds)

    def rate_of(shape: Shape, share: float) -> float:
        rows, inner, columns = shape
        fastest = fastest_call(watch.prepared(make, shape), share, watch)
        return 2.0 * rows * inner * columns / fastest if fastest > 0 else 0.0

    search = Search(rate_of, seconds, watch)
    return search.run(starts(LARGEST_EDGE[local_device.partition(":")[0]]))


def main() -> None:
    """Print the best rate and shape at each precision."""
    end_with_parent(os.getppid())
    framework, local_device, threads, seconds, *precisions = sys.argv[1:]
    told: dict[str, Any] = {}
    for precision in precisions:
        switches = runtime(framework)
        switches.configure(local_device, int(threads), precision)
        if gpu_complaint(switches, local_device) is not None:
            break  # TensorFlow would quietly multiply on the CPU
        ways = list(products(framework, local_device, precision))
        every = [best_shape(make, local_device, float(seconds) / len(ways)) for make in ways]
        found = [one for one in every if one is not None]
        if found:
            best = max(found, key=lambda one: one.flop_per_second)
            told[precision] = {"flop_per_second": best.flop_per_second, "shape": list(best.shape)}
    print(json.dumps(told))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
