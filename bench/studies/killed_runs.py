"""Kill a run with SIGKILL at random moments, resume it each time, and see what was lost.

``python -m likeforlike.bench.studies.killed_runs --kills 20 -- --preset smoke`` prints a line for each kill
and fails if a finished cell was measured again or lost, a worker outlived its harness, or the end is
incomplete.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from likeforlike.bench.keep.journal import journal_path
from likeforlike.bench.measure.worker_process import WORKER
from likeforlike.devices.process.interpreter import module_command, same_imports

_REPOSITORY = Path(__file__).parents[2]
_GONE_SECONDS = 60.0
"""One that was only starting imports NumPy before it asks to die with its harness."""


@dataclass(frozen=True)
class Kill:
    """One interrupted session."""

    after_seconds: float
    finished_before: int
    finished_after: int
    survivors: int


def harness_command(options: Sequence[str], result_file: Path) -> list[str]:
    """``likeforlike bench`` with these options, resuming."""
    files = [f"--benchmark-json={result_file}", "--resume", "-p", "no:cacheprovider"]
    return module_command("likeforlike", "bench", *options, *files)


def workers_of(pid: int) -> list[psutil.Process]:
    """Living workers whose command line names this harness as theirs."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if alive and WORKER in words and words[-1] == str(pid):
            found.append(process)
    return found


def kill_after(
    command: Sequence[str], seconds: float, environment: Mapping[str, str], folder: Path
) -> tuple[bool, int]:
    """Run for that long, then SIGKILL: whether it had ended by itself, and how many workers outlive it."""
    with tempfile.TemporaryFile() as log:
        run = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        with suppress(subprocess.TimeoutExpired):
            status = run.wait(seconds)
            if status != 0:
                log.seek(0)
                raise RuntimeError(f"exit status {status}:\n{log.read().decode(errors='replace')}")
            return True, 0
        workers = workers_of(run.pid)
        run.kill()
        run.wait()
        _, alive = psutil.wait_procs(workers, timeout=_GONE_SECONDS)
        return False, len([p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE])


def ended_cells(journal: Path) -> list[str]:
    """The cells of whole journal lines, in order, repetitions included."""
    if not journal.exists():
        return []
    lines = journal.read_bytes().rpartition(b"\n")[0].splitlines()
    records = [record for line in lines if "cell" in (record := json.loads(line))]
    return [record["cell"] for record in records if record.get("launch") is None]


def kill_and_resume(
    options: Sequence[str], kills: int, longest_seconds: float, draw: random.Random, folder: Path
) -> list[Kill]:
    """Interrupt a run ``kills`` times, then let it end. AssertionError for anything lost or repeated."""
    result_file = folder / "killed.json"
    command = harness_command(options, result_file)
    environment = same_imports()
    journal = journal_path(result_file)
    seen: list[Kill] = []
    while len(seen) < kills:
        before = ended_cells(journal)
        seconds = draw.uniform(0.3, longest_seconds)
        done, survivors = kill_after(command, seconds, environment, folder)
        after = ended_cells(journal)
        assert after[: len(before)] == before, "a finished cell was lost"
        assert len(set(after)) == len(after), "a finished cell was measured again"
        assert survivors == 0, f"{survivors} workers outlived their harness"
        if done:  # there was nothing left to kill: begin anew
            check_complete(result_file)
            journal.unlink()
            continue
        seen.append(Kill(seconds, len(before), len(after), survivors))
    kill_after(command, 3600.0, environment, folder)
    check_complete(result_file)
    return seen


def check_complete(result_file: Path) -> None:
    """Each journaled cell stands in the result file, once. Raises AssertionError."""
    result = json.loads(result_file.read_text())
    told = [benchmark["extra_info"]["cell"] for benchmark in result["benchmarks"]]
    told += [cell["cell"] for cell in result["likeforlike"]["unmeasured"]]
    assert sorted(told) == sorted(ended_cells(journal_path(result_file))), "the result file lacks a cell"
    outcomes = {cell["outcome"] for cell in result["likeforlike"]["unmeasured"]}
    assert "interrupted" not in outcomes, "a cell was never reached"


def main() -> None:
    """Print what became of each kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--longest", type=float, default=30.0, help="latest moment of a kill, seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("options", nargs="*", help="options of likeforlike bench, after --")
    arguments = parser.parse_args()
    options = arguments.options or ["--preset", "smoke"]
    with tempfile.TemporaryDirectory() as folder:
        draw = random.Random(arguments.seed)
        kills = kill_and_resume(options, arguments.kills, arguments.longest, draw, Path(folder))
    for kill in kills:
        print(
            f"killed after {kill.after_seconds:5.1f} s: {kill.finished_before:3d} cells finished before, "
            f"{kill.finished_after:3d} after, {kill.survivors} workers left"
        )
    print(f"{len(kills)} kills: no finished cell lost or measured again, no worker left, the end complete")


if __name__ == "__main__":
    main()
