"""The page of a folder of shared results: machines ranked by cell, on one page that works offline."""

from __future__ import annotations

from collections.abc import Sequence

from likeforlike.devices.limits.units import format_seconds, format_seconds_interval
from likeforlike.reports.publish.ranking import Placed, firsts, machines_among, ranking
from likeforlike.reports.publish.told_files import FILES_TABLE
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import Measurement
from likeforlike.reports.sort.measured.study import Study
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.tell.document import (
    Entry,
    Finding,
    Points,
    Report,
    Row,
    Section,
    Table,
    row,
)
from likeforlike.reports.tell.formatting import count_text, listed, significant
from likeforlike.reports.write.html_page import to_page

TITLE = "likeforlike: shared results"


def page_of(files: Sequence[ResultFile]) -> str:
    """The page over files that have been checked; raises ValueError for none."""
    return to_page(shared_report(files), {})


def shared_report(files: Sequence[ResultFile]) -> Report:
    """The same as blocks."""
    study = build_study(files)
    cells = ranking(study)
    sections = [_section(study, workload, placed) for workload, placed in cells.items()]
    reading = Section("reading", "How to read it", (_reading(),))
    machines = [_machines_section(study), _files_section(study), reading]
    days = sorted(file.datetime[:10] for file in files)
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    told = [count_text(len(files), "file"), count_text(len(study.machines), "machine")]
    told.append(count_text(sum(map(len, cells.values())), "cell"))
    return Report(TITLE, f"{', '.join(told)}, {when}.", _findings(study, cells), (*sections, *machines))


def _findings(study: Study, cells: dict[str, list[list[Placed]]]) -> tuple[Finding, ...]:
    if len(study.machines) == 1:
        title = study.titles[study.machines[0].id]
        return (Finding(f"All files are of one machine so far, {title}: there is nobody to rank it with."),)
    found = []
    for workload, placed in cells.items():
        shared = [one for one in placed if machines_among(one) > 1]
        counts = firsts(shared)
        if counts:
            most = max(counts, key=lambda machine: counts[machine])
            found.append(
                f"{workload}: {study.titles[most]} is surely the fastest at "
                f"{counts[most]} of {count_text(len(shared), 'cell')} that several machines measured."
            )
        elif shared:
            told = count_text(len(shared), "cell")
            found.append(
                f"{workload}: no machine is surely the fastest at any of {told} that several measured."
            )
    return tuple(Finding(text) for text in found) or (Finding("No cell was measured on several machines."),)


def _section(study: Study, workload: str, cells: Sequence[Sequence[Placed]]) -> Section:
    columns = ("cell", "rank", "machine", "time", "over launches", "times the fastest")
    columns_told = (*columns, "launches", "framework", "measured", "to be known")
    rows = tuple(_row(study, one, machines_among(placed)) for placed in cells for one in placed)
    table = Table(
        f"shared-{workload}",
        workload,
        columns_told,
        rows,
        "Times are medians, intervals 95 % over launches. A rank is a range where they don't tell machines "
        "apart.",
        minor=("framework", "measured", "launches"),
    )
    return Section(f"w-{workload}", workload, (table,))


def _row(study: Study, placed: Placed, machines: int) -> Row:
    item = placed.item
    name = " ".join(part for part in (item.key.implementation, axes_text(item.key.bare.axes)) if part)
    kind = item.key.device.partition(":")[0]
    device = f", {kind}" if kind != "cpu" else ""
    title = study.titles[item.machine.id]
    places = str(placed.best) if placed.best == placed.worst else f"{placed.best} to {placed.worst}"
    return row(
        f"{name}{device}",
        Entry(places, float(placed.best)) if machines > 1 else None,
        title,
        Entry(format_seconds(item.median_seconds), item.median_seconds, struck=bool(item.doubt)),
        _interval(placed),
        _behind(placed) if machines > 1 else None,
        float(item.launches),
        " ".join(filter(None, (item.extra.framework, item.extra.framework_version))) or None,
        max(run.file.datetime[:10] for run in item.runs),
        "; ".join(_to_be_known(item)) or None,
        workload=item.key.workload,
        machine=title,
    )


def _behind(placed: Placed) -> Entry | None:
    ratio = placed.over_fastest
    return None if ratio is None else Entry(f"×{significant(ratio)}", ratio)


def _interval(placed: Placed) -> Entry | None:
    if placed.low_seconds is None or placed.high_seconds is None:
        return None
    told = format_seconds_interval(placed.low_seconds, placed.high_seconds, placed.item.median_seconds)
    return Entry(told, placed.low_seconds)


def _to_be_known(item: Measurement) -> list[str]:
    """What makes a figure weaker than it looks."""
    told = [item.disturbed and "disturbed", item.suspicious and "above the best measured of its device"]
    if item.launches < 2:
        told.append("one launch")
    if item.crowded:
        told.append("others used the machine")
    if any(run.cell.extra.timed_calls not in (None, "proven") for run in item.runs):
        told.append("timed calls not proven")
    if any(run.file.commit is not None and run.file.commit.dirty for run in item.runs):
        told.append("code changed since its commit")
    if item.environment:
        told.append(f"under {', '.join(sorted(item.environment))}")
    return [text for text in told if text]


def _machines_section(study: Study) -> Section:
    rows = tuple(
        row(study.titles[m.id], m.id, *(m.fact.get(name) for name in _FACTS), machine=study.titles[m.id])
        for m in study.machines
    )
    table = Table("shared-machines", "Machines", ("machine", "id", *_FACTS), rows)
    return Section("machines", "Machines", (table,))


_FACTS = ("CPU", "usable cores", "vector unit", "memory", "GPU 0", "BLAS", "threads", "python")


def _files_section(study: Study) -> Section:
    rows = tuple(
        row(
            file.label,
            study.titles[file.machine.id],
            file.datetime[:10],
            float(len(file.cells)),
            file.header.preset if file.header else None,
            file.commit.id[:12] if file.commit else None,
            _noise(file),
            machine=study.titles[file.machine.id],
        )
        for file in study.files
    )
    columns = ("file", "machine", "measured", "cells", "preset", "commit", "copies of one thing differ by")
    note = "The last column is the interval of the ratio of one product measured against itself."
    return Section("files", "Files", (Table(FILES_TABLE, "Files", columns, rows, note),))


def _noise(file: ResultFile) -> Entry | None:
    noise = file.noise
    if noise is None or noise.aa_interval is None:
        return None
    low, high = noise.aa_interval
    return Entry(f"×{low:.3f} to ×{high:.3f}", max(1.0 / low, high) - 1.0)


def _reading() -> Points:
    inside = ("the machine's id", "statistics against samples", "samples against epochs and launches")
    checks = (
        *inside,
        "figures against what the device can do",
        "proofs of answers",
        "the noise floor",
        "seeds",
    )
    return Points(
        (
            f"Each file was checked before it came here: {listed(checks)}. Host, user and paths are "
            "left out.",
            "A file that was invented consistently passes such checks; only measuring again tells. Each row "
            "names its file, and each file how it was measured.",
            "Machines are compared at the same work by the same implementation on a device of one kind. "
            "Versions may differ; they stand in the row.",
        )
    )
