"""A kernel inside a worker whose own work alone moves the clock, and what a worker needs around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from worker_line import spec

from likeforlike.bench.worker.calls.timed_calls import TimedCalls
from likeforlike.bench.worker.measure_kernel import Placed
from likeforlike.bench.worker.messages import Ready
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem, Verification
from likeforlike.models.contract.workload import Workload

READY = Ready(0.5, 0.75, 0.125, 1.0, 3, {"waiting_seconds": 8e-6})
VERIFIED = Verification(0.25, 1.0)
PROBLEM = Problem((np.ones((4, 4), np.float32),) * 2, "float32", "cpu:0")


@dataclass
class Hand:
    """A kernel's work, which alone moves the clock: calls take these seconds one by one, the last ever after."""

    seconds: Iterable[float] = (0.25,)
    wait_seconds: float = 0.0
    now: float = 64.0
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seconds = self._coming()

    def _coming(self) -> Iterator[float]:
        for each in self.seconds:
            last = each
            yield each
        while True:
            yield last

    def clock(self) -> float:
        return self.now

    def call(self) -> np.ndarray:
        self.log.append("call")
        self.now += next(self._seconds)
        return np.zeros(3)

    def wait(self, result: Any) -> None:
        self.log.append("wait")
        self.now += self.wait_seconds

    def to_numpy(self, result: Any) -> Any:
        self.log.append("read")
        return result

    def kernel(self, **more: Any) -> Kernel:
        return Kernel(self.call, self.wait, self.to_numpy, **more)

    # --- as a supply ---

    def draw(self) -> Callable[[], None]:
        self.log.append("draw")
        return lambda: self.log.append("use")

    def draw_further(self) -> None:
        self.log.append("draw further")

    def restore(self) -> None:
        self.log.append("restore")


def workload(verification: Verification = VERIFIED, **more: Any) -> Workload:
    """Whatever the answer, so far off is it."""
    declared = {"problem": lambda axes, device: PROBLEM, "verify": lambda axes, problem, answer: verification}
    return Workload("own", "for tests", **{**declared, **more})


def placed(hand: Hand, kernel: Kernel | None = None, **asked: Any) -> Placed:
    made = kernel or hand.kernel()
    return Placed(spec(**asked), workload(), PROBLEM, made, runtime("numpy"), hand.clock, hand.clock)


def with_calls(made: Placed, hand: Hand, probe: Any = None, **more: Any) -> Placed:
    calls = TimedCalls(
        made.kernel, probe, Factors(4, False, "float32", np.random.default_rng(5)), hand.clock, **more
    )
    return replace(made, calls=calls)
