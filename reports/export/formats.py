"""The three formats, as their tools document them, as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from likeforlike.devices.limits.units import plain_number
from likeforlike.reports.export.cells import ExportedCell
from likeforlike.reports.read.result_file import ResultFile

NANOSECONDS = 1e9
_LONGEST = 1024
"""Characters of a benchmark's name in Bencher."""


def pyperf(file: ResultFile, cells: Sequence[ExportedCell]) -> dict[str, Any]:
    """Pyperf's JSON of version 1.0: a benchmark a cell, a run a launch, values in seconds.

    https://pyperf.readthedocs.io/en/latest/api.html#pyperf-json. Raises ValueError for a cell
    without samples.
    """
    return {
        "version": "1.0",
        "metadata": _pyperf_metadata(file),
        "benchmarks": [
            {
                "metadata": {"name": cell.name},
                "runs": [{"values": list(values)} for values in _launches(cell)],
            }
            for cell in cells
        ],
    }


def _launches(cell: ExportedCell) -> list[tuple[float, ...]]:
    positive = [tuple(value for value in values if value > 0.0) for values in cell.launches]
    if not any(positive):
        raise ValueError(
            f"{cell.name}: its samples were not saved, and pyperf's format has no place for less"
        )
    return [values for values in positive if values]


def _pyperf_metadata(file: ResultFile) -> dict[str, Any]:
    told: dict[str, Any] = {"unit": "second", "loops": 1}
    facts = file.machine.fact
    names = {"cpu_model_name": "CPU", "python_version": "python"}
    told |= {name: facts[fact] for name, fact in names.items() if facts.get(fact)}
    if file.commit is not None:
        told["commit_id"] = file.commit.id
    with suppress(ValueError):
        told["date"] = datetime.fromisoformat(file.datetime).strftime("%Y-%m-%d %H:%M:%S.%f")
    return told


def github_action_benchmark(file: ResultFile, cells: Sequence[ExportedCell]) -> list[dict[str, Any]]:
    """github-action-benchmark's ``customSmallerIsBetter``: name, unit, value, range and extra of each.

    https://github.com/benchmark-action/github-action-benchmark#how-to-add-new-benchmark-tool-support and its
    README. The unit is seconds always, so that a benchmark keeps it from commit to commit.
    """
    return [_github_entry(file, cell) for cell in cells]


def _github_entry(file: ResultFile, cell: ExportedCell) -> dict[str, Any]:
    extra = [f"median of {cell.sample_count} samples in {len(cell.launches)} launches"]
    if not cell.sample_count:
        extra = ["median as its file tells it, without samples"]
    extra.append(f"machine: {file.machine.label}")
    told: dict[str, Any] = {"name": cell.name, "unit": "seconds", "value": cell.median_seconds}
    if cell.low_seconds is not None and cell.high_seconds is not None:
        half = max(cell.high_seconds - cell.median_seconds, cell.median_seconds - cell.low_seconds)
        told["range"] = f"± {plain_number(half)}"
    return told | {"extra": "\n".join(extra)}


def bencher(file: ResultFile, cells: Sequence[ExportedCell]) -> dict[str, Any]:
    """Bencher Metric Format: the measure ``latency`` of each, in nanoseconds, with its interval.

    https://bencher.dev/docs/reference/bencher-metric-format
    """
    return {cell.name[:_LONGEST]: {"latency": _metric(cell)} for cell in cells}


def _metric(cell: ExportedCell) -> dict[str, float]:
    told = {"value": cell.median_seconds * NANOSECONDS}
    if cell.low_seconds is not None and cell.high_seconds is not None:
        told["lower_value"] = cell.low_seconds * NANOSECONDS
        told["upper_value"] = cell.high_seconds * NANOSECONDS
    return told


Exporter = Callable[[ResultFile, Sequence[ExportedCell]], Any]

FORMATS: Mapping[str, Exporter] = {
    "pyperf": pyperf,
    "github-action-benchmark": github_action_benchmark,
    "bencher": bencher,
}
"""By the name that ``--format`` takes."""
