"""How far each job of a fleet is: what the scheduler says, and what its journal and result file hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from likeforlike.bench.fleet.manifest import Job, Manifest
from likeforlike.bench.fleet.schedulers import SCHEDULERS, Active, Scheduler
from likeforlike.bench.keep.journal import journal_path

Word = Literal["complete", "running", "waiting", "ended early", "torn", "not started"]

MISSING: tuple[Word, ...] = ("ended early", "torn", "not started")
"""What submitting again submits again."""


@dataclass(frozen=True)
class JobState:
    """One job, as it stands."""

    job: Job
    word: Word
    ended: int
    """Cells that have ended, measured or not."""
    cells: int | None
    """Cells of its grid; None before it has begun."""
    why: str = ""
    """What is to be said of it beyond the word."""


class _Lost(msgspec.Struct):
    outcome: str


class _Facts(msgspec.Struct):
    unmeasured: tuple[_Lost, ...] = ()
    busy: tuple[str, ...] = ()


class _Cell(msgspec.Struct):
    name: str


class _Result(msgspec.Struct):
    """What of a result file says whether it is complete; the rest is not decoded."""

    benchmarks: tuple[_Cell, ...]
    likeforlike: _Facts


class _Line(msgspec.Struct):
    """A journal's line: the header says how many cells there are, others name one that has ended."""

    cell: str | None = None
    cells: int | None = None
    launch: int | None = None
    """Of a cell that has not ended yet, the launch that has."""


def fleet_states(folder: Path, manifest: Manifest, scheduler: Scheduler | None = None) -> list[JobState]:
    """The state of every job. The scheduler is asked only about those that are not complete."""
    results = {job.name: _read_result(folder / job.file) for job in manifest.jobs}
    open_ids = [
        job.scheduler_ids[-1]
        for job in manifest.jobs
        if job.scheduler_ids and not _is_complete(results[job.name])
    ]
    ask = scheduler or SCHEDULERS[manifest.terms.cluster]
    active = ask(open_ids) if open_ids else {}
    return [_state(folder, job, results[job.name], active) for job in manifest.jobs]


def _read_result(path: Path) -> _Result | str | None:
    """The file, what is wrong with it, or None if there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Result)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"{path}: torn: {error}"


def _is_complete(result: _Result | str | None) -> bool:
    lost = result.likeforlike.unmeasured if isinstance(result, _Result) else None
    return lost is not None and all(cell.outcome != "interrupted" for cell in lost)


def _state(folder: Path, job: Job, result: _Result | str | None, active: Mapping[str, Active]) -> JobState:
    if isinstance(result, _Result) and _is_complete(result):
        cells = len(result.benchmarks) + len(result.likeforlike.unmeasured)
        return JobState(job, "complete", cells, cells, "; ".join(result.likeforlike.busy))
    ended, planned = _progress(journal_path(folder / job.file))
    now = active.get(job.scheduler_ids[-1]) if job.scheduler_ids else None
    if now is not None:
        return JobState(job, now, ended, planned)
    if isinstance(result, str):
        return JobState(job, "torn", ended, planned, result)
    if ended or planned is not None or result is not None:
        return JobState(job, "ended early", ended, planned, _last_words(folder, job))
    return JobState(job, "not started", 0, None, _last_words(folder, job))


def _progress(journal: Path) -> tuple[int, int | None]:
    """Cells ended and cells in all, by the journal; a line that is being written is not counted."""
    cells: int | None = None
    ended: set[str | None] = set()
    try:
        lines = journal.read_bytes().split(b"\n")
    except OSError:
        return 0, None
    for line in lines[:-1]:
        try:
            read = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        cells = read.cells if read.cells is not None else cells
        ended.add(read.cell if read.launch is None else None)
    return len(ended - {None}), cells


def logs_folder(folder: Path, job: Job) -> Path:
    """Where the scheduler puts what a job prints."""
    return folder / "jobs" / job.name


def _last_words(folder: Path, job: Job) -> str:
    """The last line that the job's latest submission printed; empty if it printed none."""
    if not job.scheduler_ids:
        return ""
    prints = list(logs_folder(folder, job).glob(f"{job.scheduler_ids[-1]}_*_log.*"))
    prints.sort(key=lambda path: path.stat().st_mtime)
    for path in reversed(prints):
        lines = [line.strip() for line in _tail(path).splitlines() if line.strip()]
        if lines:
            return lines[-1][:200]
    return ""


def _tail(path: Path, size: int = 4000) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - size))
        return file.read().decode(errors="replace")
