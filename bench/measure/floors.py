"""Which candidates for the floor go on: those that are far from the fastest get a few rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likeforlike.bench.plan.cells import Cell

TRIED_ROUNDS = 3
"""Warm rounds that every candidate gets that is not hopeless."""

NEAR = 1.5
"""Candidates whose best of these rounds is within this factor of the fastest one's go on.

The best and not the median: a neighbour that disturbs a round or two must cost no candidate its place.
"""

HOPELESS = 8.0
"""Beyond this factor one round is enough, such as of a library whose threads get into each other's way."""


def far_from_the_fastest(seconds: Mapping[str, Sequence[float]]) -> list[str]:
    """Candidates that need no further round, by the warm samples of all that are still measured.

    Nobody is far before all have had as many rounds: the fastest may be the last one to be tried.
    """
    rounds = min(map(len, seconds.values()), default=0)
    if rounds == 0:
        return []
    tried = {name: min(samples[:TRIED_ROUNDS]) for name, samples in seconds.items()}
    limit = min(tried.values()) * (NEAR if rounds >= TRIED_ROUNDS else HOPELESS)
    return [name for name, best in tried.items() if best > limit]


def far_in_an_earlier_run(
    cell: Cell, cells: Sequence[Cell], seconds: Mapping[str, Sequence[float]]
) -> str | None:
    """Why a candidate for the floor is not tried again in a later run of its training; None if it is.

    ``seconds``: warm samples of cells that have ended, by id.
    """
    if cell.entry.role != "floor" or cell.run == 0:
        return None
    first = [
        other
        for other in cells
        if other.entry.role == "floor" and other.run == 0 and _but_run(other) == _but_run(cell)
    ]
    best = {other.entry.name: min(seconds[other.id]) for other in first if seconds.get(other.id)}
    mine = best.get(cell.entry.name)
    if mine is None or mine <= NEAR * min(best.values()):
        return None
    return "far from the fastest candidate for the floor in the first run"


def _but_run(cell: Cell) -> tuple[str, str, tuple[tuple[str, str | int | float], ...]]:
    return cell.workload, cell.device, tuple(axis for axis in cell.axes if axis[0] != "run")
