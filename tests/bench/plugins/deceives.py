"""Products that are right whenever nobody times them, and deceive in every way when they are timed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def honest(problem: Problem) -> Kernel:
    return kernel(problem, np.matmul)


def keeps_its_answer(problem: Problem) -> Kernel:
    made, kept = honest(problem), []

    def call() -> np.ndarray:
        if not kept:
            kept.append(made.call())
        return kept[0]

    return replace(made, call=call)


def keeps_it_between_changes(problem: Problem) -> Kernel:
    """It computes anew when all rows changed, and keeps the answer of the calls that wake it."""
    made, kept = honest(problem), []

    def call() -> np.ndarray:
        if not kept:
            kept.append(made.call())
        return kept[0]

    def change(rows: slice, factors: np.ndarray) -> None:
        made.change(rows, factors)
        if len(factors) > 1:
            kept.clear()

    return replace(made, call=call, change=change)


def returns_early(problem: Problem) -> Kernel:
    """A thread finishes later; reading the result waits for it."""
    made = honest(problem)

    class Coming:
        def __init__(self) -> None:
            self.gate, self.answer = threading.Event(), None
            self.thread = threading.Thread(target=self.finish, daemon=True)
            self.thread.start()

        def finish(self) -> None:
            self.gate.wait(60)
            self.answer = made.call()

    def read(result: Coming) -> np.ndarray:
        result.gate.set()
        result.thread.join()
        return result.answer

    return replace(made, call=Coming, to_numpy=read)


def is_lazy(problem: Problem) -> Kernel:
    """Nothing is computed before the result is read."""
    made = honest(problem)
    return replace(made, call=lambda: made.call, to_numpy=lambda result: result())


def multiplies_when_read(problem: Problem) -> Kernel:
    """The call keeps a copy of the operands; their product is computed when it is read."""
    made = kernel(problem, lambda a, b: (a.copy(), b))

    def read(kept: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        for _ in range(30):  # as long as a product of a larger size
            product = np.matmul(*kept)
        return product

    return replace(made, to_numpy=read, sketch=None)


def is_wrong_when_timed(problem: Problem) -> Kernel:
    """It knows a timed call by the change of one row before it; its clock reads almost nothing there."""
    made, timed = honest(problem), [False]

    def change(rows: slice, factors: np.ndarray) -> None:
        made.change(rows, factors)
        timed[0] = len(factors) == 1

    def call() -> np.ndarray:
        return np.ones_like(problem.operands[0]) if timed[0] else made.call()

    return replace(made, call=call, change=change)


def is_wrong_when_timed_and_changes_nothing(problem: Problem) -> Kernel:
    """It counts calls: the answer of any call after the hundredth is wrong, until it is proven at the end."""
    left, right = problem.operands
    calls = []

    def call() -> np.ndarray:
        calls.append(1)
        return left @ right if len(calls) < 100 else np.ones_like(left)

    return Kernel(call)


def replaces_the_clock(problem: Problem) -> Kernel:
    made, true_clock = honest(problem), time.perf_counter

    def call() -> np.ndarray:
        time.perf_counter = lambda: true_clock() / 10
        return made.call()

    return replace(made, call=call)


def changes_nothing(problem: Problem) -> Kernel:
    """Honest, but unable to change its operands."""
    left, right = problem.operands
    return Kernel(lambda: left @ right)


def _entry(name: str, target: str = "") -> Implementation:
    return Implementation(
        name, "matmul", "numpy", "for tests", target or f"deceives:{name.replace('-', '_')}"
    )


NAMES = (
    "keeps-its-answer",
    "keeps-it-between-changes",
    "returns-early",
    "is-lazy",
    "is-wrong-when-timed",
    "is-wrong-when-timed-and-changes-nothing",
    "replaces-the-clock",
    "changes-nothing",
    "honest",
)
IMPLEMENTATIONS = [
    *map(_entry, NAMES),
    _entry("replaces-the-clock-at-import", "replaces_the_clock_at_import:product"),
]
