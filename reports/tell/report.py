"""Puts a report together: study, comparisons, sections, findings."""

from __future__ import annotations

from collections.abc import Iterable

from likeforlike.reports.judge.comparisons import Comparisons, compare
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.baselines import detailed_machines
from likeforlike.reports.sort.beside_time.prices import Prices
from likeforlike.reports.sort.group_by import GroupBy
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.context import Context, SectionModule
from likeforlike.reports.tell.document import Entry, Report, Row, Table, row
from likeforlike.reports.tell.findings import findings
from likeforlike.reports.tell.findings_picture import findings_picture
from likeforlike.reports.tell.formatting import (
    bytes_entry,
    count_text,
    joules_entry,
    rate_entry,
    ratio_entry,
    time_entry,
)
from likeforlike.reports.tell.sections import (
    answers,
    caveats,
    files,
    implementations,
    machines,
    own,
    plain_benchmarks,
    roofline,
    sides,
)
from likeforlike.reports.tell.sections.beside_time import feeding, launch_cost, pace, trade_offs
from likeforlike.reports.tell.sections.brought import section as brought
from likeforlike.reports.tell.sections.over_size import section as kernels_over_size
from likeforlike.reports.tell.sections.published import epochs as published_epochs
from likeforlike.reports.tell.sections.published import pair as published_pair
from likeforlike.reports.tell.sections.tails import section as tails
from likeforlike.reports.tell.sections.training import distributed, ladder, trainers
from likeforlike.reports.tell.wording.marks import with_marks_explained
from likeforlike.reports.tell.wording.pools import with_pools_told
from likeforlike.reports.tell.wording.waiting import with_waiting_told

TITLE = "likeforlike: the report"
SECTIONS: tuple[SectionModule, ...] = (
    sides,
    files,
    published_pair,
    trainers,
    brought,
    trade_offs,
    ladder,
    published_epochs,
    distributed,
    kernels_over_size,
    feeding,
    launch_cost,
    answers,
    implementations,
    roofline,
    tails,
    plain_benchmarks,
    own,
    pace,
    machines,
    caveats,
)
"""In the order in which they are shown."""


def build_report(
    given: Iterable[ResultFile],
    baseline: str | None = None,
    remarks: Iterable[str] = (),
    group_by: GroupBy | None = None,
    prices: Prices = Prices(),  # noqa: B008 - frozen
) -> Report:
    """The report of these files, plain benchmarks in groups by ``group_by`` (their own, file by file).

    With ``prices`` the cost of training to the target accuracy stands beside its time.

    Raises ValueError if there is no file, nothing fits ``baseline`` or there is nothing for ``group_by``.
    """
    study = build_study(given, baseline, tuple(remarks), group_by)
    detailed = detailed_machines(study)
    context = Context(study, compare(study, detailed), detailed, prices)
    made = [section for module in SECTIONS for section in module.sections(context)]
    explained = [
        with_waiting_told(with_pools_told(with_marks_explained(section, context), study), context)
        for section in made
        if section is not None
    ]
    return Report(
        TITLE,
        _subtitle(study),
        findings(context, SECTIONS),
        tuple(explained),
        (_cells_table(study, context.comparisons), _machines_table(study)),
        findings_picture(context),
    )


def _subtitle(study: Study) -> str:
    files, kinds = len(study.files), len(study.machines)
    machines = len({(file.machine.id, file.node) for file in study.files})
    days = sorted(file.datetime[:10] for file in study.files if file.datetime)
    when = "" if not days else (f", {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else ""))
    told = [count_text(files, "file"), count_text(machines, "machine")]
    of_kinds = f" of {count_text(kinds, 'kind')}" if machines > kinds else ""
    generated = f"{', '.join(told)}{of_kinds}, {count_text(study.measurements, 'cell')}{when}"
    presets = sorted({file.header.preset for file in study.files if file.header and file.header.preset})
    return generated + (f"; preset {', '.join(presets)}" if presets else "") + "."


def _cells_table(study: Study, comparisons: Comparisons) -> Table:
    """Every cell of every machine, for CSV."""
    columns = (
        "workload",
        "implementation",
        "device",
        "axes",
        "machine",
        "division",
        "seconds_of",
        "median_seconds",
        "flop_per_second",
        "samples",
        "rounds",
        "peak_memory_bytes",
        "peak_device_memory_bytes",
        "ratio_to_baseline_machine",
        "verdict",
        "doubt",
        *(("joules_per_sample",) if any(item.joules for item in study.measurements) else ()),
    )
    energy = "joules_per_sample" in columns
    rows = tuple(_cell_row(study, comparisons, item, energy) for item in study.measurements)
    return Table("cells", "Every cell", columns, rows)


def _machines_table(study: Study) -> Table:
    """What is known of every machine, for CSV."""
    rows = tuple(
        row(study.titles[machine.id], name, value)
        for machine in study.machines
        for name, value in (("fingerprint", machine.id), *machine.facts)
    )
    return Table("machine-facts", "Every machine", ("machine", "fact", "value"), rows)


def _cell_row(study: Study, comparisons: Comparisons, item: Measurement, energy: bool) -> Row:
    pair = comparisons.across_machines.get((item.machine.id, item.key))
    key, shown = item.key, item if pair is None else pair.other
    return row(
        key.workload,
        key.implementation,
        key.device,
        axes_text(key.axes),
        study.titles[item.machine.id],
        item.extra.division,
        "whole epochs" if shown.whole else "samples",
        time_entry(shown),
        rate_entry(item),
        Entry(str(len(item.samples)), float(len(item.samples))),
        Entry("–") if item.rounds is None else Entry(str(item.rounds), float(item.rounds)),
        bytes_entry(item.peak_memory_bytes),
        bytes_entry(item.peak_device_memory_bytes),
        ratio_entry(pair),
        pair.word if pair else "–",
        item.doubt or "–",
        *((joules_entry(item.joules),) if energy else ()),
    )
