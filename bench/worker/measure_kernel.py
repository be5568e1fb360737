"""Inside a worker: a kernel's first call, its proof, its warm-up and its samples."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import numpy as np

from likeforlike.bench.worker.calls import side_answers
from likeforlike.bench.worker.calls.cold_cache import Emptying, emptying
from likeforlike.bench.worker.calls.launch_cost import LONGEST_SECONDS, launch_cost, waiting_seconds
from likeforlike.bench.worker.calls.operands_before import OperandsBefore
from likeforlike.bench.worker.calls.timed_calls import TimedCalls, timed_calls
from likeforlike.bench.worker.calls.turn_length import TurnLength, turn_length
from likeforlike.bench.worker.cell_setup import load_factory, memory_facts, settled_runtime
from likeforlike.bench.worker.clocks import Clock, named_clock, refuse_replaced_clocks, witness
from likeforlike.bench.worker.messages import (
    CellSpec,
    Finished,
    Go,
    Ready,
    Sample,
    Sustain,
    Sustained,
    receive_order,
    send,
)
from likeforlike.bench.worker.outcomes import CellFailed, reason_of
from likeforlike.devices.process.runtime import Runtime
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem, Verification, Workload
from likeforlike.models.registry import find_workload, kernel_workloads

_WINDOW_CALLS = 5
_WARM_UP_CALLS = 50
_WARM_UP_SECONDS = 1.0
_SYNCHRONISED_SAMPLES = 5
_WAKING_SECONDS = 0.02
_SUSTAINED_WAKING_SECONDS = 0.25
"""Long against the milliseconds between two turns, in which the device rests."""


@dataclass(frozen=True)
class Placed:
    """A kernel on its device, with what is needed to prove it."""

    spec: CellSpec
    workload: Workload
    problem: Problem
    kernel: Kernel
    runtime: Runtime
    clock: Clock
    witness: Clock = witness
    """A second clock, held against the first."""
    calls: TimedCalls | None = None
    """What proves the timed calls; None before the first call."""
    emptying: Emptying | None = None
    """How caches are emptied before each timed call; None: they are left as they are."""
    length: TurnLength | None = None
    """How many timed calls a turn takes; None: one, its sample."""
    given: OperandsBefore | None = None
    """The operands as the kernel was given them; None: nobody looks whether it changed them."""


@dataclass(frozen=True)
class Timed:
    """One call: its seconds, those that the witness saw around it, its result."""

    seconds: float
    witnessed: float
    result: Any


def measure(spec: CellSpec, connection: Connection, of_process: Mapping[str, Any]) -> None:
    """Prepare the cell, then sample whenever told to, until told to finish."""
    placed, ready = prepare(spec)
    ready = msgspec.structs.replace(ready, facts={**ready.facts, **of_process})
    send(connection, ready)
    gc_was_on = gc.isenabled()
    if spec.disable_gc:
        gc.disable()
    try:
        while isinstance(order := receive_order(connection), Go | Sustain):
            if isinstance(order, Sustain):
                send(connection, Sustained(wake(placed, order.seconds) * calls_of(placed)))
                continue
            begin = placed.witness()
            sample = take_sample(placed)
            send(connection, msgspec.structs.replace(sample, turn_seconds=placed.witness() - begin))
    finally:
        if gc_was_on:
            gc.enable()
    send(connection, Finished(closing_facts(placed, ready)))


def prepare(spec: CellSpec) -> tuple[Placed, Ready]:
    """Load, place, call once, prove and warm up. Raises CellFailed."""
    clock = named_clock(spec.timer)
    workload = declared_workload(spec)
    runtime, facts = settled_runtime(spec)
    factory = load_factory(spec.target)
    problem = workload.problem(spec.axes, spec.device)
    given = OperandsBefore(problem.operands)
    start = clock()
    placed = Placed(spec, workload, problem, factory(problem), runtime, clock)
    setup_seconds = clock() - start
    if placed.kernel.calls is None:  # of functions that somebody compares the operands are that person's
        refuse_zeros(problem)
        placed = replace(placed, given=given)
    # synchronised in either timing: the first call is tracing, compiling and allocation, done
    start = clock()
    result = placed.kernel.call()
    placed.kernel.wait(result)
    cold_seconds = clock() - start
    verification = prove(placed, result)
    side_answers.keep(spec, workload, problem, partial(placed.kernel.to_numpy, result))
    facts |= {"waiting_seconds": waiting_seconds(placed.kernel, result, clock)}
    del result
    placed = replace(placed, emptying=emptying(spec, placed.kernel))
    facts |= {"cache": spec.cache, **(placed.emptying.facts() if placed.emptying else {})}
    calls = warm_up(placed) if spec.warm_up else 0
    error, tolerance = verification.error, verification.tolerance
    placed = replace(placed, length=length_of_turns(placed))
    placed = replace(placed, calls=timed_calls(workload, spec.axes, problem, placed.kernel))
    return placed, Ready(setup_seconds, cold_seconds, error, tolerance, calls, facts)


def refuse_zeros(problem: Problem) -> None:
    """Raise CellFailed for an operand of zeros: they take less power, and so boost the clock."""
    arrays = (np.asarray(operand) for operand in problem.operands)
    if any(array.dtype.kind == "f" and array.size and not array.any() for array in arrays):
        raise CellFailed("failed", "an operand holds nothing but zeros, whose power and clock are no work's")


def declared_workload(spec: CellSpec) -> Workload:
    """The cell's workload. Raises CellFailed when the module that declares it can't be imported any more."""
    if not spec.declared_in:
        return kernel_workloads()[spec.workload]
    try:
        return find_workload(spec.workload, spec.declared_in)
    except Exception as error:
        raise CellFailed("import-error", f"{spec.declared_in}: {reason_of(error)}") from error


def prove(placed: Placed, result: Any) -> Verification:
    """Hold a result's place and value against what they must be. Raises CellFailed.

    The reference is computed of the operands that the kernel was given: one that has sorted them in place
    would be right ever after, and find them sorted in each timed call.
    """
    kernel, spec = placed.kernel, placed.spec
    if kernel.device_of is not None and (where := kernel.device_of(result)) != spec.device:
        raise CellFailed("failed", f"the result lies on {where}, the cell asks for {spec.device}")
    if placed.given is not None:
        placed.given.refuse_changed()
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
        times.append(synchronised(placed).seconds)
        if len(times) % _WINDOW_CALLS == 0 and len(times) >= 2 * _WINDOW_CALLS:
            before = statistics.median(times[-2 * _WINDOW_CALLS : -_WINDOW_CALLS])
            if statistics.median(times[-_WINDOW_CALLS:]) > 0.95 * before:
                break
    return len(times)


def length_of_turns(placed: Placed) -> TurnLength | None:
    """How many timed calls a turn takes, by the median of a few calls after the warm-up; None: one."""
    spec, times = placed.spec, list[float]()
    if spec.calls == 1:
        return None
    if calls_of(placed) > 1:
        told = f"one timing is the mean of {calls_of(placed)} calls, too short for a clock each"
        raise CellFailed("skipped", f"{told}: nothing tells their {spec.statistic}")
    begin = placed.clock()
    while not times or (len(times) < _WINDOW_CALLS and placed.clock() - begin < _WARM_UP_SECONDS):
        times.append(synchronised(placed).seconds)
    return turn_length(spec.calls, spec.turn_seconds, statistics.median(times))


def synchronised(placed: Placed) -> Timed:
    """One call, waited for on the device."""
    call, wait, clock, witness = placed.kernel.call, placed.kernel.wait, placed.clock, placed.witness
    begin = witness()
    start = clock()
    result = call()
    wait(result)
    seconds = clock() - start
    return _of_one_call(placed, seconds, witness() - begin, result)


def _of_one_call(placed: Placed, seconds: float, witnessed: float, result: Any) -> Timed:
    """The times of one call, where a kernel makes several in a row because one is too short for a clock."""
    made = calls_of(placed)
    return Timed(seconds / made, witnessed / made, result)


def calls_of(placed: Placed) -> int:
    """How often the work is done by what is timed as one."""
    return 1 if placed.kernel.calls is None else placed.kernel.calls()


def queued(placed: Placed) -> Timed:
    """One call until it returns, its work done or not: what the 2020 notebook measured."""
    call, clock, witness = placed.kernel.call, placed.clock, placed.witness
    begin = witness()
    start = clock()
    result = call()
    seconds = clock() - start
    witnessed = witness() - begin
    placed.kernel.wait(result)
    return _of_one_call(placed, seconds, witnessed, result)


def take_sample(placed: Placed) -> Sample:
    """Other operands, untimed calls, one timed call, whose own result is then probed. Raises CellFailed.

    Where quantiles are asked for, further timed calls come right before that one. Where a kernel draws its
    own operands, a short call is timed several times with others, and the sample is the median: what is
    waited for and written around a turn would take longer than the one call.
    """
    change_last = placed.calls.before_waking() if placed.calls else None
    calls = wake(placed, _SUSTAINED_WAKING_SECONDS if placed.spec.sustained else _WAKING_SECONDS) + 1
    further = further_calls(placed)
    if change_last:
        change_last()
    earlier = earlier_calls(placed)
    if placed.emptying:  # after all that touches operands
        placed.emptying.empty()
    timed, transfers = timed_call(placed)
    if placed.calls:
        if is_waited_for_on_gpu(placed.spec):
            placed.calls.left.append(seconds_until_idle(placed))
        placed.calls.after(timed.result, timed.seconds, timed.witnessed)
    every = (*earlier, timed.seconds) if placed.length else ()
    made = (calls + len(earlier) + len(further)) * calls_of(placed)
    seconds = statistics.median([*further, timed.seconds])
    return Sample(seconds, None, *transfers, made, call_seconds=every)


def is_waited_for_on_gpu(spec: CellSpec) -> bool:
    """Whether a call could leave work behind on a device of its own, and should not."""
    return spec.device.startswith("gpu") and spec.timing == "synchronised"


def seconds_until_idle(placed: Placed) -> float:
    """Until the framework says that its device has nothing left to do."""
    start = placed.clock()
    placed.runtime.synchronise(placed.spec.device)
    return placed.clock() - start


def further_calls(placed: Placed) -> list[float]:
    """Seconds of timed calls with operands of their own; none where quantiles are asked for."""
    if placed.calls is None or placed.length is not None or calls_of(placed) > 1:
        return []

    def call() -> tuple[float, float]:
        timed, _ = timed_call(placed)
        return timed.seconds, timed.witnessed

    return [placed.calls.further(call) for _ in range(placed.calls.further_in_a_turn())]


def timed_call(placed: Placed) -> tuple[Timed, tuple[float | None, float | None]]:
    """One call as the cell asks for it, and the seconds of its transfers."""
    if placed.spec.timing == "unsynchronised":
        return queued(placed), (None, None)
    if placed.spec.transfer:
        return with_transfers(placed)
    return synchronised(placed), (None, None)


def earlier_calls(placed: Placed) -> list[float]:
    """Seconds of a turn's timed calls before its last one; after each a drawn row of the operands changes.

    So no answer can be kept from call to call. Their results are dropped unread: reading one takes longer
    than the call, and would put what it reads into the caches of the next.
    """
    if placed.length is None or placed.calls is None:
        return []
    seconds = []
    for _ in range(placed.length.drawn(placed.calls.factors.random) - 1):
        if placed.emptying:
            placed.emptying.empty()
        timed, _ = timed_call(placed)
        seconds.append(timed.seconds)
        placed.calls.between(timed.seconds, timed.witnessed)
    return seconds


def wake(placed: Placed, seconds: float) -> int:
    """Call untimed at least once, and for so long: it wakes threads and fills caches.

    The number of calls made.
    """
    begin = placed.clock()
    synchronised(placed)
    calls = 1
    while placed.clock() - begin < seconds:
        synchronised(placed)
        calls += 1
    return calls


def with_transfers(placed: Placed) -> tuple[Timed, tuple[float | None, float | None]]:
    """One call, and the seconds of the copies to the device before it and back after it."""
    kernel, clock = placed.kernel, placed.clock
    if kernel.upload is None or kernel.download is None:
        # on a processor the operands are host arrays already: nothing is copied; elsewhere nobody can tell
        none = 0.0 if placed.spec.device.startswith("cpu") else None
        return synchronised(placed), (none, none)
    start = clock()
    kernel.upload()
    uploaded = clock() - start
    timed = synchronised(placed)
    start = clock()
    kernel.download(timed.result)
    return timed, (uploaded, clock() - start)


def launch_facts(placed: Placed) -> dict[str, Any]:
    """The kernel's time without the host's part in it, beside samples; of no samples nothing."""
    seconds = placed.calls.seconds if placed.calls else []
    if not seconds or placed.workload.kind != "kernel" or placed.kernel.calls is not None:
        return {}  # the last make their calls in a row by themselves
    median, on_gpu = statistics.median(seconds), placed.spec.device.startswith("gpu")
    empty = placed.emptying.empty if placed.emptying else None
    if not on_gpu and empty is None and median <= LONGEST_SECONDS:
        # NumPy's threads spin on behind the proof, for a tenth of a second, on cores that a call's own want
        wake(placed, _SUSTAINED_WAKING_SECONDS)
    return {"launch_cost": launch_cost(placed.kernel, on_gpu, median, placed.clock, empty)}


def of_several(placed: Placed, ready: Ready) -> dict[str, Any]:
    """Of a kernel that makes several calls in a row: how many, and what of their one wait each has."""
    made, waiting = calls_of(placed), ready.facts.get("waiting_seconds")
    if made == 1:
        return {}
    return {"calls_in_a_sample": made, "waiting_seconds": None if waiting is None else waiting / made}


def closing_facts(placed: Placed, ready: Ready) -> dict[str, Any]:
    """What is known only after the samples: the answer is still right, memory, the synchronised time."""
    if placed.calls:
        placed.calls.refuse_false_clocks()
        if placed.spec.timing == "synchronised":
            while placed.calls.wants_readings():
                take_sample(placed)
            placed.calls.refuse_early_returns()
        if is_waited_for_on_gpu(placed.spec):
            idle = [seconds_until_idle(placed) for _ in range(_SYNCHRONISED_SAMPLES)]
            placed.calls.refuse_unwaited(statistics.median(idle))
        if placed.calls.seconds and placed.workload.kind != "noise floor":  # doing nothing has no answer
            placed.calls.try_a_kept_answer(lambda: synchronised(placed).result)
        placed.calls.restore()
    refuse_replaced_clocks()
    result = placed.kernel.call()
    placed.kernel.wait(result)
    last = prove(placed, result)
    facts: dict[str, Any] = {
        "verified": {"error": max(ready.error or 0.0, last.error), "tolerance": last.tolerance},
        **({"unproven": last.unproven} if last.unproven else {}),
        **(placed.calls.facts() if placed.calls else {}),
        **launch_facts(placed),
        **of_several(placed, ready),
        **side_answers.facts(
            placed.spec, placed.workload, placed.problem, partial(placed.kernel.to_numpy, result)
        ),
        **memory_facts(placed.runtime, placed.spec.device),
    }
    if placed.spec.timing == "unsynchronised":
        samples = [synchronised(placed).seconds for _ in range(_SYNCHRONISED_SAMPLES)]
        facts["synchronised_median_seconds"] = statistics.median(samples)
    return facts
