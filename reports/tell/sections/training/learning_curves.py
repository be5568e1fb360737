"""Learning curves, the best epoch and the gap of overfitting from there on, for all sections of trainers."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.sort.epochs import mean, runs_with_epochs
from likeforlike.reports.sort.measured.keys import UNSTATED
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context, place, place_columns
from likeforlike.reports.tell.document import Figure, Table, row
from likeforlike.reports.tell.formatting import accuracy_entry, loss_entry, percent
from likeforlike.reports.tell.plot_data import LearningCurve, LearningCurves


def learning_curve(item: Measurement, name: str) -> LearningCurve | None:
    """The mean of a measurement's runs, as far as all of them went."""
    runs = runs_with_epochs(item)
    if not runs:
        return None
    length = min(len(run) for run in runs)

    def over_runs(field: str) -> tuple[float | None, ...]:
        values = ([getattr(run[i], field) for run in runs] for i in range(length))
        return tuple(mean([v for v in column if v is not None]) for column in values)

    val_loss = over_runs("val_loss")
    known = [
        (value, epoch.epoch) for value, epoch in zip(val_loss, runs[0], strict=False) if value is not None
    ]
    return LearningCurve(
        name,
        tuple(epoch.epoch for epoch in runs[0][:length]),
        over_runs("loss"),
        val_loss,
        over_runs("accuracy"),
        over_runs("val_accuracy"),
        min(known)[1] if known else None,
    )


def curves_figure(context: Context, items: Sequence[Measurement], name: str, lead: str = "") -> Figure | None:
    """The plot of all trainers that recorded more than one epoch; ``lead`` starts its caption."""
    several = len({item.key.device for item in items if item.key.device != UNSTATED}) > 1
    made = [learning_curve(item, context.name(item, device=several)) for item in items]
    curves = [curve for curve in made if curve is not None and len(curve.epochs) > 1]
    if not curves:
        return None
    more = len(curves) - 8
    facts = "; ".join(_curve_fact(curve) for curve in curves[:8])
    return Figure(
        name,
        f"{lead}Learning curves, mean over runs; a star marks the epoch of least validation loss"
        + (f" (the first 8 of {len(curves)})" if more > 0 else ""),
        f"{lead}Loss and accuracy over epochs, training and validation: {facts}.",
        LearningCurves(tuple(curves)),
    )


def _curve_fact(curve: LearningCurve) -> str:
    last = curve.val_accuracy[-1]
    ends = "" if last is None else f" ends at {percent(last)} validation accuracy"
    best = "" if curve.best is None else f", least validation loss at epoch {curve.best}"
    return f"{curve.name}{ends}{best}"


def course_table(context: Context, items: Sequence[Measurement], name: str) -> Table | None:
    """Best epoch and the gap of overfitting from there on."""
    rows = []
    for item in items:
        curve = learning_curve(item, "")
        if curve is None or curve.best is None:
            continue
        at = curve.epochs.index(curve.best)
        rows.append(
            row(
                *place(context, item),
                f"{curve.best} of {curve.epochs[-1]}",
                loss_entry(curve.val_loss[at]),
                accuracy_entry(curve.val_accuracy[at]),
                loss_entry(_gap(curve, at)),
                loss_entry(_gap(curve, -1)),
                workload=item.key.workload,
                machine=context.title(item),
            )
        )
    if not rows:
        return None
    columns = (
        "trainer",
        *place_columns(context),
        "epoch of least validation loss",
        "validation loss there",
        "validation accuracy there",
        "gap there",
        "gap at the end",
    )
    note = "The gap is validation loss minus training loss; its growth after the best epoch is overfitting."
    minor = ("validation loss there", "gap there", "gap at the end")
    return Table(name, "Best epoch and overfitting", columns, tuple(rows), note, minor=minor)


def _gap(curve: LearningCurve, at: int) -> float | None:
    train, validation = curve.loss[at], curve.val_loss[at]
    return None if train is None or validation is None else validation - train
