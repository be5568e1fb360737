"""The factory of every compared function. Its name is looked up when a worker imports, untimed.

So whatever the function's own module imports is imported side by side with the others', and what fails there
is an import that failed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.functions.given import load_given
from likeforlike.models.functions.workload import work_of

TARGET = f"{__name__}:entrant"


def __getattr__(name: str) -> Callable[..., Any]:
    if name != "entrant":
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    load_given()
    return _kernel


def _kernel(problem: Problem) -> Kernel:
    return work_of(problem).kernel()
