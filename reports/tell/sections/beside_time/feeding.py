"""Does the input pipeline bind, or the step? Pipelines alone, held against the steps of trainings."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from likeforlike.reports.read.schema.declarations import KERNEL, TASK
from likeforlike.reports.sort.epochs import tells_phases, warm_epochs
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import EMPTY, Entry, Row, Section, Table, row, section
from likeforlike.reports.tell.formatting import marked, percent, seconds_entry

_BATCH = "batch"
_CLEARLY = 2.0
"""A finding says what binds where one takes so many times as long as the other: they took no turns."""
NOTE = (
    "A step is one batch of training, its own feeding included; shares are of it. Each pipeline alone, with "
    "all processors to itself, takes that share of a step to hand out a batch as large. Below 100 % the step "
    "binds: what is fed ahead of it, by prefetching or by workers, then takes no time of its own, as far as "
    "there are processors to spare. Of a pipeline that was measured with several numbers of samples, the one "
    "nearest to the training's."
)


class Step(NamedTuple):
    """One training, by the step."""

    item: Measurement
    batch: int
    samples: int
    seconds: float


class Fed(NamedTuple):
    """A pipeline beside a step."""

    pipeline: Measurement
    share: float
    """Of the step, for a batch as large."""


def sections(context: Context) -> list[Section | None]:
    """One, where a training and a pipeline with batches as large were measured on one device."""
    beside = [(step, found) for step in _steps(context) if (found := _beside(context, step))]
    if not beside:
        return []
    names = list(dict.fromkeys(name for _, found in beside for name in found))
    machine = ("machine",) if context.several else ()
    columns = ("trainer", "recipe", "device", *machine, "batch", "a step", *names, "what binds")
    rows = tuple(_row(context, step, found, names) for step, found in beside)
    table = Table("feeding-beside-steps", "Feeding alone, in shares of a step", columns, rows, NOTE)
    return [section("what-binds", "Does feeding bind, or the step?", [table])]


def findings(context: Context) -> Kinds:
    """What binds the trainings of which that is clear, by their own framework's fastest pipeline."""
    return [_findings(context)]


def _findings(context: Context) -> Iterator[str]:
    for step in _steps(context):
        fed = _fastest(step, _beside(context, step))
        if fed is None or not _certain(step.item) or not _certain(fed.pipeline):
            continue
        if 1 / _CLEARLY < fed.share < _CLEARLY:
            continue
        yield (
            f"Feeding takes {percent(fed.share)} of a step of {step.item.key.name} "
            f"({context.terms(step.item)}, {fed.pipeline.key.name} alone, {context.where(step.item)}): "
            f"{_binds(fed)} binds."
        )


def _certain(item: Measurement) -> bool:
    """Whether a verdict on it could be called sure."""
    return item.trusted and item.launches > 1 and not (item.crowded or item.unproven_calls)


def _binds(fed: Fed) -> str:
    return "the step" if fed.share < 1 else "feeding"


def _steps(context: Context) -> list[Step]:
    """Trainings that say their recipe and their epochs' phases."""
    return [
        step
        for item in context.detailed_of_kind(TASK)
        if not is_floor(item) and tells_phases([item]) and (step := _step(item))
    ]


def _step(item: Measurement) -> Step | None:
    recipe, data = item.extra.recipe or {}, item.extra.data
    batch, samples = recipe.get("batch_size"), data and data.train_samples
    if not isinstance(batch, int) or batch < 1 or not samples:
        return None
    whole, rest = divmod(samples, batch)
    steps = whole + (1 if rest and recipe.get("remainder") != "drop" else 0)
    return Step(item, batch, samples, _train_seconds(item) / steps) if steps else None


def _train_seconds(item: Measurement) -> float:
    """Of an epoch without its evaluation and logging, the median."""
    return statistics.median(epoch.train_seconds for run in item.runs for epoch in warm_epochs(run))


def _beside(context: Context, step: Step) -> dict[str, Fed]:
    """The pipelines on the step's device with batches as large, by name."""
    found: dict[str, Measurement] = {}
    for item in context.detailed_of_kind(KERNEL):
        if not item.declared.feeds or item.key.axis.get(_BATCH) != step.batch or not item.extra.items:
            continue
        if item.machine.id != step.item.machine.id or item.key.apart or item.key.circumstances:
            continue
        known = found.get(item.key.name)
        if known is None or _distance(item, step) < _distance(known, step):
            found[item.key.name] = item
    if step.seconds <= 0:
        return {}
    return {name: Fed(item, _batch_seconds(item, step) / step.seconds) for name, item in found.items()}


def _batch_seconds(item: Measurement, step: Step) -> float:
    return item.median_seconds / math.ceil((item.extra.items or 1.0) / step.batch)


def _distance(item: Measurement, step: Step) -> float:
    return abs(math.log((item.extra.items or 1.0) / step.samples))


def _fastest(step: Step, found: dict[str, Fed]) -> Fed | None:
    """Of the training's framework; without one of them, of all."""
    own = [fed for fed in found.values() if fed.pipeline.extra.framework == step.item.extra.framework]
    return min(own or found.values(), key=lambda fed: fed.share, default=None)


def _row(context: Context, step: Step, found: dict[str, Fed], names: Sequence[str]) -> Row:
    item, fastest = step.item, _fastest(step, found)
    entries: list[Entry | str] = [Entry(item.key.name), Entry(context.terms(item)), Entry(item.key.device)]
    entries += [Entry(context.title(item))] if context.several else []
    told = seconds_entry(step.seconds)
    entries += [
        Entry(str(step.batch), step.batch),
        Entry(marked(told.text, item), step.seconds, bool(item.doubt)),
    ]
    entries += [_share(step, found.get(name)) for name in names]
    entries.append(EMPTY if fastest is None else _told(step, fastest))
    return row(*entries, workload=item.key.workload, machine=context.title(item))


def _told(step: Step, fed: Fed) -> Entry:
    return Entry(f"{_binds(fed)} (beside {fed.pipeline.key.name})", None, _doubted(step, fed))


def _doubted(step: Step, fed: Fed) -> bool:
    return bool(step.item.doubt or fed.pipeline.doubt)


def _share(step: Step, fed: Fed | None) -> Entry:
    if fed is None:
        return Entry(EMPTY)
    told = marked(percent(fed.share), step.item, fed.pipeline)
    return Entry(told, fed.share, _doubted(step, fed))
