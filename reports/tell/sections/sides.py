"""Sides of one run: what differs between them, and what it did to each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from likeforlike.reports.judge.comparisons import Comparison
from likeforlike.reports.read.schema.runs import Side, Unmeasured
from likeforlike.reports.sort.beside_time.accuracies import trains
from likeforlike.reports.sort.measured.keys import SIDE_AXIS, axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, grouped
from likeforlike.reports.sort.side_differences import side_differences
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import (
    Block,
    Entry,
    Figure,
    Points,
    Row,
    Section,
    Table,
    Text,
    numbered,
    row,
    section,
)
from likeforlike.reports.tell.formatting import (
    comparison_text,
    count_text,
    listed,
    ratio_entry,
    time_entry,
    verdict_entry,
)
from likeforlike.reports.tell.plot_data import ForestPlot, ForestRow
from likeforlike.reports.tell.wording.accuracy_text import accuracy_over_seeds
from likeforlike.reports.tell.wording.forest_rows import forest_row
from likeforlike.reports.tell.wording.tails_text import asked_note

FOLDED_FROM = 40
"""Rows from which a table is folded."""
MOST_DRAWN = 60
"""Rows of a plot; of more the most decided, which the caption says."""
MOST_NAMED = 2
"""Cells that a finding names."""
MOST_UNMEASURED = 12
WORDS = ("slower", "faster", "same", "unclear")


@dataclass(frozen=True)
class _Run:
    """The sides of one run, or of several that are repetitions, on one machine."""

    name: str
    """Of the machine and the file, where there are several; else empty."""
    sides: tuple[Side, ...]
    comparisons: tuple[Comparison, ...]
    unmeasured: tuple[Unmeasured, ...]

    @cached_property
    def by_side(self) -> dict[str, list[Comparison]]:
        """Those of each further side."""
        return grouped((item.other.key.side, item) for item in self.comparisons)


def sections(context: Context) -> list[Section | None]:
    """One for each run that had sides."""
    made = []
    for number, run in enumerate(_runs(context)):
        suffix = f"-{number + 1}" if number else ""
        title = f"Sides: {listed([side.name for side in run.sides])}" + (f", {run.name}" if run.name else "")
        blocks: list[Block | None] = [Text(_about(run)), *_differences(run, suffix)]
        blocks += [*_figures(run, suffix), _table(context, run, suffix), _unmeasured(run)]
        made.append(section(f"sides{suffix}", title, blocks))
    return made


def findings(context: Context) -> Kinds:
    """What each further side did, by sure comparisons; a kind for each run."""
    return [_findings(context, run) for run in _runs(context)]


def _runs(context: Context) -> list[_Run]:
    files = [file for file in context.study.files if file.header is not None and file.header.sides]
    runs = grouped(((file.machine.id, str(file.header and file.header.sides)), file) for file in files)
    made = []
    for (machine, _), members in runs.items():
        sides = members[0].header.sides
        digests = {file.digest for file in members}
        mine = [
            item
            for item in context.comparisons.sides
            if item.other.machine.id == machine and item.other.runs[0].file.digest in digests
        ]
        named = [context.study.titles[machine]] if context.several else []
        named += [members[0].label] if len(runs) > 1 else []
        lost = tuple(lost for file in members for lost in file.unmeasured if lost.axes.get(SIDE_AXIS))
        made.append(_Run(", ".join(named), sides, tuple(mine), lost))
    return made


def _about(run: _Run) -> str:
    first = run.sides[0].name
    but = " but those listed below" if run.unmeasured else ""
    text = (
        f"Every cell{but} was measured on each side, in turns: the same rounds, launches and data. "
        f"Ratios are of times over side {first}'s, launch by launch; below 1 is faster."
    )
    for side, items in run.by_side.items():
        text += f" Side {side}: {_counts(items)}."
    return text + asked_note(item.other for item in run.comparisons)


def _counts(items: Sequence[Comparison]) -> str:
    """``12 cells: 1 slower, 11 same``."""
    words = Counter(item.word for item in items)
    order = [*WORDS, *(word for word in words if word not in WORDS)]
    return (
        f"{count_text(items, 'cell')}: {', '.join(f'{words[word]} {word}' for word in order if words[word])}"
    )


def _differences(run: _Run, suffix: str) -> list[Block]:
    found = side_differences(run.sides)
    if not found:
        told = "source, packages, variables and Python are the same"
        return [Text(f"Nothing that the file tells differs between the sides: {told}.")]
    rows = tuple(row(name, *values) for name, values in found)
    columns = ("what differs", *(side.name for side in run.sides))
    folded = len(rows) > FOLDED_FROM
    return [
        Table(f"sides-differences{suffix}", "What differs between the sides", columns, rows, folded=folded)
    ]


def _table(context: Context, run: _Run, suffix: str) -> Table | None:
    if not run.comparisons:
        return None
    first, several = run.sides[0].name, len(run.sides) > 2
    trained = any(trains(item.other) for item in run.comparisons)
    answered = any(item.other.extra.side_answers for item in run.comparisons)
    made = [_row(context, item, several, answered, trained) for item in _by_effect(run.comparisons)]
    other = "time there" if several else run.sides[1].name
    columns = (
        "cell",
        *(("side",) if several else ()),
        first,
        other,
        "ratio",
        "verdict",
        *(("answers",) if answered else ()),
        *((f"accuracy, {first}", "accuracy there" if several else f"accuracy, {other}") if trained else ()),
    )
    folded = len(made) > FOLDED_FROM
    return Table(f"sides{suffix}", "What it did to each cell", columns, tuple(made), folded=folded)


def _row(context: Context, item: Comparison, several: bool, answered: bool, trained: bool) -> Row:
    entries: list[Entry | str] = [cell_text(item.other), *([item.other.key.side] if several else [])]
    entries += [time_entry(item.base), time_entry(item.other), ratio_entry(item), verdict_entry(item)]
    entries += [_answers_entry(item.other)] if answered else []
    if trained:
        scatter = None if item.quality is None else item.quality.scatter
        entries += [accuracy_over_seeds(item.base, None, scatter)]
        entries += [accuracy_over_seeds(item.other, item, scatter)]
    words = {"machine": context.title(item.other), "verdict": item.word}
    return row(*entries, workload=item.other.key.workload, **words)


def _answers_entry(item: Measurement) -> Entry:
    """``identical``, ``differ by 3e-04``, or why they were not compared."""
    told = item.extra.side_answers
    if told is None:
        return Entry("–")
    if told.largest is None:
        return Entry(f"not compared: {told.not_compared}")
    return Entry("identical" if told.identical else f"differ by {told.largest:.1e}", told.largest)


def cell_text(item: Measurement) -> str:
    """What was measured, whichever side it was on."""
    key = item.key.without_side.bare
    parts = (key.workload, key.implementation, key.device, axes_text(key.axes))
    apart = f"of {item.key.apart}" if item.key.apart else ""
    return " ".join(part for part in (*parts, apart) if part)


def _by_effect(items: Sequence[Comparison]) -> list[Comparison]:
    """The slowest first; without a figure last."""
    return sorted(items, key=lambda item: (item.verdict.estimate.untold, -item.verdict.estimate.ratio))


def _figures(run: _Run, suffix: str) -> list[Figure]:
    made = []
    for side, items in run.by_side.items():
        rows = [(item, forest_row(item, "", cell_text(item.other))) for item in _by_effect(items)]
        drawn = [made_row for _, made_row in rows if made_row is not None]
        if not drawn:
            continue
        shown = _most_decided(drawn)
        over = f"side {side} over side {run.sides[0].name}"
        caption = f"Ratios of times, {over}, sorted by effect; left of 1 is faster."
        caption += (
            f" {len(shown)} of {len(drawn)} cells, the most decided." if len(shown) < len(drawn) else ""
        )
        facts = "; ".join(f"{one.name} {one.label} {one.word}" for one in shown)
        plot = ForestPlot(tuple(shown), f"time, {over}; left of 1 is faster")
        made.append(
            Figure(f"sides{suffix}", caption, f"Forest plot of ratios of times, {over}. {facts}.", plot)
        )
    return numbered(made, f"sides{suffix}", "-plot")


def _most_decided(rows: Sequence[ForestRow]) -> list[ForestRow]:
    ranked = sorted(
        rows, key=lambda one: (WORDS.index(one.word) if one.word in WORDS else 0, -abs(one.ratio - 1))
    )
    kept = {id(one) for one in ranked[:MOST_DRAWN]}
    return [one for one in rows if id(one) in kept]


def _unmeasured(run: _Run) -> Points | None:
    """What one side alone has no figure of, with the reason."""
    told = [f"{lost.cell}: {lost.reason}" for lost in run.unmeasured]
    left = len(told) - MOST_UNMEASURED
    told = told[:MOST_UNMEASURED] + ([f"And {left} more."] if left > 0 else [])
    return Points(tuple(told)) if told else None


def _findings(context: Context, run: _Run) -> Iterator[str]:
    where = f" ({run.name})" if run.name else ""
    for side, items in run.by_side.items():
        sure = [item for item in items if item.sure]
        if not sure:
            continue
        told = [_named(word, [item for item in sure if item.word == word]) for word in ("slower", "faster")]
        same = sum(item.word == "same" for item in sure)
        told += [f"the same in {same}"] if same else []
        left = len(items) - len(sure)
        told += [f"not sure in {left}"] if left else []
        over = f"Side {side} over side {run.sides[0].name}"
        answers = _answers_text(items)
        yield f"{over}{where}, in {count_text(items, 'cell')}: {'; '.join(filter(None, told))}.{answers}"


def _answers_text(items: Sequence[Comparison]) -> str:
    """How far the two sides' answers are apart at most, and of how many; empty where none were compared."""
    every = [(told, item) for item in items if (told := item.other.extra.side_answers) is not None]
    known = [(told.largest, item) for told, item in every if told.largest is not None]
    if not known:
        return ""
    largest, item = max(known, key=lambda pair: pair[0])
    few = f", as far as they were compared ({len(known)} of {len(every)})"
    some = few if len(known) < len(every) else ""
    if largest == 0.0:
        return f" The answers are identical{some}."
    where = "" if len(known) == 1 else f", {cell_text(item.other)} the most"
    return f" The answers differ by up to {largest:.1e} of the largest element{where}{some}."


def _named(word: str, items: Sequence[Comparison]) -> str:
    """``slower in 2, the most matmul numpy 500 ×1.31 (1.29 to 1.33)``."""
    if not items:
        return ""
    order = -1 if word == "slower" else 1
    ranked = sorted(items, key=lambda item: order * item.verdict.estimate.ratio)
    named = [f"{cell_text(item.other)} {comparison_text(item)}" for item in ranked[:MOST_NAMED]]
    most = "" if len(items) == 1 else "the most "
    return f"{word} in {len(items)}, {most}{' and '.join(named)}"
