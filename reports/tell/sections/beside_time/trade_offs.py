"""Who is best at what: accuracy against time with the front, energy and memory beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.sort.baselines import equal_terms
from likeforlike.reports.sort.beside_time.accuracies import (
    accuracies_by_seed,
    scatter_of,
    trains,
    usual_scatters,
    validation_images,
)
from likeforlike.reports.sort.epochs import on_one_basis
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.statistics.median_intervals import median_interval
from likeforlike.reports.statistics.training.accuracy import mean_accuracy
from likeforlike.reports.tell.context import Context, Kinds, place, place_columns
from likeforlike.reports.tell.document import Block, Entry, Figure, Row, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    epoch_words,
    percent,
    resource_columns,
    resource_entries,
    seconds_per_epoch,
    significant,
)
from likeforlike.reports.tell.plot_data import TradeOff, TradeOffPoint
from likeforlike.reports.tell.wording.accuracy_text import accuracy_over_seeds

LEAST_POINTS = 3
"""Of two a table of trainers says all that there is to say."""
MOST_POINTS = 16

ABOUT = (
    "On the front: no other trainer of the same machine and device has both a higher accuracy and a shorter "
    "time, by the figures as they stand. Whether two of them surely differ, the tables of trainers say. "
    "Figures in doubt are on no front and best at nothing."
)
GENERATED = "The data are generated, so that accuracies mean nothing: there is no front."

Quality = Callable[[Measurement], float | None]


def sections(context: Context) -> list[Section | None]:
    """One for each recipe that enough trainers share."""
    shared = [item for item in equal_terms(context.detailed_of_kind(TASK)) if trains(item)]
    places = grouped(
        ((item.key.workload, context.terms(item), item.key.company, item.machine.id, item.key.device), item)
        for item in shared
    )
    made: list[Section | None] = []
    for (_, recipe, (file, _), _, _), members in places.items():
        items = on_one_basis(members)
        if len(items) < LEAST_POINTS:
            continue
        suffix = f"-{len(made) + 1}" if made else ""
        title = f"Who is best at what: {recipe} {context.where(items[0])}" + (f", {file}" if file else "")
        made.append(section(f"trade-offs{suffix}", title, _blocks(context, items, suffix)))
    return made


def findings(context: Context) -> Kinds:
    """None: what is sure of it is told of trainers."""
    return ()


def _blocks(context: Context, items: Sequence[Measurement], suffix: str) -> list[Block | None]:
    generated = any(run.cell.extra.data_is_generated for item in items for run in item.runs)
    if generated:
        return [Text(GENERATED), _table(context, items, set(), generated, suffix)]
    front = _front(items)
    return [
        Text(ABOUT),
        _figure(context, items, front, suffix),
        _table(context, items, front, generated, suffix),
    ]


def _accuracy(item: Measurement) -> float | None:
    values = accuracies_by_seed(item)
    return mean_accuracy(values, validation_images([item])).mean if values else None


def _front(items: Sequence[Measurement]) -> set[int]:
    """Places in the list of those whom no other surpasses; two that are alike in both are both on it."""
    known = [
        (number, item.median_seconds, accuracy)
        for number, item in enumerate(items)
        if not item.doubt and (accuracy := _accuracy(item)) is not None
    ]
    return {
        number
        for number, seconds, accuracy in known
        if not any(s <= seconds and a >= accuracy and (s < seconds or a > accuracy) for _, s, a in known)
    }


def _figure(context: Context, items: Sequence[Measurement], front: set[int], suffix: str) -> Figure | None:
    points = [
        point for number, item in enumerate(items) if (point := _point(item, number in front)) is not None
    ]
    if len(points) < LEAST_POINTS:
        return None
    shown = sorted(points, key=lambda point: (not point.on_front, point.x))[:MOST_POINTS]
    told = "; ".join(
        f"{point.name} {significant(point.x)} s, {percent(point.y)}" + (", on the front" * point.on_front)
        for point in shown
    )
    words = epoch_words(items[0])
    return Figure(
        f"trade-offs{suffix}",
        f"Validation accuracy over seconds per {words} {context.where(items[0])}; diamonds and steps: "
        "the front; thin lines: the range over seeds, the interval of the median time",
        f"Points of validation accuracy over seconds per {words}: {told}.",
        TradeOff(tuple(shown), f"seconds per {words}", "validation accuracy"),
    )


def _point(item: Measurement, on_front: bool) -> TradeOffPoint | None:
    """Median seconds with their interval, and mean accuracy with its range over seeds."""
    accuracies = list(accuracies_by_seed(item).values())
    accuracy = _accuracy(item)
    if accuracy is None:
        return None
    low, high = median_interval(item.samples)
    known = low > 0 and high < float("inf")
    return TradeOffPoint(
        item.key.name + (" (tuned)" if item.extra.division == "tuned" else ""),
        item.median_seconds,
        accuracy,
        (low, high) if known else None,
        (min(accuracies), max(accuracies)) if len(accuracies) > 1 else None,
        on_front,
        struck=bool(item.doubt),
    )


def _table(
    context: Context, items: Sequence[Measurement], front: set[int], generated: bool, suffix: str
) -> Table:
    resources = resource_columns(items)
    best, scatters = _best(items, generated), usual_scatters(context.detailed_of_kind(TASK))
    numbered = sorted(enumerate(items), key=lambda pair: pair[1].median_seconds)
    rows: list[Row] = []
    for number, item in numbered:
        told = [*(["on the front"] if number in front else []), *(w for w, n in best.items() if n == number)]
        rows.append(
            row(
                *place(context, item),
                item.extra.division,
                seconds_per_epoch(item),
                accuracy_over_seeds(item, scatter=scatter_of([item], scatters)),
                *resource_entries(item, resources),
                Entry(", ".join(told) or "–"),
                workload=item.key.workload,
                machine=context.title(item),
            )
        )
    columns = (
        "trainer",
        *place_columns(context),
        "division",
        "seconds per epoch",
        "validation accuracy",
        *resources,
        "best at",
    )
    note = "Best by the figures as they stand, both divisions together. Memory and energy: the least."
    return Table(f"trade-offs{suffix}", "Time, accuracy, memory, energy", columns, tuple(rows), note)


def _best(items: Sequence[Measurement], generated: bool) -> dict[str, int]:
    """The place of the one that is best at each, where at least two tell it and nobody is as good."""
    qualities: dict[str, Quality] = {
        "time": lambda item: item.median_seconds,
        "accuracy": lambda item: None if generated or (known := _accuracy(item)) is None else -known,
        "memory": lambda item: item.peak_memory_bytes,
        "device memory": lambda item: item.peak_device_memory_bytes,
        "energy": lambda item: None if item.joules is None else item.joules[0],
    }
    found = {}
    for word, quality in qualities.items():
        told = [
            (value, number)
            for number, item in enumerate(items)
            if not item.doubt and (value := quality(item)) is not None
        ]
        least = min(told, default=None)
        if least is not None and len(told) > 1 and sum(value == least[0] for value, _ in told) == 1:
            found[word] = least[1]
    return found
