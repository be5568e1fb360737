"""What can't be believed, what was disturbed, and what was not measured at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from likeforlike.reports.read.result_file import PLAIN_WORKLOAD
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.read.schema.runs import Unmeasured
from likeforlike.reports.sort.beside_time.accuracies import trains
from likeforlike.reports.sort.floors import is_floor
from likeforlike.reports.sort.measured.keys import REPEAT_AXIS, axes_text
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Block, Entry, Points, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import count_text, listed
from likeforlike.reports.tell.sections.stopping import precision_blocks

MOST_ROWS = 200
WAITED = "of its time for a processor"
WAITED_NOTE = (
    "A wait for a processor is that of one sample, and of the thread in it that waited longest: part of it "
    "may be for other threads of the same framework."
)

RULES = (
    "faster, slower: the interval of the ratio excludes 1, and the ratio lies beyond the threshold",
    "same: the whole interval lies within the threshold, and within 10 %",
    "unclear: neither; of one launch fewer than four pairs, or without pairs fewer than four rounds a side, "
    "always are; the further launches (or rounds) that would settle it are told",
    "marked °: measured in one launch, or by another tool. How far launches differ is then not in the file: "
    "the interval is widened by what other cells there show, or by what is assumed, and no finding calls it "
    "sure. Nor is anything sure that was measured while others took a fifth of the machine or more",
    "no verdict: one of the figures is implausible or its answer wrong, it was disturbed and not measured in "
    "turns with the other, or the two were measured differently (timer, garbage collection, warm-up, calls a "
    "round, inherited variables)",
)
UNPROVEN_RULE = (
    "unproven: nothing proves that the entrant trains the network that it should; it is measured all the "
    "same, has no verdict, and is never called faster",
)
ACCURACY_RULES = (
    "trained worse, base trained worse: the one that takes less time misses the validation accuracy of the "
    "other, or of another trainer of its table, surely or far beyond chance; so it is not called faster",
    "accuracy unknown: one of the two tells no validation accuracy, so that neither is called faster; where "
    "neither tells one, as of a regression, validation losses stand for it: within 2 % is near enough",
    "accuracy higher, lower: the means over seeds differ by more than half a point, and Student's interval "
    "of the difference excludes 0; from one seed nothing is concluded",
)


def sections(context: Context) -> list[Section | None]:
    """What is doubtful, disturbed and unmeasured, then how to read the report."""
    return [
        _doubt_section(context),
        _disturbed_section(context),
        _memory_section(context),
        _unmeasured_section(context),
        _reading_section(context),
    ]


def findings(context: Context) -> Kinds:
    """None: what can't be believed is told as a warning."""
    return ()


def _doubt_section(context: Context) -> Section | None:
    """Implausible, disturbed and unverified figures with their reasons; published sources' known faults."""
    rows = []
    for item in context.study.measurements:
        for what, reason in _doubts(item):
            machine = context.title(item)
            cell = Entry(f"{item.key.workload} {item.key.text}", struck=True)
            place = [machine] if context.several else []
            rows.append(row(cell, *place, what, reason, workload=item.key.workload, machine=machine))
    columns = ("cell", *(("machine",) if context.several else ()), "what", "why")
    left = len(rows) - MOST_ROWS
    note = f"{count_text(left, 'more row')} in tables/cells.csv." if left > 0 else ""
    blocks: list[Block | None] = [
        Table("doubts", "Figures from which no conclusion is drawn", columns, tuple(rows[:MOST_ROWS]), note)
        if rows
        else None
    ]
    blocks.append(_unverified_text(context))
    for file in context.study.files:
        if file.notes:
            blocks += [Text(f"Known faults of {file.label}:"), Points(file.notes)]
    return section("doubts", "What can't be believed", blocks)


def _unverified_text(context: Context) -> Text | None:
    """How many answers nobody checked; the floor and the noise cells have none."""
    unchecked = [
        item
        for item in context.study.measurements
        if item.extra.verified is None
        and item.kind != NOISE_FLOOR
        and item.key.workload != PLAIN_WORKLOAD
        and not is_floor(item)
    ]
    if not unchecked:
        return None
    told = ", ".join(
        dict.fromkeys(f"{item.key.workload} of {context.title(item)}" for item in unchecked[:200])
    )
    cells = count_text(unchecked, "cell")
    return Text(f"The answers of {cells} were not checked ({told}): no finding rests on them.")


def _doubts(item: Measurement) -> list[tuple[str, str]]:
    found = [("implausible", reason) for reason in item.implausible]
    if item.disturbed:
        found.append(("disturbed", item.disturbed))
    if item.wrong:
        found.append(("wrong answer", item.wrong))
    if item.unproven:
        found.append(("unproven", item.unproven))
    return found


def _disturbed_section(context: Context) -> Section | None:
    """Cells with a few disturbed samples, which were left out of their figures."""
    rows = []
    for item in context.study.measurements:
        total = sum(len(run.cell.samples) for run in item.runs)
        count = total - sum(len(run.quiet_samples) for run in item.runs)
        if not count or item.disturbed:
            continue
        reasons = {
            "".join(c for c in d.reason if not c.isdigit()): d.reason
            for run in item.runs
            for d in run.cell.extra.disturbed
        }.values()
        place = [context.title(item)] if context.several else []
        told = "; ".join(list(reasons)[:3])
        rows.append(
            row(
                f"{item.key.workload} {item.key.text}",
                *place,
                f"{count} of {total}",
                told,
                workload=item.key.workload,
                machine=context.title(item),
            )
        )
    beside = [item for item in context.study.measurements if item.extra.concurrent]
    told_beside = (
        Text(
            f"{count_text(beside, 'cell')} {'was' if len(beside) == 1 else 'were'} measured while a "
            "neighbour ran on another device of the machine (--concurrent): neighbours share memory, caches "
            "and power, so these times are upper bounds."
        )
        if beside
        else None
    )
    texts = [told_beside, _crowded_text(context), _apart_text(context)]
    if not rows:
        return section("disturbed", "Disturbed samples", texts) if any(texts) else None
    columns = ("cell", *(("machine",) if context.several else ()), "samples left out", "why")
    note = disturbed_note([made.entries[-1].text for made in rows], len(rows) - MOST_ROWS)
    table = Table("disturbed", "Disturbed samples", columns, tuple(rows[:MOST_ROWS]), note, len(rows) > 12)
    return section("disturbed", "Disturbed samples, left out", [*texts, table])


def disturbed_note(reasons: Iterable[str], left: int) -> str:
    """What is to be known of the reasons in the table, and how many more rows there are."""
    told = [f"{count_text(left, 'more row')} not shown."] if left > 0 else []
    told += [WAITED_NOTE] if any(WAITED in reason for reason in reasons) else []
    return " ".join(told)


def _crowded_text(context: Context) -> Text | None:
    """How many cells shared the machine with others in most of their launches."""
    crowded = [item for item in context.study.measurements if item.crowded]
    if not crowded:
        return None
    first = crowded[0]
    return Text(
        f"{count_text(crowded, 'cell')} measured while others took a fifth of the machine or more in most "
        f"launches ({first.key.workload} {first.key.text}: {first.crowded}): verdicts on them stand in "
        "tables, and none is called sure."
    )


def _apart_text(context: Context) -> Text | None:
    """Of how many ratios a launch was left out since it lay apart from the others."""
    told = [item for item in context.comparisons.every if item.verdict.estimate.left_out]
    if not told:
        return None
    first = told[0]
    estimate = first.verdict.estimate
    launches = f"{estimate.left_out} of {estimate.left_out + estimate.launches} launches"
    return Text(
        f"Launches that lay apart from the others, as a burst of another program makes them, were left out "
        f"of {count_text(told, 'ratio')} ({first.other.key.workload} {first.other.key.text} over "
        f"{first.base.key.implementation}: {launches})."
    )


def _memory_section(context: Context) -> Section | None:
    """Of which trainings the worker gave freed memory back, which they don't do by themselves."""
    told = []
    for item in context.study.measurements:
        most = max(run.cell.extra.freed_memory_given_back for run in item.runs)
        place = f" on {context.title(item)}" if context.several else ""
        if most:
            times = "once" if most == 1 else f"{most} times"
            told.append(f"{item.key.workload} {item.key.text}{place} ({times})")
    if not told:
        return None
    text = Text(
        f"Memory ran short between epochs of {listed(told)}: the harness gave back what the training had "
        "freed and the C library kept (malloc_trim). By itself it would have grown on. Its peak memory is "
        "therefore less here than in a program of one's own."
    )
    return section("memory", "Memory that ran short", [text])


def _cell_name(cell: Unmeasured) -> str:
    """``training keras-fit gpu:0 matched``, whichever run it is of; else the name that the file gives."""
    if not (cell.workload and cell.implementation):
        return cell.cell
    axes = axes_text(tuple((k, v) for k, v in cell.axes.items() if k != REPEAT_AXIS))
    return " ".join(p for p in (cell.workload, cell.implementation, cell.device or "", axes) if p)


def _unmeasured_section(context: Context) -> Section | None:
    """Every cell that gave no figure, with outcome and reason; seeds that fail alike are one row."""
    alike = Counter(
        (
            _cell_name(cell),
            context.study.titles[file.machine.id],
            cell.outcome,
            cell.reason,
            cell.workload or "",
        )
        for file in context.study.files
        for cell in file.unmeasured
    )
    rows = [
        row(
            name if count == 1 else f"{name}, {count} runs",
            *([machine] if context.several else []),
            outcome,
            reason,
            workload=workload,
            machine=machine,
        )
        for (name, machine, outcome, reason, workload), count in alike.items()
    ]
    if not rows:
        return None
    columns = ("cell", *(("machine",) if context.several else ()), "outcome", "reason")
    left = len(rows) - MOST_ROWS
    note = f"{count_text(left, 'more row')} not shown." if left > 0 else ""
    table = Table(
        "unmeasured", "Cells without a figure", columns, tuple(rows[:MOST_ROWS]), note, len(rows) > 40
    )
    return section("unmeasured", "Not measured, and why", [table])


def _reading_section(context: Context) -> Section | None:
    """How verdicts come about, what is not as precise as asked, and the files with what happened to them."""
    files = tuple(
        row(
            file.label,
            context.study.titles[file.machine.id],
            file.run_id or "–",
            file.datetime[:19] or "–",
            Entry(str(len(file.cells)), float(len(file.cells))),
            str(file.tool),
        )
        for file in context.study.files[:MOST_ROWS]
    )
    columns = ("file", "machine", "run", "when", "cells", "written by")
    plain = [file for file in context.study.files if file.plain]
    blocks: list[Block | None] = [
        Text(
            "Ratios are of times, other over base. A launch, for trainings a run, is a set of fresh "
            "processes that take turns; it gives one ratio, the median of its paired rounds. What is told "
            "is their mean over launches with Student's 95 % interval, the variance between launches "
            "moderated towards that of all that was measured there (Smyth 2004). Without pairs it is the "
            "ratio of times over launches or, of one launch, of medians (with fewer than six rounds on a "
            "side, the median of all ratios of a round of the one to a round of the other); between runs "
            "at different times the interval holds what runs differ by. The threshold is the larger of 2 "
            "% and what copies of one thing show on that device and workload, and false discoveries among "
            "many comparisons are held to 5 % (Benjamini and Hochberg)."
        ),
        Points(
            RULES
            + (UNPROVEN_RULE if any(item.unproven for item in context.study.measurements) else ())
            + (ACCURACY_RULES if any(map(trains, context.study.measurements)) else ())
        ),
        *precision_blocks(context),
        Table("files", "Files", columns, files, folded=len(files) > 12),
        Points(context.study.remarks) if context.study.remarks else None,
        Text(
            f"Files of {' and '.join(dict.fromkeys(file.tool.name for file in plain))} hold no fingerprint, "
            "count of work, check of the answer or numbers of rounds: nothing is paired in them, nothing "
            "held against a ceiling, and nothing says that what is compared gives the same answers."
        )
        if plain
        else None,
    ]
    return section("reading", "How to read this", blocks)
