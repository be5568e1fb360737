"""What a file's figures say against each other: samples that were edited, copied or invented by the dozen.

A file tells most things twice: samples and their statistics, samples and epochs, launches and their rounds,
a machine and its id. Whoever edits one and not the other is found. Whoever invents everything consistently is
not: only measuring again would tell.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from likeforlike.reports.read.result_file import Cell, ResultFile
from likeforlike.reports.sort.epochs import epoch_seconds, warm_epochs
from likeforlike.reports.sort.measured.measurements import Run

CLOSE = 1e-9
"""Relative difference of two tellings of one figure: rounding, and no more."""

LEAST_ROUNDS = 5
"""Samples from which on it is no chance that all are the same, or proportional to another cell's."""

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "min": min,
    "max": max,
    "mean": statistics.fmean,
    "median": statistics.median,
    "stddev": lambda data: statistics.stdev(data) if len(data) > 1 else 0.0,
    "total": math.fsum,
    "rounds": len,
}


def contradictions(file: ResultFile, document: Mapping[str, Any]) -> Iterator[str]:
    """Each a sentence that begins with the cell."""
    for cell, entry in zip(file.cells, document["benchmarks"], strict=True):
        yield from _statistics(cell, entry["stats"])
        yield from _epochs(file, cell)
        yield from _launches(cell)
        yield from _regular(cell)
    yield from _copies(file.cells)


def _statistics(cell: Cell, told: Mapping[str, Any]) -> Iterator[str]:
    """The statistics beside the samples are those of the samples."""
    if not cell.samples:
        yield f"{cell.id}: its samples are not there, so that nothing can be checked"
        return
    for name, of in _STATISTICS.items():
        value, expected = told.get(name), float(of(cell.samples))
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{cell.id}: stats.{name} is missing"
        elif not math.isclose(value, expected, rel_tol=CLOSE, abs_tol=CLOSE * cell.median_seconds):
            yield (
                f"{cell.id}: stats.{name} is {value:.6g}, its samples give {expected:.6g}; "
                "the one or the other was edited"
            )
            return


def _epochs(file: ResultFile, cell: Cell) -> Iterator[str]:
    """The samples of a training are its epochs' seconds."""
    if not cell.extra.epochs:
        return
    trained = [epoch.train_seconds for epoch in warm_epochs(Run(file, cell))]
    if len(trained) != len(cell.samples):
        yield f"{cell.id}: {len(cell.samples)} samples, but {len(trained)} epochs that were timed"
    elif not all(map(_alike, trained, cell.samples)):
        yield f"{cell.id}: its samples are not the seconds of its epochs"
    whole = math.fsum(map(epoch_seconds, cell.extra.epochs))
    total = cell.extra.total_seconds
    if total is not None and total < whole * (1.0 - 1e-6):
        yield f"{cell.id}: total_seconds is {total:.6g}, its epochs alone take {whole:.6g}"


def _launches(cell: Cell) -> Iterator[str]:
    """Each launch has as many samples as it tells rounds."""
    numbers = cell.extra.launch_numbers or (0,) * len(cell.samples)
    for launch in cell.extra.launches:
        count = numbers.count(launch.launch)
        if launch.rounds is not None and launch.rounds != count:
            yield f"{cell.id}: launch {launch.launch} tells {launch.rounds} rounds, there are {count}"
    if cell.extra.stop is not None and cell.extra.stop.rounds not in (None, len(cell.samples)):
        yield f"{cell.id}: it stopped after {cell.extra.stop.rounds} rounds, there are {len(cell.samples)}"


def _regular(cell: Cell) -> Iterator[str]:
    """No clock gives one time again and again."""
    if len(cell.samples) >= LEAST_ROUNDS and len(set(cell.samples)) == 1:
        yield f"{cell.id}: all its {len(cell.samples)} samples are the same"


def _copies(cells: Sequence[Cell]) -> Iterator[str]:
    """No cell's samples are another's, or another's times a factor."""
    seen: dict[tuple[float, ...], str] = {}
    for cell in cells:
        if len(cell.samples) < LEAST_ROUNDS or min(cell.samples) <= 0.0 or len(set(cell.samples)) == 1:
            continue
        shape = tuple(round(value / cell.samples[0], 9) for value in cell.samples)
        other = seen.setdefault(shape, cell.id)
        if other != cell.id:
            yield f"{cell.id}: its samples are those of {other}, or a multiple of them"


def _alike(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=CLOSE)
