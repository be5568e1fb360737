"""Inside a worker: a kernel's first call, its proof, its warm-up and its samples."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import numpy as np

from likeforlike.bench.worker.cell_setup import load_factory, memory_facts, named_clock, settled_runtime
from likeforlike.bench.worker.messages import CellSpec, Finished, Go, Ready, Sample, receive_order, send
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.devices.process.runtime import Runtime
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem, Verification, Workload
from likeforlike.models.registry import kernel_workloads

_WINDOW_CALLS = 5
_WARM_UP_CALLS = 50
_WARM_UP_SECONDS = 1.0
_SYNCHRONISED_SAMPLES = 5
_WAKING_SECONDS = 0.02

Clock = Callable[[], float]


@dataclass(frozen=True)
class Placed:
    """A kernel on its device, with what is needed to prove it."""

    spec: CellSpec
    workload: Workload
    problem: Problem
    kernel: Kernel
    runtime: Runtime
    clock: Clock


def measure(spec: CellSpec, connection: Connection) -> None:
    """Prepare the cell, then sample whenever told to, until told to finish."""
    placed, ready = prepare(spec)
    send(connection, ready)
    gc_was_on = gc.isenabled()
    if spec.disable_gc:
        gc.disable()
    try:
        while isinstance(receive_order(connection), Go):
            send(connection, take_sample(placed))
    finally:
        if gc_was_on:
            gc.enable()
    send(connection, Finished(closing_facts(placed, ready)))


def prepare(spec: CellSpec) -> tuple[Placed, Ready]:
    """Load, place, call once, prove and warm up. Raises CellFailed."""
    clock = named_clock(spec.timer)
    workload = kernel_workloads()[spec.workload]
    runtime, facts = settled_runtime(spec)
    factory = load_factory(spec.target)
    problem = workload.problem(spec.axes, spec.device)
    start = clock()
    placed = Placed(spec, workload, problem, factory(problem), runtime, clock)
    setup_seconds = clock() - start
    # synchronised in either timing: the first call is tracing, compiling and allocation, done
    start = clock()
    result = placed.kernel.call()
    placed.kernel.wait(result)
    cold_seconds = clock() - start
    verification = prove(placed, result)
    calls = warm_up(placed) if spec.warm_up else 0
    error, tolerance = verification.error, verification.tolerance
    return placed, Ready(setup_seconds, cold_seconds, error, tolerance, calls, facts)


def prove(placed: Placed, result: Any) -> Verification:
    """Hold a result's place and value against what they must be. Raises CellFailed."""
    kernel, spec = placed.kernel, placed.spec
    if kernel.device_of is not None and (where := kernel.device_of(result)) != spec.device:
        raise CellFailed("failed", f"the result lies on {where}, the cell asks for {spec.device}")
    answer = kernel.to_numpy(result)
    verification = placed.workload.verify(spec.axes, placed.problem, answer)
    if not verification.ok:
        parts = answer if isinstance(answer, (tuple, list)) else (answer,)
        finite = all(part is None or np.isfinite(np.asarray(part, np.float64)).all() for part in parts)
        outcome = "wrong-answer" if finite else "non-finite"
        far = f"error {verification.error:.3g} against the reference"
        raise CellFailed(outcome, f"{far}, tolerance {verification.tolerance:.3g}")
    return verification


def warm_up(placed: Placed) -> int:
    """Call until times stop falling, within bounds; the number of calls made."""
    times: list[float] = []
    begin = placed.clock()
    while len(times) < _WARM_UP_CALLS and placed.clock() - begin < _WARM_UP_SECONDS:
        times.append(synchronised_seconds(placed))
        if len(times) % _WINDOW_CALLS == 0 and len(times) >= 2 * _WINDOW_CALLS:
            before = statistics.median(times[-2 * _WINDOW_CALLS : -_WINDOW_CALLS])
            if statistics.median(times[-_WINDOW_CALLS:]) > 0.95 * before:
                break
    return len(times)


def synchronised_seconds(placed: Placed) -> float:
    """Seconds of one call, waited for on the device."""
    call, wait, clock = placed.kernel.call, placed.kernel.wait, placed.clock
    start = clock()
    wait(call())
    return clock() - start


def queueing_seconds(placed: Placed) -> float:
    """Seconds until a call returns, its work done or not: what the 2020 notebook measured."""
    call, clock = placed.kernel.call, placed.clock
    start = clock()
    result = call()
    seconds = clock() - start
    placed.kernel.wait(result)
    return seconds


def take_sample(placed: Placed) -> Sample:
    """Untimed calls, then one timed call."""
    calls = wake(placed) + 1
    if placed.spec.timing == "unsynchronised":
        return Sample(queueing_seconds(placed), calls=calls)
    if not placed.spec.transfer:
        return Sample(synchronised_seconds(placed), calls=calls)
    return msgspec.structs.replace(with_transfers(placed), calls=calls)


def wake(placed: Placed) -> int:
    """Call untimed at least once, and for some milliseconds: it wakes threads and fills caches.

    The number of calls made.
    """
    begin = placed.clock()
    synchronised_seconds(placed)
    calls = 1
    while placed.clock() - begin < _WAKING_SECONDS:
        synchronised_seconds(placed)
        calls += 1
    return calls


def with_transfers(placed: Placed) -> Sample:
    """One call with the copies to the device and back timed beside it."""
    kernel, clock = placed.kernel, placed.clock
    if kernel.upload is None or kernel.download is None:
        # the operands are host arrays already: nothing is copied
        return Sample(synchronised_seconds(placed), None, 0.0, 0.0)
    start = clock()
    kernel.upload()
    uploaded = clock()
    result = kernel.call()
    kernel.wait(result)
    called = clock()
    kernel.download(result)
    return Sample(called - uploaded, None, uploaded - start, clock() - called)


def closing_facts(placed: Placed, ready: Ready) -> dict[str, Any]:
    """What is known only after the samples: the answer is still right, memory, the synchronised time."""
    result = placed.kernel.call()
    placed.kernel.wait(result)
    last = prove(placed, result)
    facts: dict[str, Any] = {
        "verified": {"error": max(ready.error, last.error), "tolerance": last.tolerance},
        **memory_facts(placed.runtime, placed.spec.device),
    }
    if placed.spec.timing == "unsynchronised":
        samples = [synchronised_seconds(placed) for _ in range(_SYNCHRONISED_SAMPLES)]
        facts["synchronised_median_seconds"] = statistics.median(samples)
    return facts
