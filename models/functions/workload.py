"""Any functions: the work is whatever they do, the reference is the answer of the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Workload
from likeforlike.models.functions.given import load_given
from likeforlike.models.functions.work import Work

NAME = "functions"


@dataclass(frozen=True)
class Task(Problem):
    """A problem whose operands only the function knows."""

    work: Work | None = None


def problem(axes: Axes, device: str) -> Task:
    """The function that the environment names, with its arguments; the operand is a placeholder."""
    return Task((np.ones(1),), "float64", device, axes, Work(*load_given()))


def work_of(problem: Problem) -> Work:
    """What a problem of this workload carries."""
    assert isinstance(problem, Task)
    assert problem.work is not None
    return problem.work


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """Hold the answer against the first function's. Raises WrongAnswer with what sets them apart."""
    return work_of(problem).hold(answer)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The same of a timed call's answer, to the arguments that it was called with."""
    work = work_of(problem)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        return work.probe(result)

    return check


WORKLOAD = Workload(
    name=NAME,
    summary="any functions, compared with each other by likeforlike.compare",
    problem=problem,
    verify=verify,
    probe=probe,
    rows_alike=True,
    own_precision=True,
    presets=(),
    target=f"{__name__}:WORKLOAD",
)
