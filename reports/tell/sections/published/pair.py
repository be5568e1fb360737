"""Keras against the hand-written trainer, each under its own recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.sort.baselines import published_pair, whole_pair
from likeforlike.reports.sort.beside_time.accuracies import scatter_of, usual_scatters
from likeforlike.reports.sort.epochs import PHASES, mean, mean_of_last, phase_seconds, tells_phases
from likeforlike.reports.sort.likeness.comparability import recipe_differences
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Row, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    accuracy_entry,
    comparison_text,
    duration_entry,
    epoch_entry,
    epoch_words,
    left_out_text,
    loss_entry,
    resource_columns,
    resource_entries,
    seconds_per_epoch,
    verdict_text,
    widening_text,
)
from likeforlike.reports.tell.sections.training.learning_curves import course_table, curves_figure
from likeforlike.reports.tell.sections.training.trainers import (
    data_warning,
    pair_sentence,
    undecided_sentence,
)
from likeforlike.reports.tell.wording.accuracy_text import (
    accuracies_text,
    accuracy_over_seeds,
    barred_sentence,
)
from likeforlike.reports.tell.wording.long_epochs_text import by_sums


def sections(context: Context) -> list[Section | None]:
    """The notebook's summary: the two trainers, each under its own recipe."""
    blocks: list[Block | None] = []
    pairs = _published_pairs(context)
    for number, (keras, manual) in enumerate(pairs):
        suffix = f"-{number + 1}" if number else ""
        blocks.append(data_warning([keras, manual]))
        blocks.append(_summary_table(context, keras, manual, f"keras-and-manual{suffix}"))
        blocks.append(_pair_verdict(context, keras, manual))
        blocks.append(_differences_table(context, keras, manual, f"recipe-differences{suffix}"))
        blocks.append(curves_figure(context, [keras, manual], f"learning-curves-published{suffix}"))
        blocks.append(course_table(context, [keras, manual], f"course-of-training-published{suffix}"))
    title = "Keras against the hand-written trainer, as published"
    return [section("keras-and-manual", title, blocks)]


def findings(context: Context) -> Kinds:
    """The pair, machine by machine."""
    return [_findings(context)]


def _published_pairs(context: Context) -> list[tuple[Measurement, Measurement]]:
    places = grouped(
        ((item.machine.id, item.key.workload, item.key.device, item.key.company), item)
        for item in context.detailed_of_kind(TASK)
    )
    pairs = [published_pair(items) for items in places.values()]
    return [pair for pair in pairs if pair is not None]


def _summary_table(context: Context, keras: Measurement, manual: Measurement, name: str) -> Table:
    split = tells_phases([keras, manual])
    sides = tuple(reversed(whole_pair((keras, manual))))
    several = any(len(side.runs) > 1 for side in sides)
    scatter = scatter_of(sides, usual_scatters(context.detailed_of_kind(TASK)))
    rows = [
        row("Accuracy, test", *(accuracy_over_seeds(side, scatter=scatter) for side in sides))
        if several  # one seed proves nothing: how far several lie apart is told with their mean
        else row("Accuracy, test", *(accuracy_entry(mean_of_last(side, "val_accuracy")) for side in sides)),
        row("Loss, test", *(loss_entry(mean_of_last(side, "val_loss")) for side in sides)),
    ]
    rows.append(row("Time per epoch", *(seconds_per_epoch(side) for side in sides)))
    if split:
        phases = [phase_seconds(side) for side in sides]
        rows += [row(f"of it {word}", *(epoch_entry(of[word]) for of in phases)) for word in PHASES]
    rows.append(row("Time per sample", *(_per_sample(side) for side in sides)))
    rows.append(row("Total time", *(duration_entry(_total(side)) for side in sides)))
    for column in resource_columns(sides):
        rows.append(row(column.capitalize(), *(resource_entries(side, (column,))[0] for side in sides)))
    rows.append(row("Accuracy, train", *(accuracy_entry(mean_of_last(side, "accuracy")) for side in sides)))
    rows.append(row("Loss, train", *(loss_entry(mean_of_last(side, "loss")) for side in sides)))
    where = context.where(keras)
    note = (
        f"After the last epoch{_runs_text(sides)}"
        + f"; time per epoch is a median{left_out_text(sides)}, "
        + ("with evaluation and logging" if split else "of what the file tells of it")
        + "; the total holds set-up too."
    )
    return Table(
        name,
        f"Each trainer under its own recipe, {where}",
        ("", "without Keras (eager-loop, manual-2020)", "Keras (keras-fit, keras-2020)"),
        _tagged(rows, context, keras),
        note,
    )


def _runs_text(sides: Sequence[Measurement]) -> str:
    """``, mean of 5 runs``; of as many as each side has, where one has lost some."""
    counts = [len(side.runs) for side in sides]
    if max(counts) == 1:
        return ""
    return f", mean of {' and '.join(map(str, dict.fromkeys(counts)))} runs"


def _per_sample(item: Measurement) -> Entry:
    samples = item.extra.data.train_samples if item.extra.data else None
    if not samples:
        return Entry("–")
    seconds = item.median_seconds / samples
    return Entry(f"{seconds * 1e6:.1f} µs", seconds, struck=bool(item.doubt))


def _total(item: Measurement) -> float | None:
    return mean([t for run in item.runs if (t := run.cell.extra.total_seconds) is not None])


def _pair_verdict(context: Context, keras: Measurement, manual: Measurement) -> Text | None:
    for item in context.comparisons.published:
        sides = (keras.machine.id, keras.key, manual.key)
        if (item.base.machine.id, item.base.key, item.other.key) == sides:
            return Text(
                f"Per {epoch_words(item.base)} the hand-written trainer takes "
                f"{comparison_text(item)} of Keras's time: "
                f"{item.doubt or _words(item)}. {_pairing(item)} {_by_sums(item)}The two differ in more than "
                "Keras, as listed below; what Keras itself costs, the matched comparison and the ladder tell."
            )
    return None


def _by_sums(item: Comparison) -> str:
    base, other = ([s for run in side.runs for s in run.cell.samples] for side in (item.base, item.other))
    told = by_sums(base, other, item.verdict.estimate.ratio, ("Keras", "the hand-written trainer"))
    return f"{told} " if told else ""


def _words(item: Comparison) -> str:
    if item.barred:
        slower = item.verdict.word == "slower"
        return f"no verdict, since {(item.base if slower else item.other).key.implementation} {item.barred}"
    return f"{verdict_text(item.verdict)}{accuracies_text(item, ('Keras', 'hand-written'))}"


def _pairing(item: Comparison) -> str:
    estimate = item.verdict.estimate
    if estimate.paired and estimate.launches > 1:
        return f"Mean over {estimate.launches} runs of the median of their paired epochs."
    if estimate.paired:
        told = widening_text([estimate])
        epochs = f"Median of {estimate.pairs} paired epoch{'' if estimate.pairs == 1 else 's'}."
        return f"{epochs} {told}" if told else epochs
    if estimate.launches > 1:
        return f"Ratio of times over {estimate.launches} runs a side: no pairing stands behind it."
    return "Ratio of medians: no pairing stands behind it."


def _differences_table(context: Context, first: Measurement, second: Measurement, name: str) -> Table | None:
    """Everything declared in which the two differ."""
    rows = [row(*difference) for difference in recipe_differences(first, second)]
    if not rows:
        return None
    columns = ("what differs", first.key.implementation, second.key.implementation)
    return Table(name, "Differences of recipe and terms", columns, _tagged(rows, context, first))


def _tagged(rows: Sequence[Row], context: Context, item: Measurement) -> tuple[Row, ...]:
    """The rows, to be filtered by the workload and the machine of a measurement."""
    return tuple(Row(r.entries, item.key.workload, context.title(item), r.verdict) for r in rows)


def _findings(context: Context) -> Iterator[str]:
    """What the hand-written trainer takes of Keras's time: surely, or undecided."""
    for item in context.comparisons.published:
        if item.checked and item.barred:
            names = ("Keras", "the hand-written trainer")
            yield barred_sentence(item, names, f"each under its own recipe {context.where(item.base)}")
        told = undecided_sentence(
            f"{context.where(item.base)} the hand-written trainer under its own recipe", item, "Keras"
        )
        if told:
            yield f"{told}."
        if not item.sure:
            continue
        told = pair_sentence("The hand-written trainer under its own recipe", item, "Keras under its own")
        accuracy = accuracies_text(item, ("Keras", "hand-written"))
        yield f"{told} {context.where(item.base)}{accuracy}. Their recipes differ in more than Keras."
