"""Which machine is how fast at what: places, as far as launches tell them apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy import special

from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.beside_time.units import time_units
from likeforlike.reports.sort.likeness.comparability import work_text
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.statistics.quantiles import MEDIAN


@dataclass(frozen=True)
class Placed:
    """A machine's figure of one cell, among those of all machines."""

    item: Measurement
    best: int
    """The best place that it may have: one behind all that are surely faster."""
    worst: int
    """The worst: before all that are surely slower."""
    over_fastest: float | None
    """Its median time over the least one; None where that is 0."""
    low_seconds: float | None
    """Of its time, 95 % over launches; None with fewer than two."""
    high_seconds: float | None


def ranking(study: Study) -> dict[str, list[list[Placed]]]:
    """By workload, every cell with its machines, the fastest first; without the noise floor."""
    sound = [item for item in study.measurements if item.kind != NOISE_FLOOR and not item.refuted]
    cells = grouped((_cell(item), item) for item in sound)
    placed = (_placed(members) for members in cells.values())
    return grouped((found[0].item.key.workload, found) for found in placed)


def _cell(item: Measurement) -> tuple[str, ...]:
    """What machines are compared at: the same work by the same implementation on a device of one kind."""
    key = item.key
    kind = key.device.partition(":")[0]
    return key.workload, axes_text(key.bare.axes), kind, key.implementation, work_text(item.extra)


def _placed(items: Sequence[Measurement]) -> list[Placed]:
    ordered = sorted(items, key=lambda item: item.median_seconds)
    intervals = [interval_seconds(item) for item in ordered]
    made = []
    for item, mine in zip(ordered, intervals, strict=True):
        faster = slower = 0
        if mine is not None:
            known = [other for other in intervals if other is not None]
            faster = sum(other[1] < mine[0] for other in known)
            slower = sum(other[0] > mine[1] for other in known)
        low, high = mine or (None, None)
        least = ordered[0].median_seconds
        ratio = item.median_seconds / least if least > 0.0 else None
        made.append(Placed(item, 1 + faster, len(ordered) - slower, ratio, low, high))
    return made


def interval_seconds(item: Measurement) -> tuple[float, float] | None:
    """Student's interval of the time over launches, on logarithms; None with fewer than two.

    Of medians, as all times of the page are, whatever quantile a run was asked on: others of the same cell
    may have been asked on another, or on none.
    """
    logs = [unit.log for units in time_units(item, MEDIAN).values() for unit in units]
    count = len(logs)
    if count < 2:
        return None
    mean = math.fsum(logs) / count
    variance = math.fsum((log - mean) ** 2 for log in logs) / (count - 1)
    half = float(special.stdtrit(count - 1, 0.975)) * math.sqrt(variance / count)
    return math.exp(mean - half), math.exp(mean + half)


def machines_among(placed: Sequence[Placed]) -> int:
    """How many machines stand at a cell: one may do so several times."""
    return len({one.item.machine.id for one in placed})


def firsts(cells: Iterable[Sequence[Placed]]) -> dict[str, int]:
    """How often each machine, by id, surely has the first place among several machines.

    One may stand there several times, by its GPUs or by files that are no repetitions: its own are no rivals.
    """
    found: dict[str, int] = {}
    for placed in cells:
        machine = placed[0].item.machine.id
        rivals = [other for other in placed if other.item.machine.id != machine]
        own = [one for one in placed if one.item.machine.id == machine]
        if rivals and any(all(_surely_before(one, other) for other in rivals) for one in own):
            found[machine] = found.get(machine, 0) + 1
    return found


def _surely_before(one: Placed, other: Placed) -> bool:
    return (
        one.high_seconds is not None
        and other.low_seconds is not None
        and one.high_seconds < other.low_seconds
    )
