"""Series over size: what the sizes of one implementation at one place have in common, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.measurements import Measurement, grouped, size_name, size_of
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.sections.implementations import dtype_of, others_of


class Place(NamedTuple):
    """What a series has in common beside its workload."""

    machine: str
    implementation: str
    dtype: str
    device: str
    others: str
    """The axes beside size and precision."""


Series = list[tuple[Place, list[Measurement]]]


def series_of(items: Iterable[Measurement]) -> dict[Place, list[Measurement]]:
    """Sizes of one implementation, precision and device on one machine."""
    places = grouped((place_of(item), item) for item in items)
    return {place: sorted(members, key=size_of) for place, members in places.items()}


def place_of(item: Measurement) -> Place:
    """The series that a measurement is of."""
    return Place(item.machine.id, item.key.name, dtype_of(item), item.key.device, others_of(item))


def size_text(item: Measurement) -> str:
    """The size with the name of its axis."""
    return f"{size_name(item)} {item.key.axis.get(size_name(item))}"


def work_text(item: Measurement, *before: str) -> str:
    """``float32, causal=no, `` and the like, to stand before the size."""
    told = [*before, str(item.key.axis.get("dtype", "")), others_of(item)]
    return "".join(f"{part}, " for part in told if part)


def rate_of(item: Measurement) -> float:
    """FLOP/s; 0 where operations are not counted."""
    return item.flop_per_second or 0.0


def told_workloads(context: Context) -> list[Declared]:
    """The workloads that are told here."""
    study = context.study
    names = sorted(study.by_workload, key=study.place_of)
    return [declared for name in names if (declared := study.declared(name)).over_size]
