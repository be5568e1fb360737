"""A result file as rows of the history: one a cell, with all that its later judgement needs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from likeforlike.reports.read.machines import Machine
from likeforlike.reports.read.result_file import ResultFile
from likeforlike.reports.read.schema.declarations import NOISE_FLOOR
from likeforlike.reports.sort.likeness.comparability import work_text
from likeforlike.reports.sort.measured.keys import axes_text
from likeforlike.reports.sort.measured.measurements import TWIN, Measurement, Run
from likeforlike.reports.sort.pooling import build_study

HARDWARE = re.compile(
    r"CPU|(usable )?cores|architecture|system|vector unit|memory|GPUs|GPU \d+( memory)?|threads"
    r"|precision mode"
)
"""Facts that make a machine of the history; versions, drivers and BLAS may change on one."""

IDLE = "nothing"
"""The noise floor's call that does nothing: it tells of timing, not of the machine's speed."""

COMPARE = "likeforlike.compare"
"""How the command of a file begins that holds functions which were handed over."""


class HistoryRow(Struct, frozen=True, kw_only=True):
    """One cell of one file. Seconds; empty text is not known."""

    machine: str
    """Twelve digits of the machine's hardware and threads."""
    machine_label: str
    software: str
    """What else is known of the machine, as JSON: versions, BLAS, driver, host."""
    commit: str
    commit_time: str
    branch: str
    dirty: bool | None
    datetime: str
    file: str
    digest: str
    run_id: str
    tool: str
    workload: str
    implementation: str
    device: str
    axes: str
    axes_json: str
    run: str
    cell: str
    work: str
    """What the work is beyond its axes: data, recipe, operations, timing."""
    reference: bool
    """Whether it tells of the machine: a copy of the noise floor's product, or a twin."""
    plugins: str
    """Modules that the run was given by ``--plugin``, as JSON."""
    doubt: str
    samples: list[float]
    launches: list[int]
    disturbed: list[bool]
    median_seconds: float
    twin_of: str = ""
    """The implementation that it is a copy of; empty in what was kept before this was."""
    handed_over: bool = False
    """Whether it is someone's own function, which no option of the bench names; not told before this was."""


def rows_of(file: ResultFile) -> list[HistoryRow]:
    """Every measured cell of a file but the noise floor's idle call, with what is to be thought of it."""
    study = build_study([file])
    shared = _shared(file)
    return [
        _row(shared, file, item, run)
        for item in (*study.measurements, *study.twins)
        for run in item.runs
        if not (item.kind == NOISE_FLOOR and item.key.implementation == IDLE)
    ]


def hardware_id(machine: Machine) -> str:
    """The same for one machine whatever is installed on it; of one that isn't described, its id."""
    facts = [(name, _whole(value)) for name, value in machine.facts if HARDWARE.fullmatch(name)]
    if not any(name in ("CPU", "GPU 0") for name, _ in facts):
        return hashlib.sha256(machine.id.encode()).hexdigest()[:12]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _whole(value: str) -> str:
    """An amount of memory in whole GiB: the kernel keeps a little for itself, not always the same."""
    amount, _, unit = value.partition(" ")
    return f"{float(amount):.0f} {unit}" if unit == "GiB" else value


def _shared(file: ResultFile) -> dict[str, Any]:
    commit = file.commit
    software = {name: value for name, value in file.machine.facts if not HARDWARE.fullmatch(name)}
    header = file.header
    plugins = (header.options or {}).get("plugins") if header else None
    return {
        "machine": hardware_id(file.machine),
        "machine_label": file.machine.label,
        "software": json.dumps(software | ({"host": file.node} if file.node else {}), sort_keys=True),
        "commit": commit.id if commit else "",
        "commit_time": commit.time if commit else "",
        "branch": commit.branch if commit else "",
        "dirty": commit.dirty if commit else None,
        "datetime": file.datetime,
        "file": file.label,
        "digest": file.digest,
        "run_id": file.run_id,
        "tool": str(file.tool),
        "plugins": json.dumps(plugins if isinstance(plugins, list) else []),
        "handed_over": bool(header and (header.command or "").startswith(COMPARE)),
    }


def _row(shared: Mapping[str, Any], file: ResultFile, item: Measurement, run: Run) -> HistoryRow:
    cell = run.cell
    return HistoryRow(
        **shared,
        workload=item.key.workload,
        implementation=item.key.implementation,
        device=item.key.device,
        axes=axes_text(item.key.bare.axes),
        axes_json=json.dumps(dict(item.key.bare.axes)),
        run=str(run.number),
        cell=cell.id,
        work=work_text(cell.extra),
        reference=item.kind == NOISE_FLOOR or cell.extra.role == TWIN,
        doubt=item.refuted,
        samples=list(cell.samples),
        launches=list(run.launch_numbers) if cell.samples else [],
        disturbed=[number in run.disturbed_rounds for number in cell.rounds] if cell.samples else [],
        median_seconds=cell.median_seconds,
        twin_of=cell.extra.twin_of or "",
    )
