"""What was brought, declared as a workload; a worker finds it by the variables of :mod:`.given`."""

from __future__ import annotations

from collections.abc import Container
from itertools import takewhile

from likeforlike.models.contract.axis import readable
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.tasks.own.given import Brought, here, workload_here
from likeforlike.models.tasks.own.task import task_of

TARGET = f"{__name__}:WORKLOADS"


def __getattr__(name: str) -> tuple[Workload, ...]:
    if name != "WORKLOADS":
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    brought, number = here()
    return (declared(brought, workload_here(), number),)


def workload_name(brought: Brought, taken: Container[str] = ()) -> str:
    """What all models' names begin with, else the first's name; another where it is taken."""
    names = [model.name for model in brought.models]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = "".join(letters[0] for letters in alike).strip("_-.")
    name = shared if len(shared) > 1 and readable(shared) else names[0]
    return f"{name}-own" if name in taken else name


def declared(brought: Brought, name: str, number: int = 0) -> Workload:
    """The workload whose sample is an epoch of training one of the models."""
    data, models = brought.data, " and ".join(model.target for model in brought.models)
    summary = f"training of {models} on {data.name}, an epoch a sample"
    return Workload(
        name=name,
        summary=summary,
        kind="task",
        presets=(),
        task=task_of(brought, number, name),
        wording=Wording(title=name, about=f"{summary[0].upper()}{summary[1:]}."),
        target=TARGET,
    )
