"""A process that tries one framework on one device and prints what it finds, one line of JSON a probe.

``python -m likeforlike.devices.check.probes.worker FRAMEWORK DEVICE THREADS``, its environment set before.
What is printed tells no verdict: that is the parent's. Lines of ours begin with a mark: frameworks print too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from likeforlike.devices.process.lifetime import end_with_parent

MARK = "check "

STARTED, ENDED = "start", "end"
"""The first probe and the last; between them come those of :data:`PROBES`."""

PROBES = ("memory", "placing", "waiting", "precision", "product")
"""In this order: memory first, since a high-water mark that is high already can't be seen to rise."""


def observe(framework: str, local_device: str, threads: int) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
    """What each probe does; the framework is imported, and its switches are set, when the first is called."""
    from likeforlike.devices.check.probes import memory, placing, precision, product, waiting
    from likeforlike.devices.check.probes.operations import operations
    from likeforlike.devices.process.runtime import runtime

    switches = runtime(framework)
    gpu = local_device.startswith("gpu")
    made = operations(framework, local_device)

    def peak_bytes() -> int | None:
        return switches.device_peak_bytes(local_device) if gpu else memory.resident_peak_bytes()

    def configure(precision: str) -> None:
        switches.configure(local_device, threads, precision)

    return {
        "memory": lambda: memory.observe(made, not gpu, peak_bytes),
        "placing": lambda: placing.observe(made, switches, threads),
        "waiting": lambda: waiting.observe(made, waiting.GPU_ROWS if gpu else waiting.CPU_ROWS),
        "precision": lambda: precision.observe(made, configure),
        "product": lambda: product.observe(framework, local_device),
    }


def start(framework: str, local_device: str, threads: int) -> dict[str, Any]:
    """Import the framework, set its switches, and say what of the device it sees."""
    from likeforlike.devices.process.runtime import gpu_complaint, runtime

    switches = runtime(framework)
    switches.configure(local_device, threads, "float32")
    return {"version": switches.version(), "complaint": gpu_complaint(switches, local_device, maker="")}


def in_a_line(error: BaseException) -> str:
    """An exception's kind and words, cut."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200].rstrip(": ")


def main() -> None:
    """Try the framework; a probe that raises costs the others nothing."""
    end_with_parent(os.getppid())
    framework, local_device, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    facts = _try(lambda: start(framework, local_device, threads))
    _tell(STARTED, facts)
    if facts.get("error") or facts["complaint"]:
        return
    try:
        probes = observe(framework, local_device, threads)
    except Exception as error:
        _tell(PROBES[0], {"error": in_a_line(error)})
        return
    for name in PROBES:
        _tell(name, _try(probes[name]))
    _tell(ENDED, {})


def _try(probe: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return probe()
    except Exception as error:
        return {"error": in_a_line(error)}


def _tell(name: str, facts: Mapping[str, Any]) -> None:
    print(MARK + json.dumps({"probe": name, "facts": facts}), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
