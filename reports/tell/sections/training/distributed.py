"""Data-parallel training: how an epoch's time shrinks with the number of workers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.declarations import DIVIDED_TASK
from likeforlike.reports.sort.baselines import scaled_from
from likeforlike.reports.sort.epochs import mean_of_last, on_one_basis
from likeforlike.reports.sort.measured.keys import Key, axes_text
from likeforlike.reports.sort.measured.measurements import grouped
from likeforlike.reports.tell.context import Context, Kinds, place, place_columns
from likeforlike.reports.tell.document import Entry, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    accuracy_entry,
    basis_note,
    known_resources,
    percent,
    resource_entries,
    seconds_per_epoch,
    significant,
    speed_up_entry,
    verdict_entry,
)

ABOUT = (
    "One network, each batch of the recipe divided among the workers: the mathematics is that of the "
    "undivided batch, and is held to the same oracle. Efficiency is the speed-up over one worker of the same "
    "strategy, divided by the number of workers. Workers on one processor share its cores: there no "
    "speed-up is to be had, and efficiency tells what the division costs."
)


def sections(context: Context) -> list[Section | None]:
    """Time, speed-up and efficiency by strategy and number of workers."""
    measured = context.detailed_of_kind(DIVIDED_TASK)
    places = grouped(((item.machine.id, item.key.device), item) for item in measured)
    items = [item for members in places.values() for item in on_one_basis(members)]
    if not items:
        return []
    found = {(item.other.machine.id, item.other.key): item for item in context.comparisons.scaling}
    rows, memory = [], known_resources(items)
    for item in items:
        axis = item.key.axis
        workers = _workers_of(item.key)
        scaled = found.get((item.machine.id, item.key))
        efficiency = None if scaled is None else 1 / scaled.verdict.estimate.ratio / workers
        alone = item is scaled_from(items, item)
        rows.append(
            row(
                *place(context, item),
                str(axis.get("recipe", "–")),
                str(axis.get("strategy", "–")),
                Entry(str(workers), float(workers)),
                seconds_per_epoch(item),
                "base" if alone else speed_up_entry(scaled),
                "–"
                if efficiency is None
                else Entry(percent(efficiency), efficiency, struck=bool(scaled and scaled.doubt)),
                "base" if alone else verdict_entry(scaled),
                accuracy_entry(mean_of_last(item, "val_accuracy")),
                *resource_entries(item, memory),
                workload=item.key.workload,
                machine=context.title(item),
                verdict="base" if alone else (scaled.word if scaled else ""),
            )
        )
    columns = ("trainer", *place_columns(context), "recipe", "strategy", "workers", "seconds per epoch")
    columns += ("speed-up", "efficiency", "verdict", "validation accuracy", *memory)
    minor = (*memory, "validation accuracy", "efficiency")
    table = Table("scaling", "Scaling with workers", columns, tuple(rows), basis_note(items), minor=minor)
    return [section("distributed", "Data-parallel training", [Text(ABOUT), table])]


def findings(context: Context) -> Kinds:
    """What the largest number of workers gives, where it is sure: of each training that is divided."""
    best: dict[tuple[str, Key], Comparison] = {}
    trainings: dict[tuple[str, Key], None] = {}
    for item in context.comparisons.scaling:
        training = item.other.machine.id, _without(item.other.key, "workers")
        trainings[training] = None
        known = best.get(training)
        if item.sure and (known is None or _workers_of(known.other.key) < _workers_of(item.other.key)):
            best[training] = item
    alike = Counter((machine, key.device, key.axis.get("strategy")) for machine, key in trainings)
    told = []
    for (machine, key), item in best.items():
        strategy = key.axis.get("strategy")
        what = str(strategy)
        if alike[machine, key.device, strategy] > 1:
            others = axes_text(_without(key, "strategy").axes)
            what += f"; {key.workload} {key.implementation} {others}".rstrip()
        workers, speed_up = _workers_of(item.other.key), 1 / item.verdict.estimate.ratio
        where = f" of {context.title(item.other)}" if context.several else ""
        told.append(
            f"{workers} workers ({what}) on {key.device}{where} train "
            f"×{significant(speed_up)} as fast as one, an efficiency of {percent(speed_up / workers)}."
        )
    return [told]


def _without(key: Key, axis: str) -> Key:
    return replace(key, axes=tuple(pair for pair in key.axes if pair[0] != axis))


def _workers_of(key: Key) -> int:
    """The axis that counts workers; 1 where it is no count."""
    workers = key.axis.get("workers")
    return workers if isinstance(workers, int) and workers > 0 else 1
