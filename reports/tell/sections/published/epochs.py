"""One's own runs beside published ones, epoch by epoch."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from operator import attrgetter

from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.read.schema.training import Epoch
from likeforlike.reports.sort.epochs import epoch_seconds, mean, runs_with_epochs, tells_phases
from likeforlike.reports.sort.likeness.comparability import NOT_STATED, recipe_differences
from likeforlike.reports.sort.measured.keys import UNSTATED
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Figure, Row, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import accuracy_entry, epoch_entry, loss_entry, significant
from likeforlike.reports.tell.sections.training.learning_curves import curves_figure, learning_curve
from likeforlike.reports.tell.sections.training.trainers import data_warning
from likeforlike.reports.tell.wording.long_epochs_text import NOTABLE


def sections(context: Context) -> list[Section | None]:
    """For each published trainer: the same trainer and recipe as measured here."""
    trained = context.detailed_of_kind(TASK)
    blocks: list[Block | None] = []
    number = 0
    for published in (item for item in trained if item.key.device == UNSTATED):
        for mine in (item for item in trained if _same_trainer(published, item)):
            number += 1
            blocks += _side_by_side(context, published, mine, f"-{number}")
    return [section("epochs", "Beside the published figures, epoch by epoch", blocks)]


def findings(context: Context) -> Kinds:
    """None: on another machine, unpaired and of one run, nothing here is sure."""
    return ()


def _same_trainer(published: Measurement, mine: Measurement) -> bool:
    if mine.key.device == UNSTATED or not runs_with_epochs(mine):
        return False
    sides = ((item.key.workload, item.key.implementation, item.key.bare.axes) for item in (published, mine))
    return len(set(sides)) == 1


def _side_by_side(
    context: Context, published: Measurement, mine: Measurement, suffix: str
) -> list[Block | None]:
    theirs, ours = (
        learning_curve(published, context.title(published)),
        learning_curve(mine, context.title(mine)),
    )
    if theirs is None or ours is None:
        return []
    common = [epoch for epoch in theirs.epochs if epoch in ours.epochs]
    if not common:
        return []
    last = common[-1]
    name = f"{mine.key.name} under {mine.key.axis.get('recipe')}"
    at = (theirs.epochs.index(last), ours.epochs.index(last))
    values = (theirs.val_accuracy[at[0]], ours.val_accuracy[at[1]])
    told = " and ".join("–" if value is None else f"{value * 100:.2f} %" for value in values)
    whole = "with evaluation and logging, " if tells_phases([mine]) else "as far as the files tell it, "
    return [
        data_warning([mine]),
        Text(
            f"{name}: {len(common)} epochs both have. Validation accuracy after epoch {last}: {told} "
            f"({context.title(published)}, {context.title(mine)}); an epoch, {whole}takes "
            f"{_ratio_text(published, mine)}, on another machine and unpaired."
        ),
        *_differences(context, published, mine, f"epochs-differences{suffix}"),
        _table(context, published, mine, common, f"epochs{suffix}", name),
        _figure(context, [published, mine], f"epochs{suffix}", name),
    ]


def _differences(context: Context, published: Measurement, mine: Measurement, name: str) -> list[Block]:
    """What both state and differ in, as a table; what one alone states, as a sentence each."""
    sides = (context.title(published), context.title(mine))
    found = recipe_differences(published, mine)
    differing = [
        row(*texts, workload=mine.key.workload, machine=sides[1])
        for texts in found
        if NOT_STATED not in texts
    ]
    blocks: list[Block] = []
    if differing:
        columns = ("what differs", *sides)
        blocks.append(Table(name, "Differences of recipe and terms", columns, tuple(differing)))
    for number, side in enumerate(sides, 1):
        alone = [f"{t[0]} {t[number]}" for t in found if t[number] != NOT_STATED and NOT_STATED in t]
        if alone:
            blocks.append(Text(f"Stated by {side} alone: {'; '.join(alone)}."))
    return blocks


def _table(
    context: Context, published: Measurement, mine: Measurement, common: Sequence[int], name: str, title: str
) -> Table:
    rows: list[Row] = []
    for epoch in common:
        entries: list[Entry | str] = [Entry(str(epoch), epoch)]
        for figure, make in (
            (epoch_seconds, epoch_entry),
            (attrgetter("val_accuracy"), accuracy_entry),
            (attrgetter("val_loss"), loss_entry),
            (attrgetter("accuracy"), accuracy_entry),
            (attrgetter("loss"), loss_entry),
        ):
            entries += [make(_at(item, epoch, figure)) for item in (published, mine)]
        rows.append(row(*entries, workload=mine.key.workload, machine=context.title(mine)))
    sides = (context.title(published), context.title(mine))
    what = ("time", "validation accuracy", "validation loss", "train accuracy", "train loss")
    columns = ("epoch", *(f"{quantity}, {side}" for quantity in what for side in sides))
    minor = tuple(f"{quantity}, {side}" for quantity in (what[4], what[3], what[2]) for side in sides)
    caption = f"{title}, epoch by epoch"
    return Table(name, caption, columns, tuple(rows), folded=len(rows) > 12, minor=minor)


def _at(item: Measurement, epoch: int, figure: Callable[[Epoch], float | None]) -> float | None:
    """Mean over runs of one figure of one epoch."""
    values = [figure(e) for epochs in runs_with_epochs(item) for e in epochs if e.epoch == epoch]
    return mean([value for value in values if value is not None])


def _ratio_text(published: Measurement, mine: Measurement) -> str:
    seconds = [_warm_seconds(item) for item in (published, mine)]
    base, own = map(statistics.median, seconds)
    if not base:
        return "no time to compare"
    told = f"×{significant(own / base)} the published time"
    of_sums = statistics.fmean(seconds[1]) / statistics.fmean(seconds[0])
    apart = max(of_sums * base / own, own / base / of_sums) - 1.0 if own else 0.0
    return f"{told} at the median and ×{significant(of_sums)} on average" if apart > NOTABLE else told


def _warm_seconds(item: Measurement) -> list[float]:
    """All that is told of each epoch; the first, cold one is left out."""
    epochs = [epoch for run in runs_with_epochs(item) for epoch in run]
    warm = [epoch for epoch in epochs if epoch.epoch > 1]
    return list(map(epoch_seconds, warm or epochs))


def _figure(context: Context, items: Sequence[Measurement], name: str, title: str) -> Figure | None:
    return curves_figure(context, items, name, f"{title}: ")
