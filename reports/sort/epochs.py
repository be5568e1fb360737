"""Epochs: their phases, training with the evaluation and logging that belong to it, and means over runs.

A sample of training is the training alone. Where logging or evaluation is what differs, as between the
notebook's recipes, that is not all of the time that a difference takes.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from likeforlike.reports.read.schema.training import Epoch
from likeforlike.reports.sort.measured.measurements import Measurement, Run

PHASES = {"training": "train_seconds", "evaluation": "evaluation_seconds", "logging": "logging_seconds"}
"""What an epoch consists of: a reader's word and the record's field."""


def epoch_seconds(epoch: Epoch) -> float:
    """Seconds of all of an epoch that is told."""
    return epoch.train_seconds + (epoch.evaluation_seconds or 0.0) + (epoch.logging_seconds or 0.0)


def tells_phases(items: Iterable[Measurement]) -> bool:
    """Whether every sample of these trainings has an epoch whose phases are all told."""
    return all(
        len(epochs) == len(run.cell.samples) > 0
        and all(getattr(epoch, phase) is not None for epoch in epochs for phase in PHASES.values())
        for item in items
        for run in item.runs
        for epochs in [warm_epochs(run)]
    )


def whole_epochs(item: Measurement) -> Measurement:
    """The measurement with whole epochs for samples; only for one that tells its phases."""
    if item.whole:
        return item
    runs = []
    for run in item.runs:
        samples = tuple(epoch_seconds(epoch) for epoch in warm_epochs(run))
        cell = replace(run.cell, samples=samples, median_seconds=statistics.median(samples))
        runs.append(replace(run, cell=cell))
    return replace(item, runs=tuple(runs), whole=True)


def on_one_basis(items: Sequence[Measurement]) -> list[Measurement]:
    """What is to be compared: all with whole epochs for samples if all tell their phases, else none."""
    return [whole_epochs(item) for item in items] if tells_phases(items) else list(items)


def phase_seconds(item: Measurement) -> dict[str, float]:
    """Median over the epochs of each phase, by the reader's word; those that are no samples are left out."""
    epochs = [epoch for run in item.runs for epoch in warm_epochs(run)]
    return {word: statistics.median(getattr(e, field) for e in epochs) for word, field in PHASES.items()}


def warm_epochs(run: Run) -> tuple[Epoch, ...]:
    """The epochs behind the samples: all but the first, which is the cold one, and that which warms up."""
    count = len(run.cell.samples)
    return run.cell.extra.epochs[-count:] if count else ()


def epochs_left_out(items: Iterable[Measurement]) -> list[int]:
    """How many first epochs of a run are no samples, each number once, the least first."""
    cells = [run.cell for item in items for run in item.runs if run.cell.samples and run.cell.extra.epochs]
    return sorted({max(0, len(cell.extra.epochs) - len(cell.samples)) for cell in cells})


def runs_with_epochs(item: Measurement) -> list[tuple[Epoch, ...]]:
    """The epochs of each run that recorded them."""
    return [run.cell.extra.epochs for run in item.runs if run.cell.extra.epochs]


def mean(values: list[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return sum(values) / len(values) if values else None


def mean_of_last(item: Measurement, field: str) -> float | None:
    """Mean over runs of a figure of the last epoch."""
    values = [getattr(epochs[-1], field) for epochs in runs_with_epochs(item)]
    return mean([value for value in values if value is not None])
