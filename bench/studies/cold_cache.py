"""By how much is a product slower with its operands in memory, and is that what the memory's bandwidth says?

``python -m likeforlike.bench.studies.cold_cache``: one implementation's product in three ways, in turns of
drawn order, each call timed after 20 ms of untimed ones. *Warm*: at once. *Cold*: after a buffer larger than
all caches was written. *Read again*: after the same, and after both operands were read once. Cold less read
again is what it costs that the operands are in memory; all else that emptying does (code, stacks and the
result leave the caches, the threads of a BLAS fall asleep) both have. Predicted is the time in which the
operands come from memory, at the best rate of all cores at once and at the least of one alone, triad and
copy: a product computes while it reads, and its threads wait for those that read. What computes next to
nothing, the sum of the same two matrices, shows whether they come from memory.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from likeforlike.bench.studies.staging.account import Account, StudyFailed, heading, table
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.process.last_cache import processor_caches, write_through_caches
from likeforlike.devices.process.memory_rates import ADDING, MOVING, numpy_rates
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.kernels.matmul.workload import WORKLOAD as PRODUCT
from likeforlike.models.registry import load_registry
from likeforlike.reports.statistics.median_intervals import median_interval

WARM, AGAIN, COLD = WAYS = ("warm", "read again", "cold")
WAKING_SECONDS = 0.02
_RATES_SECONDS = 3.0

Clock = Callable[[], float]


@dataclass
class Times:
    """Seconds of each call, by way; a round is one of each."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def difference(self, way: str, other: str) -> tuple[float, float, float]:
        """Median over rounds of the one less the other, with its interval."""
        found = [a - b for a, b in zip(self.seconds[way], self.seconds[other], strict=True)]
        return statistics.median(found), *median_interval(found)


def measure(
    kernel: Kernel,
    empty: Callable[[], None],
    read: Callable[[], None],
    rounds: int,
    draw: random.Random,
    clock: Clock = time.perf_counter,
) -> Times:
    """Rounds of all three ways in drawn order."""
    before: Mapping[str, Sequence[Callable[[], None]]] = {WARM: (), AGAIN: (empty, read), COLD: (empty,)}
    times = Times()
    for _ in range(rounds):
        for way in draw.sample(WAYS, len(WAYS)):
            wake(kernel, clock)
            for work in before[way]:
                work()
            begin = clock()
            kernel.wait(kernel.call())
            times.seconds[way].append(clock() - begin)
    return times


def wake(kernel: Kernel, clock: Clock) -> None:
    """Call for some milliseconds: operands are in the caches afterwards, and threads awake."""
    begin = clock()
    kernel.wait(kernel.call())
    while clock() - begin < WAKING_SECONDS:
        kernel.wait(kernel.call())


def read_once(*arrays: np.ndarray) -> None:
    """Bring arrays into the caches, as far as they fit."""
    for array in arrays:
        array.max()


def predicted_seconds(operands: Sequence[np.ndarray], bytes_per_second: float) -> float:
    """How long the operands are on the way."""
    return sum(operand.nbytes for operand in operands) / bytes_per_second


def sum_of(left: np.ndarray, right: np.ndarray) -> Kernel:
    """The sum of two matrices, by one thread: as many bytes as their product, and nothing to compute."""
    return Kernel(partial(np.add, left, right, out=np.empty_like(left)))


def lines_of(
    size: int, operands: Sequence[np.ndarray], times: Times, summed: Times, rates: Sequence[float]
) -> list[str]:
    """The table of one size, and what is predicted by bytes a second of all cores and of one."""
    medians = {way: statistics.median(times.seconds[way]) for way in WAYS}
    low, high = (predicted_seconds(operands, rate) * 1e6 for rate in (max(rates), min(rates)))
    rows = [
        [f"{size}²", way, f"{medians[way] * 1e3:.3f}", f"{medians[way] / medians[WARM]:.3f}"] for way in WAYS
    ]
    megabytes = sum(operand.nbytes for operand in operands) / 1e6
    return [
        table(["product", "caches", "median, ms", "over warm"], rows),
        "",
        f"- by the bandwidth the operands, {megabytes:.1f} MB, take {low:.0f} µs by all cores "
        f"to {high:.0f} µs by one",
        f"- cold less read again: {_text(times.difference(COLD, AGAIN))}; "
        f"of the matrices' sum {_text(summed.difference(COLD, AGAIN))}",
        f"- read again less warm, what else emptying does: {_text(times.difference(AGAIN, WARM))}; "
        f"of the matrices' sum {_text(summed.difference(AGAIN, WARM))}",
        "",
    ]


def _text(interval: tuple[float, float, float]) -> str:
    middle, low, high = (value * 1e6 for value in interval)
    return f"{middle:.0f} µs ({low:.0f} to {high:.0f})"


def bandwidth_line(cores: int, rates: Mapping[str, float]) -> str:
    """Triad against copy."""
    summed, copy = rates[ADDING], rates[MOVING]
    by = "1 core" if cores == 1 else f"{cores} cores"
    return (
        f"- by {by}: {ADDING} {summed / 1e9:.1f} GB/s, copy {copy / 1e9:.1f} GB/s, ratio {summed / copy:.2f}"
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.cold_cache", description=__doc__
    )
    parser.add_argument("--implementation", default="numpy", help="one of the products")
    parser.add_argument("--sizes", default="500", help="comma-separated")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2020)
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    entry = load_registry().find(PRODUCT.name, asked.implementation)
    if entry.missing() is not None:
        raise StudyFailed(str(entry.missing()))
    print(heading("Cold caches", "cold_cache"), flush=True)
    account, caches = Account(), processor_caches()
    rates: list[float] = []
    for cores in sorted({1, usable_cores()}):
        try:
            found, vector_bytes = numpy_rates(cores, _RATES_SECONDS)
        except MemoryError as error:
            raise StudyFailed(str(error)) from error
        rates += [found[ADDING], found[MOVING]]
        print(bandwidth_line(cores, found), flush=True)
    hold = f"{caches.size_bytes / 2**20:.0f} MiB ({caches.source})"
    print(f"- arrays of {vector_bytes / 2**20:.0f} MiB; caches hold {hold}", end="\n\n", flush=True)
    runtime(entry.framework).configure("cpu:0", usable_cores(), "float32")
    for size in map(int, asked.sizes.split(",")):
        problem = PRODUCT.problem({"size": size, "dtype": "float32"}, "cpu:0")
        kernel = entry.load()(problem)
        empty, draw = partial(write_through_caches, caches.written_bytes), random.Random(asked.seed)
        read = partial(read_once, *problem.operands)
        times, summed = (
            measure(what, empty, read, asked.rounds, draw) for what in (kernel, sum_of(*problem.operands))
        )
        print("\n".join(lines_of(size, problem.operands, times, summed, rates)), flush=True)
    print(account.closing())


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
