"""What is exported of a file: its measured cells that can be believed, each under a name of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.median_intervals import median_interval

IDLE = "nothing"
"""The noise floor's call that does nothing, which is no time of anything."""


@dataclass(frozen=True)
class ExportedCell:
    """One cell, as every format needs it; seconds."""

    name: str
    launches: tuple[tuple[float, ...], ...]
    """Samples, launch by launch, without disturbed rounds where enough are left; none if not saved."""
    median_seconds: float
    low_seconds: float | None
    """Of the median's interval over samples; None where there are too few."""
    high_seconds: float | None

    @property
    def sample_count(self) -> int:
        """Samples of all launches."""
        return sum(map(len, self.launches))


def exported_cells(file: ResultFile, only: Sequence[str] = ()) -> tuple[list[ExportedCell], list[str]]:
    """The cells in the file's order, and a sentence on each that is left out or disturbed.

    ``only``: patterns of names. Raises ValueError where nothing is left.
    """
    study = build_study([file])
    cells, told, names = [], [], Counter[str]()
    for item in study.measurements:
        for run in item.runs:
            name = run.cell.id
            if only and not any(fnmatchcase(name, pattern) for pattern in only):
                continue
            if item.kind == NOISE_FLOOR and item.key.implementation == IDLE:
                continue
            reason = item.refuted or ("" if run.cell.median_seconds > 0.0 else "takes no time")
            if reason:
                told.append(f"{name} is left out: {reason}")
                continue
            if item.disturbed:
                told.append(f"{name} is no sure figure, {item.disturbed}")
            names[name] += 1
            cells.append(_cell(name if names[name] == 1 else f"{name} ({names[name]})", item, run))
    if not cells:
        because = f" ({told[0]})" if told else ""
        raise ValueError(f"{file.label}: no cell to export{because}")
    return cells, told


def _cell(name: str, item: Measurement, run: Run) -> ExportedCell:
    samples = replace(item, runs=(run,)).samples
    quiet = len(samples) < len(run.cell.samples)
    rows = zip(run.launch_numbers, run.cell.rounds, run.cell.samples, strict=True)
    kept = [(launch, s) for launch, n, s in rows if not (quiet and n in run.disturbed_rounds)]
    low, high = median_interval(samples) if samples else (-math.inf, math.inf)
    return ExportedCell(
        name,
        tuple(tuple(values) for values in grouped(kept).values()),
        replace(item, runs=(run,)).median_seconds,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
    )
