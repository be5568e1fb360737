"""The section of plain benchmarks: whose they are, a plot of each group, a table of all."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.units import format_seconds
from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.likeness.repetitions import commit_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.plain_groups import PlainGroup, cell_of, machines_without_groups, plain_groups
from likeforlike.reports.tell.context import Context
from likeforlike.reports.tell.document import Block, Figure, Points, Section, Text, numbered, section
from likeforlike.reports.tell.formatting import count_text, ratio_text
from likeforlike.reports.tell.plot_data import Bar, Bars
from likeforlike.reports.tell.sections.plain_benchmarks.names import group_text, short_names
from likeforlike.reports.tell.sections.plain_benchmarks.table import benchmarks_table

MOST_FIGURES = 6
MOST_BARS = 16
MOST_FILES = 6
MOST_POINTS = 12
FAMILIES = {"base": 0, "slower": 1, "faster": 2}
"""Colour of a bar by its verdict; of all others ``OTHER_FAMILY``."""
OTHER_FAMILY = 5


def sections(context: Context) -> list[Section | None]:
    """One, if there are plain benchmarks."""
    groups = plain_groups(context.study, context.detailed)
    if not groups:
        return []
    compared = [group for group in groups if len(group.items) > 1]
    figures = [figure for group in compared if (figure := _figure(context, group)) is not None]
    tools = dict.fromkeys(file.tool.name for file in _files(groups))
    blocks: list[Block | None] = [_sources(_files(groups)), _explanation(compared)]
    blocks += numbered(figures[:MOST_FIGURES], "benchmarks")
    blocks += [benchmarks_table(context, groups), _left_out(context), _withheld(context.comparisons.groups)]
    return [section("benchmarks", f"Benchmarks of {' and '.join(tools)}", blocks)]


def _left_out(context: Context) -> Text | None:
    """Of which machines no group is told, and where their benchmarks are."""
    left = machines_without_groups(context.study, context.detailed)
    return Text(f"Benchmarks of {count_text(left, 'more machine')} in tables/cells.csv.") if left else None


def _files(groups: Sequence[PlainGroup]) -> list[ResultFile]:
    found = {run.file.digest: run.file for group in groups for item in group.items for run in item.runs}
    return list(found.values())


def _sources(files: Sequence[ResultFile]) -> Block:
    """Who wrote each file, of which commit, when."""
    told = []
    for file in files[:MOST_FILES]:
        commit = commit_text(file.commit)
        branch = f" ({file.commit.branch})" if file.commit and file.commit.branch else ""
        parts = [f"written by {file.tool}", f"commit {commit}{branch}" if commit else "", file.datetime[:10]]
        told.append(f"{file.label}: {', '.join(part for part in parts if part)}.")
    left = len(files) - MOST_FILES
    told += [f"And {count_text(left, 'more file')}."] if left > 0 else []
    return Text(told[0]) if len(told) == 1 else Points(tuple(told))


def _explanation(compared: Sequence[PlainGroup]) -> Text | None:
    if not compared:
        return None
    bases = "the one with the least median"
    if any(group.named for group in compared):
        bases += ", or the baseline where a name says which it is"
    chosen = (
        ""
        if all(group.named for group in compared)
        else (" A base that was chosen by its time could have been any of its group: p-values count that in.")
    )
    return Text(
        f"Within a group each is compared with its base, {bases}: ratios of times with their "
        f"interval (95 %), below 1 is faster.{chosen} Nothing says that they took turns: a machine that "
        "changed meanwhile is in their ratio. Nor does anything say that they do the same work."
    )


def _figure(context: Context, group: PlainGroup) -> Figure | None:
    """Each bar a benchmark's time over the base's; None if nothing could be compared."""
    names = dict(zip((item.key for item in group.items), short_names(group), strict=True))
    bars = []
    for item in group.items:
        pair = context.comparisons.within_groups.get((item.machine.id, item.key))
        if item is group.base or (pair is not None and not pair.doubt):
            bars.append(_bar(names[item.key], item, pair))
    if len(bars) < 2:
        return None
    several = context.several and len(group.files) > 1  # one file's name tells its machine
    where = f" on {context.study.titles[group.machine.id]}" if several else ""
    of_file = f" of {group.files[0]}" if len(group.files) == 1 and len(context.study.files) > 1 else ""
    some = f", the {MOST_BARS} fastest of {len(bars)}" if len(bars) > MOST_BARS else ""
    base = names[group.base.key]
    caption = f"Times in {group_text(group)}{of_file}{where}, relative to {base}{some}"
    told = "; ".join(f"{bar.name} {bar.label}" for bar in bars[:MOST_BARS])
    data = Bars(tuple(bars[:MOST_BARS]), f"time relative to {base}")
    return Figure("benchmarks", caption, f"Bars with intervals: {told}.", data)


def _bar(name: str, item: Measurement, pair: Comparison | None) -> Bar:
    if pair is None:
        return Bar(name, 1.0, f"base: {format_seconds(item.median_seconds)}", FAMILIES["base"])
    estimate = pair.verdict.estimate
    family = FAMILIES.get(pair.word, OTHER_FAMILY)
    interval = (estimate.low, estimate.high) if estimate.has_interval else (None, None)
    label = ratio_text(estimate) + ("" if pair.verdict.different else f", {pair.word}")
    return Bar(name, estimate.ratio, label, family, *interval)


def _withheld(compared: Sequence[Comparison]) -> Points | None:
    """Why there is no verdict on what was measured differently."""
    reasons = grouped((item.withheld, item) for item in compared if item.withheld)
    told = [
        f"No verdict on {count_text(items, 'benchmark')} such as {cell_of(items[0].other).name} over "
        f"{cell_of(items[0].base).name}: {reason}."
        for reason, items in reasons.items()
    ]
    return Points(tuple(told[:MOST_POINTS])) if told else None
