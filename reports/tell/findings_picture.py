"""The picture of the findings: every comparison with its interval on one axis.

A source is a function of the context that yields rows, most asked for first; :data:`SOURCES` lists them in
the order in which their groups are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.judge.quality import UNKNOWN
from likeforlike.reports.read.schema.declarations import TASK
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.plain_groups import plain_groups
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Figure
from likeforlike.reports.tell.formatting import LAUNCH_MARK, count_text
from likeforlike.reports.tell.plot_data import ForestPlot, ForestRow
from likeforlike.reports.tell.sections.plain_benchmarks.names import group_text, short_names
from likeforlike.reports.tell.sections.sides import cell_text
from likeforlike.reports.tell.wording.forest_rows import forest_row

MOST_ROWS = 30
MOST_GROUPS = 10
RANKS = {"same": 1, "unclear": 2}
"""Of two rows of a group the one of lesser rank is kept; those that differ are of rank 0."""


def findings_picture(context: Context) -> Figure | None:
    """The picture; None where nothing was compared."""
    every = [row for source in SOURCES for row in source(context)]
    rows = [row for row in every if row is not None]
    shown = chosen(rows)
    if not shown:
        return None
    unchecked = sum(not row.checked for row in shown)
    if unchecked == len(shown):  # nothing to tell apart
        shown = tuple(replace(row, checked=True) for row in shown)
    some = len(shown) < len(rows)
    told = (
        f"{len(shown)} of {count_text(rows, 'comparison')}, of each kind the most decided"
        if some
        else f"{'The one' if len(rows) == 1 else 'All'} {count_text(rows, 'comparison').removeprefix('1 ')}"
    )
    caption = f"{told}: ratios of times with their intervals (95 %), left of 1 is faster."
    caption += " Grey: unclear." if any(row.word == "unclear" for row in shown) else ""
    crossed = {row.word for row in shown} - {"faster", "slower", *RANKS}
    if crossed:
        unknown = ", or tells no accuracy," if UNKNOWN in crossed else ""
        caption += f" Crosses: times differ, but who trained worse{unknown} is not called faster."
    if unchecked:
        caption += " No answers were checked." if unchecked == len(shown) else " Hollow: answers not checked."
    if any(row.label.endswith(LAUNCH_MARK) for row in shown):
        caption += f" {LAUNCH_MARK} One launch, or another tool's file: widened, not sure."
    left = len(every) - len(rows)
    have = "has" if left == 1 else "have"
    caption += f" {left} more {have} no verdict, {_why_none(context)}." if left else ""
    facts = "; ".join(
        f"{group}: " + ", ".join(f"{row.name} {row.label} {row.word}" for row in members)
        for group, members in grouped((row.group, row) for row in shown).items()
    )
    alternative = f"Forest plot of ratios of times. {facts}."
    return Figure("findings", caption, alternative, ForestPlot(shown, "ratio of times; left of 1 is faster"))


def _why_none(context: Context) -> str:
    """Why those that are drawn here have no verdict: for a figure, or for how the two were measured."""
    doubted = [item for item in context.comparisons.every if item.doubt and item.kind != "ladder"]
    reasons = ["for a figure in doubt"] if not all(item.withheld for item in doubted) else []
    reasons += ["measured differently or too seldom"] if any(item.withheld for item in doubted) else []
    return " or ".join(reasons) or "for want of a ratio"


def chosen(rows: Sequence[ForestRow], most: int = MOST_ROWS) -> tuple[ForestRow, ...]:
    """At most so many, by turns of the groups the most decided; within a group by ratio."""
    groups = list(grouped((row.group, row) for row in rows).values())[:MOST_GROUPS]
    ranked = [sorted(members, key=_rank) for members in groups]
    turns = [row for turn in zip_longest(*ranked) for row in turn if row is not None][:most]
    kept = {id(row) for row in turns}
    return tuple(
        row for members in groups for row in sorted(members, key=lambda row: row.ratio) if id(row) in kept
    )


def _rank(row: ForestRow) -> tuple[int, float]:
    """Different first, the larger difference before the smaller; then the same, then unclear."""
    return RANKS.get(row.word, 0), -abs(math.log(row.ratio))


def within_baseline(context: Context) -> Iterator[ForestRow | None]:
    """What was compared on the baseline's machine."""
    return (row for machine, row in _within(context) if machine == context.study.baseline.id)


def between_machines(context: Context) -> Iterator[ForestRow | None]:
    """Machines over the baseline, cell by cell."""
    for item in context.comparisons.machines:
        other = item.other
        group = f"{context.title(other)} over {context.title(item.base)}"
        group += f", {other.key.device}" if other.key.device else ""
        yield forest_row(item, group, f"{other.key.workload} {other.key.implementation}{_axes(other)}")


def between_files(context: Context) -> Iterator[ForestRow | None]:
    """Files of one machine that stand side by side, cell by cell."""
    for item in context.comparisons.files:
        base, other = item.base.key, item.other.key
        group = f"{other.apart} over {base.apart}" + (
            f", {context.title(item.base)}" if context.several else ""
        )
        yield forest_row(item, group, f"{other.workload} {other.bare.text}")


def within_plain_groups(context: Context) -> Iterator[ForestRow | None]:
    """Benchmarks of plain files over the base of their group."""
    for made in plain_groups(context.study, context.detailed):
        names = {item.key: name for item, name in zip(made.items, short_names(made), strict=True)}
        of_file = f" of {made.files[0]}" if len(made.files) == 1 and len(context.study.files) > 1 else ""
        machine = f" on {context.title(made.base)}" if context.several else ""
        for item in made.others:
            found = context.comparisons.within_groups.get((item.machine.id, item.key))
            if found is not None:
                name = f"{names[item.key]} over {names[made.base.key]}"
                yield forest_row(found, f"{group_text(made)}{of_file}{machine}".capitalize(), name)


def within_others(context: Context) -> Iterator[ForestRow | None]:
    """What was compared on the other machines that are shown row by row."""
    return (row for machine, row in _within(context) if machine != context.study.baseline.id)


def _within(context: Context) -> Iterator[tuple[str, ForestRow | None]]:
    found = context.comparisons
    trainers = [item for item in found.implementations if item.base.kind == TASK]
    others = [item for item in found.implementations if item.base.kind != TASK]
    every: Iterable[tuple[Callable[[Context, Comparison], ForestRow | None], Comparison]] = chain(
        ((_published, item) for item in found.published),
        ((_trainers, item) for item in trainers),
        ((_devices, item) for item in found.devices),
        ((_implementations, item) for item in others),
        ((_workers, item) for item in found.scaling),
    )
    for make, item in every:
        yield item.base.machine.id, make(context, item)


def _published(context: Context, item: Comparison) -> ForestRow | None:
    group = f"Trainers, each under its own recipe, {context.where(item.base)}"
    return forest_row(item, group, _over(item))


def _trainers(context: Context, item: Comparison) -> ForestRow | None:
    group = f"Trainers on equal terms ({context.terms(item.base)}) {context.where(item.base)}"
    return forest_row(item, group, _over(item) + _tuned(item))


def _devices(context: Context, item: Comparison) -> ForestRow | None:
    machine = f" of {context.title(item.other)}" if context.several else ""
    key = item.other.key
    group = f"{key.device} over {item.base.key.device}{machine}"
    return forest_row(item, group, f"{key.workload} {key.name}{_axes(item.other)}")


def _implementations(context: Context, item: Comparison) -> ForestRow | None:
    group = f"{item.base.key.workload} {context.where(item.base)}"
    return forest_row(item, group, f"{_over(item)}{_axes(item.other)}{_tuned(item)}")


def _workers(context: Context, item: Comparison) -> ForestRow | None:
    group = f"Workers over one {context.where(item.base)}"
    return forest_row(item, group, f"{item.other.key.implementation}{_axes(item.other)}")


def _over(item: Comparison) -> str:
    return f"{item.other.key.implementation} over {item.base.key.implementation}"


def _tuned(item: Comparison) -> str:
    division = item.base.extra.division
    return "" if division == "default" else f" ({division})"


def _axes(item: Measurement) -> str:
    told = axes_text(item.key.bare.axes)
    return f", {told}" if told else ""


def between_sides(context: Context) -> Iterator[ForestRow | None]:
    """Further sides of a run over its first, cell by cell."""
    for item in context.comparisons.sides:
        group = f"Side {item.other.key.side} over side {item.base.key.side}"
        group += f", {context.title(item.base)}" if context.several else ""
        yield forest_row(item, group, cell_text(item.other))


SOURCES: tuple[Callable[[Context], Iterable[ForestRow | None]], ...] = (
    between_sides,
    within_baseline,
    within_plain_groups,
    between_files,
    between_machines,
    within_others,
)
"""What the picture is made of, most asked for first."""
