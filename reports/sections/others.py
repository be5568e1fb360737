"""Workloads that have no section of their own: a plug-in's, and plain pytest-benchmark's."""

from __future__ import annotations

from reports.comparisons import DISTRIBUTED
from reports.document import Entry, Section, Table, row, section
from reports.formats import significant, time_entry
from reports.results import PLAIN_WORKLOAD
from reports.sections.products import ranking_table
from reports.sections.view import View
from reports.study import NOISE, Measurement, grouped
from reports.verdicts import median_interval

OWN = ("training", DISTRIBUTED, "matmul", "jacobian", "eigen", NOISE)


def other_sections(view: View) -> list[Section]:
    """One section for each such workload."""
    sections = []
    for number, workload in enumerate(w for w in view.study.by_workload if w not in OWN):
        items = view.detailed_of(workload)
        if workload == PLAIN_WORKLOAD:
            made = section("benchmarks", "Benchmarks of plain pytest-benchmark", [_plain_table(view, items)])
        else:
            table = ranking_table(view, items, f"workload-{number + 1}", f"Implementations of {workload}")
            made = section(f"workload-{number + 1}", f"Workload {workload}", [table])
        if made is not None:
            sections.append(made)
    return sections


def _plain_table(view: View, items: list[Measurement]) -> Table | None:
    """Median with its interval, group by group; nothing is compared, since nothing was paired."""
    rows = []
    for group, members in grouped((item.runs[0].cell.group, item) for item in items).items():
        for item in sorted(members, key=lambda item: item.median_seconds):
            low, high = median_interval(item.samples)
            known = low > 0 and high < float("inf")
            rows.append(
                row(
                    item.key.implementation,
                    *([view.title(item)] if view.several else []),
                    group or "–",
                    time_entry(item),
                    Entry(f"{significant(low * 1e3)} to {significant(high * 1e3)} ms")
                    if known
                    else "not known",
                    Entry(str(len(item.samples)), float(len(item.samples))),
                    workload=item.key.workload,
                    machine=view.title(item),
                )
            )
    if not rows:
        return None
    machine = ("machine",) if view.several else ()
    columns = ("benchmark", *machine, "group", "median", "interval of the median", "samples")
    return Table("benchmarks", "Times", columns, tuple(rows), folded=len(rows) > 40)
