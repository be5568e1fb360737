"""Two processes that do the same take turns: a ratio other than 1 is what the machine makes of nothing.

Each is ``python -m likeforlike.devices.check.twins FRAMEWORK DEVICE THREADS ROWS``: for every line that it
reads it multiplies some times and prints the seconds of one product.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from likeforlike.devices.check.rows import Place, Row

ROUNDS, LEAST_ROUNDS = 41, 11
MOST_SECONDS = 8.0
UNTIMED_SECONDS = 0.02
"""Of products before each sample: the pool has slept, the caches hold the other's matrices."""

CALLS = 5
CONFIDENCE = 0.99

SAME_RATIO, APART_RATIO = 0.02, 0.10
"""Up to the first the twins are the same, as in the report; surely beyond the second they are apart."""

NOISY_WIDTH = 0.10
"""Of the interval; with a wider one nothing of 2 % is ever told apart in as many rounds."""

CPU_ROWS, GPU_ROWS = 512, 2048

Ask = Callable[[], float]
"""One sample of a twin, in seconds."""


def take_turns(
    twins: tuple[Ask, Ask], clock: Callable[[], float] = time.monotonic, most_seconds: float = MOST_SECONDS
) -> list[tuple[float, float]]:
    """Pairs of seconds, one of each twin a round, in an order drawn afresh each round."""
    order = random.Random(17)
    begin = clock()
    pairs: list[tuple[float, float]] = []
    while len(pairs) < ROUNDS and (len(pairs) < LEAST_ROUNDS or clock() - begin < most_seconds):
        if order.random() < 0.5:
            first = twins[0]()
            pairs.append((first, twins[1]()))
        else:
            second = twins[1]()
            pairs.append((twins[0](), second))
    return pairs


def row(place: Place, pairs: Sequence[tuple[float, float]]) -> Row:
    """Whether the twins' ratio is 1 within its noise."""
    low, middle, high = ratio_interval(pairs)
    found = f"×{middle:.3f} ({low:.3f} to {high:.3f}) over {len(pairs)} rounds"
    surely = max(low - 1, 1 - high, 0.0)
    if surely > APART_RATIO:
        return place.bad("twins", f"one product in two processes: {found}", "see what else runs; check again")
    if surely > 0 and abs(middle - 1) > SAME_RATIO:
        return place.warn("twins", f"one product in two processes: {found}", "compare over more launches")
    if high - low > NOISY_WIDTH:
        return place.warn("twins", f"noisy: {found}", "end other programs; measure more rounds")
    return place.good("twins", found)


def ratio_interval(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Lower end, median and upper end of the paired ratio, second to first.

    The ends are order statistics, by the sign test (scipy.stats.quantile_test), at 99 % confidence.
    """
    from scipy.stats import quantile_test

    logs = [math.log(second / first) for first, second in pairs]
    interval = quantile_test(logs, p=0.5).confidence_interval(CONFIDENCE)
    ends = [
        value if math.isfinite(value) else bound(logs)
        for value, bound in zip(interval, (min, max), strict=True)
    ]
    return math.exp(ends[0]), math.exp(median(logs)), math.exp(ends[1])


@contextlib.contextmanager
def two_processes(
    command: Sequence[str], environment: Mapping[str, str], limit_seconds: float
) -> Iterator[tuple[Ask, Ask]]:
    """Start the command twice and give what asks each for a sample; the one that isn't asked is stopped.

    A twin that ends, or takes more than ``limit_seconds`` for all, is killed: RuntimeError.
    """
    started = [_start(command, environment) for _ in range(2)]
    deadline = time.monotonic() + limit_seconds
    try:
        for process in started:
            _answer(process, deadline)  # ready
            process.send_signal(signal.SIGSTOP)
        yield _asks(started[0], deadline), _asks(started[1], deadline)
    finally:
        for process in started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _asks(process: subprocess.Popen[bytes], deadline: float) -> Ask:
    def ask() -> float:
        process.send_signal(signal.SIGCONT)
        try:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            return float(_answer(process, deadline))
        except (BrokenPipeError, ValueError) as error:
            raise RuntimeError("a twin ended") from error
        finally:
            process.send_signal(signal.SIGSTOP)

    return ask


def _answer(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """The next line of ours that it prints; frameworks print others before."""
    from select import select

    assert process.stdout is not None
    line = b""
    while True:
        ready, _, _ = select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise RuntimeError("a twin did not answer in time")
        sign = os.read(process.stdout.fileno(), 1)
        if not sign:
            raise RuntimeError("a twin ended")
        if sign != b"\n":
            line += sign
        elif line.startswith(_OURS):
            return line.removeprefix(_OURS)
        else:
            line = b""


_OURS = b"twin "


def main() -> None:
    """Multiply when asked."""
    from likeforlike.devices.process.lifetime import end_with_parent
    from likeforlike.devices.process.product_rates import products
    from likeforlike.devices.process.runtime import runtime

    end_with_parent(os.getppid())
    framework, local_device, threads, rows = sys.argv[1:]
    runtime(framework).configure(local_device, int(threads), "float32")
    make = next(iter(products(framework, local_device, "float32")))
    product = make((int(rows),) * 3)
    product()
    print("twin ready", flush=True)
    for _ in sys.stdin:
        print(f"twin {sample(product)!r}", flush=True)


def sample(product: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the median of some products, after untimed ones."""
    begin = clock()
    product()
    while clock() - begin < UNTIMED_SECONDS:
        product()
    times = []
    for _ in range(CALLS):
        begin = clock()
        product()
        times.append(clock() - begin)
    return median(times)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
