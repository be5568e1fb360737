"""A plug-in: copies of every built-in product and trainer, and products that are slower by a known share.

``--plugin likeforlike.bench.studies.replication.copies`` joins to each NAME a ``NAME-copy-1`` and so on, the
same factory under another name; to each product ``NAME-slower-5`` and ``NAME-slower-10``, which spin after
each call for that percentage of its time; and ``NAME-gated``, which does so for the percentage that the
variable LIKEFORLIKE_STUDY_SLOWER_PERCENT says in the worker, 0 without it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.kernels.matmul.implementations import IMPLEMENTATIONS as KERNELS
from likeforlike.models.tasks.mlp.implementations import IMPLEMENTATIONS as TRAINERS

MOST_COPIES = 12
SLOWER_PERCENT = (5, 10)
VARIABLE = "LIKEFORLIKE_STUDY_SLOWER_PERCENT"
"""By how much ``NAME-gated`` is slower; on no list of what a result file records."""
GATED = "gated"
_SLOWER = "slower-"


def copy_name(name: str, number: int) -> str:
    """Of the copy with that number, from 1."""
    return f"{name}-copy-{number}"


def slower_name(name: str, percent: int) -> str:
    """Of the one that is slower by so much."""
    return f"{name}-{_SLOWER}{percent}"


def gated_name(name: str) -> str:
    """Of the one that the environment makes slower."""
    return f"{name}-{GATED}"


def true_percent(implementation: str) -> int:
    """By how much an implementation of this plug-in, or what it is a copy of, is slower by its name."""
    before, found, percent = implementation.rpartition(f"-{_SLOWER}")
    return int(percent) if before and found and percent.isdigit() else 0


def spin(seconds: float) -> None:
    """Keep one core busy for that long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@dataclass(frozen=True)
class Slowed:
    """A kernel's call, done, and then a spin of a share of what it took: all of it slower by that share.

    Not of a median of several calls: beside a neighbour calls of one product take a millisecond or fifty, and
    a share of the fifty would make the others several times slower.
    """

    kernel: Kernel
    share: float
    spin: Callable[[float], None] = spin
    clock: Callable[[], float] = time.perf_counter

    def __call__(self) -> Any:
        """The result, done on the device."""
        start = self.clock()
        result = self.kernel.call()
        self.kernel.wait(result)
        self.spin(self.share * (self.clock() - start))
        return result


def slowed(kernel: Kernel, percent: float) -> Kernel:
    """The kernel with a slower call, and everything else as it was."""
    return replace(kernel, call=Slowed(kernel, percent / 100.0))


def __getattr__(attribute: str) -> Callable[[Problem], Kernel]:
    """``slower-5:module:factory`` and ``gated:module:factory``: the targets of slower entries."""
    kind, separator, target = attribute.partition(":")
    if not separator:
        raise AttributeError(f"module {__name__!r} has no attribute {attribute!r}")

    def build(problem: Problem) -> Kernel:
        original = Implementation("", "", "", "", target).load()
        percent = os.environ.get(VARIABLE, "0") if kind == GATED else kind.removeprefix(_SLOWER)
        return slowed(original(problem), float(percent))

    return build


def _copies(entry: Implementation) -> Iterator[Implementation]:
    for number in range(1, MOST_COPIES + 1):
        yield replace(entry, name=copy_name(entry.name, number), summary=f"copy {number} of {entry.name}")


def _slower(entry: Implementation) -> Iterator[Implementation]:
    for percent in SLOWER_PERCENT:
        yield replace(
            entry,
            name=slower_name(entry.name, percent),
            summary=f"{entry.name}, slower by {percent} %",
            target=f"{__name__}:{_SLOWER}{percent}:{entry.target}",
        )
    yield replace(
        entry,
        name=gated_name(entry.name),
        summary=f"{entry.name}, slower by what {VARIABLE} says",
        target=f"{__name__}:{GATED}:{entry.target}",
    )


IMPLEMENTATIONS = [
    *(further for entry in KERNELS for further in (*_copies(entry), *_slower(entry))),
    *(copy for entry in TRAINERS if entry.role != "floor" for copy in _copies(entry)),
]
