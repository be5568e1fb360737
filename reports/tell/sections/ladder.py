"""The ladder: from one published trainer to the other, one change at a time."""

from __future__ import annotations

from collections.abc import Iterator

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema import Ladder, Rung
from likeforlike.reports.sort.baselines import ladders_of, rungs_of
from likeforlike.reports.sort.epochs import PHASES, mean_of_last, phase_seconds, tells_phases
from likeforlike.reports.sort.measurements import Measurement, grouped
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Figure, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    accuracy_entry,
    epoch_entry,
    ratio_entry,
    seconds_per_epoch,
    significant,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import Step, Waterfall

Rungs = list[tuple[Rung, Measurement | None]]

_WHOLE = (
    "Seconds per epoch, ratio and verdict are of whole epochs, with their evaluation and logging; each "
    "column is a median of its own. The first epoch is left out."
)
_ALONE = "Of the training alone: not every rung tells what its evaluation and logging took."


def sections(context: Context) -> list[Section | None]:
    """Every ladder of the detailed machines, device by device; repetitions of one are one."""
    blocks: list[Block | None] = []
    number = 0
    for machine in context.detailed:
        mine = context.study.of("training", machine)
        for ladder in ladders_of(context.study, machine):
            for place, rungs in rungs_of(ladder, mine).items():
                number += 1
                where = place + (f" of {context.study.titles[machine.id]}" if context.several else "")
                blocks += _one(context, ladder, rungs, where, "" if number == 1 else f"-{number}")
    return [section("ladder", "Why is it slower? One change at a time", blocks)]


def findings(context: Context) -> Kinds:
    """What explains the difference, device by device."""
    return [_explanations(context)]


def _one(context: Context, ladder: Ladder, rungs: Rungs, where: str, suffix: str) -> list[Block]:
    steps = {(item.other.machine.id, item.other.key): item for item in context.comparisons.ladder}
    whole = tells_phases(item for _, item in rungs if item is not None)
    rows = []
    for rung, item in rungs:
        comparison = None if item is None else steps.get((item.machine.id, item.key))
        rows.append(
            row(
                Entry(str(rung.rung), rung.rung),
                change_text(rung),
                rung.implementation,
                "–" if item is None else seconds_per_epoch(item),
                *(_phase_entries(item) if whole else ()),
                ratio_entry(comparison),
                verdict_entry(comparison),
                accuracy_entry(None if item is None else mean_of_last(item, "val_accuracy")),
                workload="training",
                machine="" if item is None else context.title(item),
                verdict=comparison.word if comparison else "",
            )
        )
    columns = (
        "rung",
        "change",
        "trainer",
        "seconds per epoch",
        *(PHASES if whole else ()),
        "ratio to the rung before",
        "verdict",
        "validation accuracy",
    )
    first, last = ladder.ends
    return [
        Text(
            f"From {first} to {last} on {where}: each rung differs from the one before in one declared thing."
        ),
        Table(f"ladder{suffix}", f"The ladder on {where}", columns, tuple(rows), _WHOLE if whole else _ALONE),
        *_figure(rungs, where, suffix),
    ]


def _phase_entries(item: Measurement | None) -> list[Entry]:
    if item is None:
        return [Entry("–")] * len(PHASES)
    return [epoch_entry(seconds) for seconds in phase_seconds(item).values()]


def change_text(rung: Rung) -> str:
    """What the rung changed, in words."""
    change = rung.change
    if change is None:
        return "start"
    if change.field == "implementation":
        return f"{change.before} to {change.after}"
    return f"{change.field.replace('_', ' ')} {_value(change.before)} to {_value(change.after)}"


def _value(value: object) -> str:
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _figure(rungs: Rungs, where: str, suffix: str) -> list[Figure]:
    if sum(item is not None and not item.implausible for _, item in rungs) < 2:
        return []
    steps: list[Step] = []
    before: float | None = None
    for rung, item in rungs:
        if item is None or item.implausible:  # the next bar starts anew: it would hold two changes
            before = None
            continue
        accuracy = mean_of_last(item, "val_accuracy")
        told = "" if accuracy is None else f"{accuracy * 100:.1f} %"
        name = change_text(rung) if steps else rung.implementation
        if before is None and steps:
            name += " and the rung before"
        steps.append(Step(name, before, item.median_seconds, told))
        before = item.median_seconds
    facts = "; ".join(
        f"{step.change} "
        + (significant(step.after) if step.before is None else f"{step.after - step.before:+z.2f}")
        + " s"
        for step in steps
    )
    return [
        Figure(
            f"ladder{suffix}",
            f"Seconds per epoch from change to change on {where}; below, validation accuracy",
            f"Waterfall of seconds per epoch: {facts}; at the end {significant(steps[-1].after)} s.",
            Waterfall(tuple(steps)),
        )
    ]


def _explanations(context: Context) -> Iterator[str]:
    """The ladder's largest sure steps, device by device."""
    steps = [
        item
        for item in context.comparisons.ladder
        if item.sure and item.verdict.different and not (item.base.doubt or item.other.doubt)
    ]
    places = grouped(
        ((item.base.machine.id, item.base.key.device, item.base.key.apart), item) for item in steps
    )
    for climbed in places.values():
        climbed.sort(key=lambda item: -abs(item.other.median_seconds - item.base.median_seconds))
        told = [
            f"{_change_of(context, item)} {item.other.median_seconds - item.base.median_seconds:+z.2f} s"
            for item in climbed[:3]
        ]
        yield f"What explains it, in seconds per epoch {context.where(climbed[0].base)}: {', '.join(told)}."


def _change_of(context: Context, item: Comparison) -> str:
    for run in item.other.runs:
        for rungs in rungs_of(run.file.ladder, [item.other]).values():
            for rung, found in rungs:
                if found is not None and found.key == item.other.key:
                    return change_text(rung)
    return item.other.key.text
