"""Keras against the hand-written trainer, then all trainers under shared recipes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from reports.comparisons import (
    FLOOR,
    Comparison,
    base_of,
    equal_terms,
    published_pair,
    whole_pair,
)
from reports.document import Block, Entry, Figure, Row, Section, Table, Text, Warn, numbered, row, section
from reports.formats import (
    accuracy_entry,
    bytes_entry,
    duration_entry,
    epoch_entry,
    loss_entry,
    ratio_entry,
    ratio_text,
    seconds_entry,
    seconds_per_epoch,
    significant,
    speed_up_entry,
    verdict_entry,
    verdict_text,
)
from reports.phases import PHASES, phase_seconds, tells_phases
from reports.sections.curves import course_table, curves_figure
from reports.sections.view import (
    FASHION_MNIST_IMAGES,
    SYNTHETIC_WARNING,
    View,
    mean,
    mean_of_last,
    place,
    place_columns,
    runs_with_epochs,
)
from reports.series import Bar, drawing
from reports.study import Measurement, grouped
from reports.terms import recipe_differences
from reports.verdicts import median_interval


def published_section(view: View) -> Section | None:
    """The notebook's summary: the two trainers, each under its own recipe."""
    blocks: list[Block | None] = []
    pairs = _published_pairs(view)
    for number, (keras, manual) in enumerate(pairs):
        suffix = f"-{number + 1}" if number else ""
        blocks.append(data_warning([keras, manual]))
        blocks.append(_summary_table(view, keras, manual, f"keras-and-manual{suffix}"))
        blocks.append(_pair_verdict(view, keras, manual))
        blocks.append(differences_table(view, keras, manual, f"recipe-differences{suffix}"))
        blocks.append(curves_figure(view, [keras, manual], f"learning-curves-published{suffix}"))
        blocks.append(course_table(view, [keras, manual], f"course-of-training-published{suffix}"))
    return section("keras-and-manual", "Keras against the hand-written trainer, as published", blocks)


def _published_pairs(view: View) -> list[tuple[Measurement, Measurement]]:
    places = grouped(
        ((item.machine.id, item.key.device, item.key.apart), item) for item in view.detailed_of("training")
    )
    pairs = [published_pair(items) for items in places.values()]
    return [pair for pair in pairs if pair is not None]


def data_warning(items: Sequence[Measurement]) -> Warn | None:
    """What the reader must know of the data before believing an accuracy or a time."""
    told = [run.cell.extra.data for item in items for run in item.runs if run.cell.extra.data is not None]
    if any(data.name == "synthetic" for data in told):
        return Warn(SYNTHETIC_WARNING)
    fewest = min((data.train_samples or FASHION_MNIST_IMAGES for data in told), default=FASHION_MNIST_IMAGES)
    if fewest >= FASHION_MNIST_IMAGES:
        return None
    return Warn(
        f"Trained on the first {fewest:,} of Fashion-MNIST's {FASHION_MNIST_IMAGES:,} images: an epoch is "
        "shorter, and accuracies are lower, than with all of them."
    )


def _summary_table(view: View, keras: Measurement, manual: Measurement, name: str) -> Table:
    split = tells_phases([keras, manual])
    sides = tuple(reversed(whole_pair((keras, manual))))
    several = any(len(side.runs) > 1 for side in sides)
    rows = [
        row("Accuracy, test", *(_accuracy_over_runs(side) for side in sides))
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
    rows.append(row("Accuracy, train", *(accuracy_entry(mean_of_last(side, "accuracy")) for side in sides)))
    rows.append(row("Loss, train", *(loss_entry(mean_of_last(side, "loss")) for side in sides)))
    where = view.where(keras)
    runs = len(keras.runs)
    note = (
        "After the last epoch"
        + (f", mean of {runs} runs" if runs > 1 else "")
        + "; time per epoch is a median, the first epoch left out, "
        + ("with evaluation and logging" if split else "of what the file tells of it")
        + "; the total holds set-up too."
    )
    return Table(
        name,
        f"Each trainer under its own recipe, {where}",
        ("", "without Keras (eager-loop, manual-2020)", "Keras (keras-fit, keras-2020)"),
        _tagged(rows, view, keras),
        note,
    )


def _tagged(rows: Sequence[Row], view: View, item: Measurement) -> tuple[Row, ...]:
    return tuple(Row(r.entries, item.key.workload, view.title(item), r.verdict) for r in rows)


def _per_sample(item: Measurement) -> Entry:
    samples = item.extra.data.train_samples if item.extra.data else None
    if not samples:
        return Entry("–")
    seconds = item.median_seconds / samples
    return Entry(f"{seconds * 1e6:.1f} µs", seconds, struck=bool(item.doubt))


def _total(item: Measurement) -> float | None:
    return mean([t for run in item.runs if (t := run.cell.extra.total_seconds) is not None])


def _pair_verdict(view: View, keras: Measurement, manual: Measurement) -> Text | None:
    for item in view.comparisons.published:
        sides = (keras.machine.id, keras.key, manual.key)
        if (item.base.machine.id, item.base.key, item.other.key) == sides:
            return Text(
                "Per epoch the hand-written trainer takes "
                f"{ratio_text(item.verdict.estimate)} of Keras's time: "
                f"{item.doubt or verdict_text(item.verdict)}. {_pairing(item)} The two differ in more than "
                "Keras, as listed below; what Keras itself costs, the matched comparison and the ladder tell."
            )
    return None


def _pairing(item: Comparison) -> str:
    estimate = item.verdict.estimate
    if estimate.paired:
        return f"Median of {estimate.pairs} paired epoch{'' if estimate.pairs == 1 else 's'}."
    return "Ratio of medians: no pairing stands behind it."


def differences_table(view: View, first: Measurement, second: Measurement, name: str) -> Table | None:
    """Everything declared in which two trainers that a reader compares differ."""
    rows = [row(*difference) for difference in recipe_differences(first, second)]
    if not rows:
        return None
    columns = ("what differs", first.key.implementation, second.key.implementation)
    return Table(name, "Differences of recipe and terms", columns, _tagged(rows, view, first))


def matched_sections(view: View) -> list[Section]:
    """One section for each recipe that several trainers share."""
    shared = equal_terms(view.detailed_of("training"))
    recipes = grouped(((str(item.key.axis.get("recipe", "?")), item.key.apart), item) for item in shared)
    sections = []
    for number, ((recipe, file), items) in enumerate(recipes.items()):
        suffix = f"-{number + 1}" if number else ""
        title = f"Trainers on equal terms: {recipe}" + (f", as in {file}" if file else "")
        made = section(f"matched{suffix}", title, _matched(view, items, suffix))
        if made is not None:
            sections.append(made)
    return sections


def _matched(view: View, items: Sequence[Measurement], suffix: str) -> list[Block | None]:
    blocks: list[Block | None] = [data_warning(items)]
    trainers = [item for item in items if item.key.implementation != FLOOR]
    for division, members in sorted(grouped((item.extra.division, item) for item in trainers).items()):
        blocks.append(_ranking(view, members, division, f"matched-{division}{suffix}"))
    blocks.append(_floor_text(view, items))
    blocks += _bars_figures(view, items, f"seconds-per-epoch{suffix}")
    blocks.append(_terms_table(view, trainers, f"terms{suffix}"))
    blocks.append(curves_figure(view, trainers, f"learning-curves-matched{suffix}"))
    blocks.append(course_table(view, trainers, f"course-of-training-matched{suffix}"))
    return blocks


def _ranking(view: View, items: Sequence[Measurement], division: str, name: str) -> Table:
    floors = _floors(view)
    across = view.comparisons.across_devices
    devices = any((item.machine.id, item.key) in across for item in items)
    rows = []
    for item in sorted(items, key=lambda item: (view.rank(item), item.key.device, item.median_seconds)):
        comparison = view.comparisons.against_base.get((item.machine.id, item.key))
        pair = across.get((item.machine.id, item.key))
        floor = floors.get((item.machine.id, item.key.device, item.key.axes))
        share = (
            None
            if floor is None or not floor.median_seconds
            else Entry(
                f"×{significant(item.median_seconds / floor.median_seconds)}",
                item.median_seconds / floor.median_seconds,
                struck=bool(item.doubt or floor.doubt),
            )
        )
        rows.append(
            row(
                *place(view, item),
                seconds_per_epoch(item),
                Entry("base") if comparison is None else ratio_entry(comparison),
                verdict_entry(comparison),
                share,
                *([speed_up_entry(pair), verdict_entry(pair)] if devices else []),
                _accuracy_over_runs(item),
                _time_to_accuracy(item),
                seconds_entry(item.extra.cold_seconds),
                bytes_entry(item.extra.peak_memory_bytes),
                workload="training",
                machine=view.title(item),
                verdict=[comparison.word if comparison else "base", *([pair.word] if pair else [])],
            )
        )
    bases = dict.fromkeys(
        base_of(list(members)).key.implementation
        for members in grouped(((m.machine.id, m.key.device), m) for m in items).values()
    )
    columns = (
        "trainer",
        *place_columns(view),
        "seconds per epoch",
        f"ratio to {' or '.join(bases)}",
        "verdict",
        "over floor",
        *(("speed-up over cpu:0", "verdict on that") if devices else ()),
        "validation accuracy",
        "to accuracy",
        "first epoch",
        "peak memory",
    )
    note = (
        "Out of the box."
        if division == "default"
        else "Each at its best; not ranked with the default division."
    )
    return Table(name, f"Division {division}", columns, tuple(rows), note)


def _floors(view: View) -> dict[tuple[object, ...], Measurement]:
    found = [item for item in view.study.of("training") if item.key.implementation == FLOOR]
    return {(item.machine.id, item.key.device, item.key.axes): item for item in found}


def _accuracy_over_runs(item: Measurement) -> Entry:
    values = [e[-1].val_accuracy for e in runs_with_epochs(item)]
    known = [value for value in values if value is not None]
    if not known:
        return Entry("–")
    middle = statistics.fmean(known)
    if len(known) == 1:
        return Entry(f"{middle * 100:.2f} % (1 run)", middle)
    spread = f"{min(known) * 100:.2f} to {max(known) * 100:.2f}"
    return Entry(f"{middle * 100:.2f} % ({spread}, {len(known)} runs)", middle)


def _time_to_accuracy(item: Measurement) -> Entry:
    reached = [run.cell.extra.time_to_accuracy for run in item.runs]
    known = [entry for entry in reached if entry is not None]
    if not known:
        return Entry("–")
    seconds = [entry.seconds for entry in known if entry.seconds is not None]
    target = f"{known[0].target * 100:g} %"
    if not seconds:
        return Entry(f"{target}: never")
    middle = statistics.median(seconds)
    share = f", {len(seconds)} of {len(known)} runs" if len(known) > 1 else ""
    return Entry(f"{target}: {significant(middle)} s{share}", middle, struck=bool(item.doubt))


def _floor_text(view: View, items: Sequence[Measurement]) -> Text | None:
    floors = [item for item in items if item.key.implementation == FLOOR]
    if not floors:
        return None
    told = "; ".join(f"{significant(item.median_seconds)} s {view.where(item)}" for item in floors)
    return Text(
        f"The floor is no trainer: it is the same run's matrix products alone, {told} an epoch. "
        "No trainer can be faster there."
    )


def _bars_figures(view: View, items: Sequence[Measurement], name: str) -> list[Figure]:
    """One for each device of the first machine that has trainers to compare, with that device's floor."""
    for machine in view.detailed:
        devices = grouped((item.key.device, item) for item in items if item.machine.id == machine.id)
        drawn = [figure for mine in devices.values() if (figure := _bars_figure(view, mine)) is not None]
        if drawn:
            return numbered(drawn, name, "-device")
    return []


def _bars_figure(view: View, items: Sequence[Measurement]) -> Figure | None:
    shown = [item for item in items if item.key.implementation != FLOOR]
    if len(shown) < 2:
        return None
    shown = sorted(shown, key=lambda item: (item.extra.division, item.median_seconds))[:16]
    made = tuple(_bar(item) for item in shown)
    floor = next((item for item in items if item.key.implementation == FLOOR and not item.doubt), None)
    line = None if floor is None else (floor.median_seconds, "the floor, the matrix products alone")
    facts = "; ".join(f"{bar.name} {bar.label}" for bar in made)
    return Figure(
        "bars",
        f"Seconds per epoch {view.where(shown[0])}, median and its interval",
        f"Horizontal bars of seconds per epoch: {facts}."
        + (f" A dashed line marks the floor at {significant(line[0])} s." if line else ""),
        drawing("bars", made, "seconds per epoch (training alone)", line),
    )


def _bar(item: Measurement) -> Bar:
    low, high = median_interval(item.samples)
    known = low > 0 and high < float("inf")
    tuned = item.extra.division == "tuned"
    return Bar(
        f"{item.key.name} on {item.key.device}" + (" (tuned)" if tuned else ""),
        item.median_seconds,
        f"{significant(item.median_seconds)} s",
        family=1 if tuned else 0,
        low=low if known else None,
        high=high if known else None,
        struck=bool(item.doubt),
    )


def _terms_table(view: View, items: Sequence[Measurement], name: str) -> Table | None:
    """In what each trainer's declared terms differ from the base's."""
    rows = []
    places = grouped(((item.machine.id, item.key.device, item.extra.division), item) for item in items)
    for members in places.values():
        base = base_of(list(members))
        for item in members:
            for what, mine, theirs in recipe_differences(base, item) if item is not base else ():
                rows.append(
                    row(
                        *place(view, item),
                        what,
                        theirs,
                        f"{mine} ({base.key.implementation})",
                        workload="training",
                        machine=view.title(item),
                    )
                )
    if not rows:
        return None
    columns = ("trainer", *place_columns(view), "what", "here", "at the base")
    return Table(name, "What remains unequal", columns, tuple(rows), "As the trainers themselves declare it.")
