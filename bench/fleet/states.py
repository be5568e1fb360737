"""How far each job of a fleet is: what the scheduler says, and what its journal and result file hold."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from bench.fleet.manifest import FleetError, Job, Manifest
from bench.journal import journal_path

Word = Literal["complete", "running", "waiting", "ended early", "torn", "not started"]
Active = Literal["running", "waiting"]
Scheduler = Callable[[Iterable[str]], Mapping[str, Active]]
"""From a scheduler's job ids to those that still run or wait."""

MISSING: tuple[Word, ...] = ("ended early", "torn", "not started")
"""What submitting again submits again."""
WAITING_STATES = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD")
"""Slurm's words (squeue(1), job state codes) for a job that has yet to run."""


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
    except msgspec.DecodeError as error:
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
        except msgspec.DecodeError:
            continue
        cells = read.cells if read.cells is not None else cells
        ended.add(read.cell)
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


def slurm_states(ids: Iterable[str]) -> dict[str, Active]:
    """Slurm's jobs that still run or wait, by ``squeue``: it needs no accounting. Raises FleetError."""
    wanted = list(ids)
    command = ["squeue", "--noheader", "--format=%i %T", f"--jobs={','.join(wanted)}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise FleetError("squeue is not installed: ask from a machine of the cluster") from None
    if told.returncode != 0 and "Invalid job id" not in told.stderr:
        raise FleetError(f"squeue failed: {' '.join(told.stderr.split())}")
    if told.returncode != 0 and len(wanted) > 1:  # one forgotten id spoils the whole question
        return {name: state for one in wanted for name, state in slurm_states([one]).items()}
    words = dict(line.split() for line in told.stdout.splitlines() if len(line.split()) == 2)
    return {name: "waiting" if word in WAITING_STATES else "running" for name, word in words.items()}


def local_states(ids: Iterable[str]) -> dict[str, Active]:
    """Jobs of this machine that still run: a local job's id is its controller's process id."""
    found: dict[str, Active] = {}
    for name in ids:
        try:
            process = psutil.Process(int(name))
            runs = process.status() != psutil.STATUS_ZOMBIE and "submitit.local._local" in process.cmdline()
        except (psutil.Error, ValueError):
            runs = False
        if runs:
            found[name] = "running"
    return found


SCHEDULERS: dict[str, Scheduler] = {"slurm": slurm_states, "local": local_states}
