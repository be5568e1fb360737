"""Inside a worker: what kernels and trainers need alike before and after their turns."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from likeforlike.bench.worker.clocks import named_clock, processor_seconds, refuse_replaced_clocks
from likeforlike.bench.worker.messages import CellSpec
from likeforlike.bench.worker.outcomes import CellFailed, reason_of
from likeforlike.devices.machine.bookkeeping import told
from likeforlike.devices.process.pinning import pinned_to
from likeforlike.devices.process.runtime import Runtime, gpu_complaint, runtime, thread_complaint
from likeforlike.devices.process.thread_pools import blas_threads, limit_blas_threads
from likeforlike.models.distributed.assignment import DISTRIBUTED, Assignment


def load_factory(target: str) -> Callable[..., Any]:
    """Import an implementation. Raises CellFailed when that raises anything."""
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise CellFailed("import-error", f"{target}: {reason_of(error)}") from error


def load(spec: CellSpec) -> float:
    """Import framework and implementation, and set the framework up. Raises CellFailed.

    Returns the processor's seconds: the workers of a group import side by side and wait for each other. A
    framework that can't see the GPU skips the cell: it was built or installed without it. The clock is taken
    first, before anything that is measured could replace it.
    """
    named_clock(spec.timer)
    begin = processor_seconds()
    unseen = gpu_complaint(configured_runtime(spec), spec.device, spec.maker)
    if unseen is not None:
        raise CellFailed("skipped", unseen, device_unseen=True)
    load_factory(spec.target)
    if spec.network:
        load_factory(spec.network)
    shared = assignment_of(spec)
    if shared is not None:  # peers connect before TensorFlow works, or never
        from likeforlike.models.distributed.strategies import begin as begin_strategy

        begin_strategy(shared)
    refuse_replaced_clocks()
    return processor_seconds() - begin


def assignment_of(spec: CellSpec) -> Assignment | None:
    """Who takes part in a data-parallel training; None for any other cell."""
    if spec.workload != DISTRIBUTED:
        return None
    return Assignment(
        spec.target,
        spec.axes["strategy"],
        spec.axes["workers"],
        spec.device,
        spec.threads,
        spec.recipe or {},
        spec.data,
        spec.data_dir,
        spec.samples,
    )


def configured_runtime(spec: CellSpec) -> Runtime:
    """The framework's runtime with the cell's threads, device and precision mode set.

    A framework's threads and devices can be set once in a process; its precision switches move.
    """
    chosen = runtime(spec.framework, spec.threading)
    shared = assignment_of(spec)
    device = spec.device if shared is None else shared.last_logical_cpu
    chosen.configure(device, spec.threads, spec.precision)
    return chosen


def settled_runtime(spec: CellSpec) -> tuple[Runtime, dict[str, Any]]:
    """The runtime, ready for this cell, and the facts of it that hold.

    Raises CellFailed when the framework or a BLAS runs with other than the threads asked for.
    """
    chosen = configured_runtime(spec)
    chosen.asynchronous(spec.asynchronous)
    limit_blas_threads(spec.threads)
    told(chosen.reset_device_peak, spec.device)
    complaint = thread_complaint(chosen, spec.threads)
    if complaint is not None:
        raise CellFailed("failed", complaint)
    held: dict[str, Any] = {
        "asked": spec.threads,
        "framework": told(chosen.threads),
        "blas": told(blas_threads),
    }
    if spec.threading != "intra-op":  # the usual is not told: files from before don't either
        held["threading"] = spec.threading
    if pinned_to(os.environ):
        held["processors"] = sorted(pinned_to(os.environ))
    return chosen, {"threads": held, "framework_version": told(chosen.version)}


def memory_facts(chosen: Runtime, device: str) -> dict[str, Any]:
    """Peak memory of this process and of the framework's allocator on a GPU, in bytes; None: not told."""
    return {
        "peak_memory_bytes": told(resident_peak_bytes),
        "device_peak_memory_bytes": told(chosen.device_peak_bytes, device),
    }


def resident_peak_bytes() -> int | None:
    """This process's high-water mark of resident memory since it was last reset."""
    if not sys.platform.startswith("linux"):
        return None
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None
