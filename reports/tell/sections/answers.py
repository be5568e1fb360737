"""Kernels with an answer derived by hand: error against it, and time."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.reports.read.schema.declarations import KERNEL
from likeforlike.reports.read.schema.runs import Declared
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement, size_of
from likeforlike.reports.tell.context import Context, Kinds
from likeforlike.reports.tell.document import Entry, Section, Table, Text, row, section
from likeforlike.reports.tell.formatting import (
    ratio_entry,
    resource_columns,
    resource_entries,
    time_entry,
    title_of,
    verdict_entry,
)


def sections(context: Context) -> list[Section | None]:
    """Answers and times of each such workload on the detailed machines."""
    measured = [name for name in context.study.by_workload if has_answer(context.study.declared(name))]
    return [_section(context, workload) for workload in sorted(measured, key=context.study.place_of)]


def has_answer(declared: Declared) -> bool:
    """Whether a workload is told by its answer."""
    return declared.kind == KERNEL and bool(declared.wording.by_hand)


def findings(context: Context) -> Kinds:
    """None of their own: what agrees, and who is fastest, is told as of all other implementations."""
    return ()


def _section(context: Context, workload: str) -> Section | None:
    items = context.detailed_of(workload)
    if not items:
        return None
    table = _verification_table(context, items, workload)
    declared = context.study.declared(workload)
    return section(declared.section, title_of(declared), [Text(declared.wording.by_hand), table])


def _verification_table(context: Context, items: Sequence[Measurement], workload: str) -> Table:
    """Error, tolerance, time and verdict, one row an implementation, device and size."""
    memory = resource_columns(items)
    rows = []
    for item in sorted(items, key=lambda item: (*_compared(context, item), item.median_seconds)):
        comparison = context.comparisons.against_base.get((item.machine.id, item.key))
        check = item.extra.verified
        rows.append(
            row(
                item.key.name,
                item.key.device,
                *([context.title(item)] if context.several else []),
                axes_text(item.key.bare.axes),
                item.extra.division,
                None if check is None else Entry(f"{check.error:.2g}", check.error),
                None if check is None else Entry(f"{check.tolerance:.2g}", check.tolerance),
                "not checked" if check is None else ("yes" if item.verified else "no"),
                time_entry(item),
                Entry("base") if comparison is None else ratio_entry(comparison),
                verdict_entry(comparison),
                *resource_entries(item, memory),
                workload=workload,
                machine=context.title(item),
                verdict=comparison.word if comparison else "base",
            )
        )
    machine = ("machine",) if context.several else ()
    columns = (
        "implementation",
        "device",
        *machine,
        "size",
        "division",
        "error",
        "tolerance",
        "agrees",
        "time",
        "ratio to the fastest",
        "verdict",
        *memory,
    )
    minor = (*memory, "tolerance", "division", "error")
    caption = "Error against the answer by hand, and time"
    return Table(workload, caption, columns, tuple(rows), minor=minor)


def _compared(context: Context, item: Measurement) -> tuple[int, float, str, str, str]:
    """Orders rows so that those with one base stand together, the fastest first."""
    key = item.key
    return context.rank(item), size_of(item), key.device, axes_text(key.axes), item.extra.division
