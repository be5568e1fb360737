"""Accuracies and validation losses of trainings by seed, and when a run reached its target."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping

from likeforlike.reports.read.schema.training import Epoch
from likeforlike.reports.sort.epochs import epoch_seconds, runs_with_epochs
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.measured.measurements import Measurement, Run, grouped
from likeforlike.reports.statistics.moderated_variance import SeedScatter, seed_scatter

Seed = tuple[str, str]
Place = tuple[object, ...]
"""Machine, device and axes: whoever trains there trains under the same recipe."""


def trains(item: Measurement) -> bool:
    """Whether it is a training, whose accuracy counts as its time does; a floor is none."""
    return not is_floor(item) and (item.extra.recipe is not None or bool(runs_with_epochs(item)))


def seed_of(run: Run) -> Seed:
    """What names a run's seed: that of its recipe, which repetitions count up, and its number among them."""
    return str((run.cell.extra.recipe or {}).get("seed")), str(run.number)


def last_epoch(item: Measurement) -> int:
    """The recipe's last epoch, or the last that any run came to; 0 without epochs."""
    reached = max((epochs[-1].epoch for epochs in runs_with_epochs(item)), default=0)
    asked = (item.extra.recipe or {}).get("epochs")
    return min(reached, asked) if isinstance(asked, int) else reached


def accuracies_by_seed(item: Measurement, epoch: int | None = None) -> dict[Seed, float]:
    """Validation accuracy after an epoch, the recipe's last one by default, by seed.

    Runs that ended before have none. Runs of one seed, as two files may hold, are one draw: their mean.
    """
    return _by_seed(item, epoch, lambda told: told.val_accuracy)


def losses_by_seed(item: Measurement, epoch: int | None = None) -> dict[Seed, float]:
    """Validation loss, in the same way."""
    return _by_seed(item, epoch, lambda told: told.val_loss)


def _by_seed(
    item: Measurement, epoch: int | None, figure: Callable[[Epoch], float | None]
) -> dict[Seed, float]:
    wanted = last_epoch(item) if epoch is None else epoch
    found = [
        (seed_of(run), value)
        for run in item.runs
        for told in run.cell.extra.epochs
        if told.epoch == wanted and (value := figure(told)) is not None
    ]
    return {seed: statistics.fmean(values) for seed, values in grouped(found).items()}


def compared_accuracies(base: Measurement, other: Measurement) -> tuple[dict[Seed, float], dict[Seed, float]]:
    """Both sides' accuracies by seed: after the last epoch, under one recipe the last that both have."""
    epoch = _epoch_of_both(base, other)
    return accuracies_by_seed(base, epoch), accuracies_by_seed(other, epoch)


def compared_losses(base: Measurement, other: Measurement) -> tuple[dict[Seed, float], dict[Seed, float]]:
    """Both sides' validation losses by seed, in the same way: where neither tells an accuracy, else none.

    None of two workloads either, whose losses may be of two kinds.
    """
    if base.key.workload != other.key.workload or any(map(accuracies_by_seed, (base, other))):
        return {}, {}
    epoch = _epoch_of_both(base, other)
    return losses_by_seed(base, epoch), losses_by_seed(other, epoch)


def _epoch_of_both(base: Measurement, other: Measurement) -> int | None:
    recipes = [item.key.axis.get("recipe") for item in (base, other)]
    return min(map(last_epoch, (base, other))) if recipes[0] == recipes[1] else None


def place_of(item: Measurement) -> Place:
    """Where its accuracies have their like."""
    return item.machine.id, item.key.place


def usual_scatters(items: Iterable[Measurement]) -> dict[Place, SeedScatter]:
    """How far seeds alone move the accuracies at each place, by all that train there, each counted once."""
    trained = [item for item in items if trains(item) and not item.refuted]
    places = grouped(
        (place_of(item), (item.key, frozenset(accuracies_by_seed(item).items()))) for item in trained
    )
    known = {
        place: seed_scatter([dict(told) for _, told in dict.fromkeys(pairs)])
        for place, pairs in places.items()
    }
    return {place: scatter for place, scatter in known.items() if scatter is not None}


def scatter_of(items: Iterable[Measurement], scatters: Mapping[Place, SeedScatter]) -> SeedScatter | None:
    """That of the place of these; of two recipes or machines the larger."""
    known = [scatters[place] for place in map(place_of, items) if place in scatters]
    return max(known, key=lambda scatter: scatter.alone.variance, default=None)


def validation_images(items: Iterable[Measurement]) -> int | None:
    """Images of which the accuracies are shares, the fewest of these trainings; None if none tells it."""
    told = [run.cell.extra.data for item in items for run in item.runs]
    return min((data.validation_samples for data in told if data and data.validation_samples), default=None)


def target_of(item: Measurement) -> float | None:
    """The accuracy to be reached; None where none is told."""
    told = (run.cell.extra.time_to_accuracy for run in item.runs)
    return next((entry.target for entry in told if entry is not None), None)


def arrivals(item: Measurement, target: float) -> list[tuple[float, bool]]:
    """Of each run the seconds until validation accuracy first reached the target, and whether it did.

    Of one that never did, those until its last epoch ended. Whole epochs where the measurement's samples are,
    else training alone; the first epoch is counted. Runs that recorded neither epochs with accuracies nor
    when they arrived are left out.
    """
    told = (_arrival(run, target, item.whole) for run in item.runs)
    return [arrival for arrival in told if arrival is not None]


def _arrival(run: Run, target: float, whole: bool) -> tuple[float, bool] | None:
    extra, seconds = run.cell.extra, 0.0
    if all(epoch.val_accuracy is None for epoch in extra.epochs):
        return _arrival_told(run, target)
    for epoch in extra.epochs:
        seconds += epoch_seconds(epoch) if whole else epoch.train_seconds
        if epoch.val_accuracy is not None and epoch.val_accuracy >= target:
            return seconds, True
    return seconds, False


def _arrival_told(run: Run, target: float) -> tuple[float, bool] | None:
    """As the file tells it of a run without accuracies; None for another target."""
    told = run.cell.extra.time_to_accuracy
    if told is None or told.target != target:
        return None
    if told.seconds is not None:
        return told.seconds, True
    return (run.cell.extra.cold_seconds or 0.0) + sum(run.cell.samples), False
