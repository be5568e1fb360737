"""By how much is a product slower with its operands in memory, and is that what the memory's bandwidth says?

``python -m bench.studies.cold_cache``: one implementation's product in three ways, in turns of drawn order,
each call timed after 20 ms of untimed ones. *Warm*: at once. *Paused*: after a pause in which nothing but
small arrays is touched, as long as emptying the caches takes. *Cold*: after a buffer larger than all caches
was written. Cold less paused is what the caches were worth; the pause alone puts the threads of a BLAS to
sleep. Predicted is the time in which two operands and the result pass between memory and processor, at the
rate of a triad and of a copy: the most that a product can lose, since it computes while it reads. What hides
nothing, the sum of the same two matrices, shows whether they come from memory at all.
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

from likeforlike.bench.studies.account import Account, StudyFailed, heading, table
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.devices.process.last_cache import (
    LastCache,
    on_each,
    processor_caches,
    usable_processors,
    write_through_caches,
)
from likeforlike.devices.process.memory_rates import ADDING, MOVING, numpy_rates
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.kernels.matmul.workload import WORKLOAD as PRODUCT
from likeforlike.models.registry import load_registry
from likeforlike.reports.statistics.median_intervals import median_interval

WAYS = ("warm", "paused", "cold")
WAKING_SECONDS = 0.02
ARRAYS = 3
"""Two operands and the result."""
_RATES_SECONDS = 3.0
SMALL = 4096
"""Elements of what a pause works on: 32 KiB, which leaves all but the first-level cache alone."""

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
    pause: Callable[[], None],
    rounds: int,
    draw: random.Random,
    clock: Clock = time.perf_counter,
) -> Times:
    """Rounds of all three ways in drawn order."""
    before = {"warm": lambda: None, "paused": pause, "cold": empty}
    times = Times()
    for _ in range(rounds):
        for way in draw.sample(WAYS, len(WAYS)):
            wake(kernel, clock)
            before[way]()
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


def keep_busy(seconds: float, clock: Clock = time.perf_counter) -> None:
    """Work on every processor that long, on small arrays alone."""
    places = usable_processors()

    def spin() -> None:
        small = np.ones(SMALL)
        until = clock() + seconds
        while clock() < until:
            np.add(small, 1.0, out=small)

    on_each(places, [spin] * len(places))


def predicted_seconds(size: int, item_bytes: int, bytes_per_second: float) -> float:
    """How long two operands and the result are on the way."""
    return ARRAYS * item_bytes * size**2 / bytes_per_second


def sum_of(left: np.ndarray, right: np.ndarray) -> Kernel:
    """The sum of two matrices, by one thread: as many bytes as their product, and nothing to compute."""
    return Kernel(partial(np.add, left, right, out=np.empty_like(left)))


def lines_of(
    size: int, item_bytes: int, times: Times, summed: Times, rates: Mapping[str, float]
) -> list[str]:
    """The table of one size, and what is predicted."""
    medians = {way: statistics.median(times.seconds[way]) for way in WAYS}
    cold = times.difference("cold", "paused")
    waking = times.difference("paused", "warm")
    control = summed.difference("cold", "paused")
    low, high = (
        predicted_seconds(size, item_bytes, rate) * 1e6
        for rate in sorted((rates[ADDING], rates[MOVING]), reverse=True)
    )
    rows = [
        [f"{size}²", way, f"{medians[way] * 1e3:.3f}", f"{medians[way] / medians['warm']:.3f}"]
        for way in WAYS
    ]
    return [
        table(["product", "caches", "median, ms", "over warm"], rows),
        "",
        f"- cold less paused: {_text(cold)}; by the bandwidth {low:.0f} to {high:.0f} µs at most, for "
        f"{ARRAYS * item_bytes * size**2 / 1e6:.1f} MB",
        f"- the same of the two matrices' sum: {_text(control)}",
        f"- paused less warm: {_text(waking)}",
        "",
    ]


def _text(interval: tuple[float, float, float]) -> str:
    middle, low, high = (value * 1e6 for value in interval)
    return f"{middle:.0f} µs ({low:.0f} to {high:.0f})"


def bandwidth_line(rates: Mapping[str, float], vector_bytes: int, caches: LastCache) -> str:
    """Triad against copy."""
    summed, copy = rates[ADDING], rates[MOVING]
    hold = f"{caches.size_bytes / 2**20:.0f} MiB ({caches.source})"
    return (
        f"- {ADDING} {summed / 1e9:.1f} GB/s, copy {copy / 1e9:.1f} GB/s, ratio {summed / copy:.2f}; "
        f"arrays of {vector_bytes / 2**20:.0f} MiB; caches hold {hold}"
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.studies.cold_cache", description=__doc__)
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
    try:
        rates, vector_bytes = numpy_rates(usable_cores(), _RATES_SECONDS)
    except MemoryError as error:
        raise StudyFailed(str(error)) from error
    print(bandwidth_line(rates, vector_bytes, caches), end="\n\n", flush=True)
    runtime(entry.framework).configure("cpu:0", usable_cores(), "float32")
    for size in map(int, asked.sizes.split(",")):
        problem = PRODUCT.problem({"size": size, "dtype": "float32"}, "cpu:0")
        kernel = entry.load()(problem)
        empty = partial(write_through_caches, caches.written_bytes)
        emptying = min(_seconds_of(empty) for _ in range(5))
        draw = random.Random(asked.seed)
        times, summed = (
            measure(what, empty, partial(keep_busy, emptying), asked.rounds, draw)
            for what in (kernel, sum_of(*problem.operands))
        )
        print("\n".join(lines_of(size, 4, times, summed, rates)), flush=True)
    print(account.closing())


def _seconds_of(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
