"""What the groups of plain benchmarks say, the result first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.sort.measured.keys import Key
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.plain_groups import PlainGroup, machines_without_groups, plain_groups
from likeforlike.reports.tell.context import MOST_ALIKE, Context, Kinds
from likeforlike.reports.tell.formatting import count_text, ratio_text
from likeforlike.reports.tell.sections.plain_benchmarks.names import names_of, short_names
from likeforlike.reports.tell.sections.plain_benchmarks.table import time_text

MOST_GROUPS = 6
"""Groups that findings tell where all files are plain; beside our own files ``MOST_ALIKE``."""
MOST_NAMED = 4
"""Benchmarks of one word that a finding names."""
MOST_UNGROUPED = 8
"""Of more benchmarks that nobody put in a group, a finding does not rank them."""
REGROUP = "--group-by func or param:NAME puts together what belongs together"


@dataclass(frozen=True)
class _Row:
    """One of a group, as a sentence has it."""

    name: str
    item: Measurement
    pair: Comparison | None

    @property
    def word(self) -> str:
        return self.pair.word if self.pair else "no verdict"

    @property
    def ratio(self) -> str:
        return ratio_text(self.pair.verdict.estimate) if self.pair else "–"


def findings(context: Context) -> Kinds:
    """A kind for each of the first groups, so that none of few is left out; then those that stand alone."""
    groups = plain_groups(context.study, context.detailed)
    compared = [group for group in groups if len(group.items) > 1]
    most = MOST_GROUPS if all(file.plain for file in context.study.files) else MOST_ALIKE
    kinds = [[_group_text(context, group)] for group in compared[:most]]
    left = len(compared) - most
    kinds += [[f"The table of benchmarks compares {count_text(left, 'more group')}."]] if left > 0 else []
    others = machines_without_groups(context.study, context.detailed)
    if others:
        kinds += [[f"Groups of {count_text(others, 'more machine')} are not compared, to keep this short."]]
    alone = [group.base for group in groups if len(group.items) == 1]
    elsewhere = _compared_elsewhere(context)
    told = _alone_text(context, [item for item in alone if (item.machine.id, item.key) not in elsewhere])
    return [*kinds, *([[told]] if told else [])]


def _compared_elsewhere(context: Context) -> set[tuple[str, Key]]:
    """What other sections compare, with another file's or machine's: machine and key."""
    pairs = (*context.comparisons.files, *context.comparisons.machines)
    return {(side.machine.id, side.key) for pair in pairs for side in (pair.base, pair.other)}


def _alone_text(context: Context, items: Sequence[Measurement]) -> str:
    """Of benchmarks that nothing is compared with their times, and how to group them."""
    if not items:
        return ""
    if len(items) == 1:
        where = f" on {context.title(items[0])}" if context.several else ""
        name = names_of(items)[0]
        return f"{name} takes {time_text(items[0])}{where}. No other is in its group to compare it with."
    told = f"{len(items):,} benchmarks, {_span(items)}"
    return f"{told}, are each alone in a group and compared with nothing: {REGROUP}."


def _span(items: Sequence[Measurement]) -> str:
    first, *_, last = sorted(items, key=lambda item: item.median_seconds)
    return f"{format_seconds(first.median_seconds)} to {format_seconds(last.median_seconds)}"


def _group_text(context: Context, group: PlainGroup) -> str:
    files = group.files[0] if len(group.files) == 1 else count_text(group.files, "file")
    files = "one file" if len(context.study.files) == 1 else files
    several = context.several and len(group.files) > 1  # one file's name tells its machine
    where = f" on {context.study.titles[group.machine.id]}" if several else ""
    if not group.label and len(group.items) > MOST_UNGROUPED:
        return (
            f"{len(group.items):,} benchmarks ({files}){where}, {_span(group.items)}, are in no group, so "
            f"that nothing says which of them are to be compared: {REGROUP}."
        )
    ungrouped = f"Of {count_text(group.items, 'benchmark')}{_ungrouped(context)}"
    place = f"In group '{group.label}'" if group.label else ungrouped
    pairs = context.comparisons.within_groups
    rows = [
        _Row(name, item, pairs.get((item.machine.id, item.key)))
        for item, name in zip(group.items, short_names(group), strict=True)
    ]
    base = next(row for row in rows if row.item is group.base)
    others = [row for row in rows if row is not base]
    lead = _over_named(base, others) if group.named else _over_fastest(base, others)
    return f"{place} ({files}){where}: {'; '.join([*lead, *_withheld(others)])}."


def _ungrouped(context: Context) -> str:
    """What they have in common, where others are in groups."""
    by = context.study.group_by
    labels = (by.label(cell) for file in context.study.files for cell in file.cells if cell.plain)
    return " in no group" if any(labels) else ""


def _over_fastest(base: _Row, others: Sequence[_Row]) -> list[str]:
    """Who is fastest, who takes as long, who takes longer."""
    words = {word: [row for row in others if row.word == word] for word in ("same", "unclear", "slower")}
    time = format_seconds(base.item.median_seconds)
    faster = any(row.word == "faster" for row in others)
    of = " of those with a verdict" if any(row.word == "no verdict" for row in others) else ""
    if faster:  # ratios over processes go by each one's median, not by that of all rounds together
        lead = f"{base.name} has the least median of all rounds, {time}, but not process by process"
    elif words["unclear"]:
        lead = f"{base.name} has the least median, {time}, but whether it is faster than "
        lead += f"{_names([row.name for row in words['unclear']], 'or')} is unclear"
    elif words["same"]:
        both = _names([base.name, *(row.name for row in words["same"])], "and")
        lead = f"{both} are fastest{of} and take the same time, {time}"
    elif words["slower"]:
        lead = f"{base.name} is fastest{of}, {time}"
    else:
        lead = f"{base.name} takes {time}"
    told = [lead]
    if faster and words["unclear"]:
        told.append(f"unclear: {_names([row.name for row in words['unclear']], 'and')}")
    if (faster or words["unclear"]) and words["same"]:
        verb = "takes" if len(words["same"]) == 1 else "take"
        told.append(f"{_names([row.name for row in words['same']], 'and')} {verb} the same time")
    longer = [row for row in others if row.word in ("slower", "faster")]
    return told + (_ratios(longer, "takes") if longer else [])


def _over_named(base: _Row, others: Sequence[_Row]) -> list[str]:
    """Each over the one that was called for, or calls itself a baseline."""
    told = [f"{base.name}, the baseline, takes {format_seconds(base.item.median_seconds)}"]
    for word in ("faster", "slower"):
        rows = [row for row in others if row.word == word]
        told += [f"{word}: {'; '.join(_ratios(rows))}"] if rows else []
    for word in ("same", "unclear"):
        rows = [row for row in others if row.word == word]
        told += [f"{word}: {_names([row.name for row in rows], 'and')}"] if rows else []
    return told


def _ratios(rows: Sequence[_Row], verb: str = "") -> list[str]:
    """``torch takes ×1.6 (1.5 to 1.7), tf ×2.1 (2 to 2.2)``, and of many the last."""
    shown = rows if len(rows) <= MOST_NAMED else [*rows[: MOST_NAMED - 1], rows[-1]]
    told = [f"{row.name} {verb if number == 0 else ''} {row.ratio}" for number, row in enumerate(shown)]
    if len(shown) < len(rows):
        told.insert(-1, f"{len(rows) - len(shown)} more between")
    return [" ".join(", ".join(told).split())]


def _withheld(others: Sequence[_Row]) -> list[str]:
    """Why there is no verdict on some, reason by reason."""
    rows = [row for row in others if row.word == "no verdict"]
    reasons = grouped((row.pair.doubt if row.pair else "no time above zero", row.name) for row in rows)
    return [f"no verdict on {_names(names, 'and')}: {reason}" for reason, names in reasons.items()]


def _names(names: Sequence[str], last: str) -> str:
    """``a, b and c``; of many the first few and how many more."""
    left = len(names) - MOST_NAMED
    if left > 0:
        return f"{', '.join(names[:MOST_NAMED])} {last} {left} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
