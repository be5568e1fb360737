"""How far two timings of the same work differ, and what timing itself costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Workload
from likeforlike.models.kernels.matmul import workload as matmul

_PRODUCT: Axes = {"size": 800, "dtype": "float32"}
"""About 10 ms on two cores."""


def memory_bytes(axes: Axes) -> int:
    """Of the product."""
    return matmul.memory_bytes(_PRODUCT)


def problem(axes: Axes, device: str) -> Problem:
    """The product's operands, for the call that does nothing too."""
    return matmul.problem(_PRODUCT, device)


def verify(axes: Axes, problem: Problem, answer: object) -> Verification:
    """Hold a twin's product against the reference; None is the right answer of the call that does nothing."""
    if answer is None:
        return Verification(0.0, 0.0)
    return matmul.verify(_PRODUCT, problem, answer)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The product's; nothing is what the call that does nothing must give."""
    of_product = matmul.probe(_PRODUCT, problem, random)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return Verification(0.0, 0.0) if result is None else of_product(kernel, result, factors)

    return check


WORKLOAD = Workload(
    name="noise",
    summary="one product against itself, and a call that does nothing",
    memory_bytes=memory_bytes,
    problem=problem,
    precision="float64",
    verify=verify,
    probe=probe,
    kind="noise floor",
    idle=("nothing",),
    order=90,
)
