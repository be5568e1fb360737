"""Implementations that end in every way a cell can end, and one that behaves."""

from __future__ import annotations

import os
import signal

import numpy as np

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem


def behaves(problem: Problem) -> Kernel:
    left, right = problem.operands
    return Kernel(call=lambda: left @ right)


def crashes(problem: Problem) -> Kernel:
    return Kernel(call=lambda: os.kill(os.getpid(), signal.SIGSEGV))


def crashes_later(problem: Problem) -> Kernel:
    calls = iter(range(20))
    left, right = problem.operands
    return Kernel(call=lambda: left @ right if next(calls, None) is not None else os.abort())


def hoards(problem: Problem) -> Kernel:
    def call() -> object:
        kept = []
        while True:
            kept.append(np.ones(2**22))  # 32 MiB, touched

    return Kernel(call=call)


def hangs(problem: Problem) -> Kernel:
    return Kernel(call=lambda: signal.pause())


def is_wrong(problem: Problem) -> Kernel:
    left, right = problem.operands
    return Kernel(call=lambda: left @ right + np.eye(len(left), dtype=np.float32))


def is_not_finite(problem: Problem) -> Kernel:
    left, right = problem.operands
    return Kernel(call=lambda: (left @ right) * np.float32("nan"))


def raises(problem: Problem) -> Kernel:
    raise RuntimeError("two lines\nof complaint")


def _entry(name: str, target: str = "") -> Implementation:
    return Implementation(
        name, "matmul", "numpy", "for tests", target or f"misbehaving:{name.replace('-', '_')}"
    )


NAMES = ("behaves", "crashes", "crashes-later", "hoards", "hangs", "is-wrong", "is-not-finite", "raises")
IMPLEMENTATIONS = [*map(_entry, NAMES), _entry("raises-at-import", "raises_at_import:anything")]
