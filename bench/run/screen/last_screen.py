"""The last screen of a run, after all that pytest says: its findings, its file, the next command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeforlike.devices.limits.wrapping import wrap_text
from likeforlike.devices.process.interpreter import import_path, module_command

_MOST_FAILURES = 6
_TELLING_SECONDS = 120.0


@dataclass(frozen=True)
class Ending:
    """What there is to say of a run that has ended."""

    findings: str
    failures: Mapping[str, str]
    """Outcome and reason of each cell that failed, by cell."""
    measured: int
    chosen: int
    early: bool
    result_file: Path | None
    """None: the run was not asked to keep its figures."""
    next_command: str
    """To read the file, to go on, or to keep a run's figures."""


def last_screen(ending: Ending, width: int) -> list[str]:
    """The lines, wrapped at words; commands and the findings as they are."""
    lines = ["What this run found:", *ending.findings.splitlines()] if ending.findings else []
    if ending.failures:
        lines += ["", *_failure_lines(ending.failures, width)]
    lines.append("")
    if ending.early:
        lines.append(f"ended early, with {ending.measured} of {ending.chosen} cells measured")
    if ending.result_file is not None:
        what = "to go on" if ending.early else "tables and plots"
        return [*lines, f"result file: {ending.result_file}", f"{what}: {ending.next_command}"]
    return [
        *lines,
        "Figures are not kept without --benchmark-json. To keep them next time:",
        ending.next_command,
    ]


def _failure_lines(failures: Mapping[str, str], width: int) -> list[str]:
    shown = list(failures.items())[:_MOST_FAILURES]
    told = [wrap_text(f"- {cell}: {reason}", width, "  ") for cell, reason in shown]
    left = len(failures) - len(shown)
    more = [f"- and {left} more, listed above"] if left else []
    return ["Without a figure, since they failed:", *told, *more]


def findings_of(result_file: Path, width: int, coloured: bool) -> str:
    """What ``likeforlike report`` finds in the file; one line that says why if it can't tell.

    In a process of its own: the harness loads nothing of the reports.
    """
    return _output(module_command("likeforlike", "report", str(result_file)), width, coloured)


def _output(command: Sequence[str], width: int, coloured: bool) -> str:
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    variables |= {"COLUMNS": str(width), "PYTHONPATH": import_path()}
    variables |= {"FORCE_COLOR" if coloured else "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TELLING_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"not told: the report took more than {_TELLING_SECONDS:.0f} s"
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return f"not told: {said[-1] if said else f'the report left with exit status {done.returncode}'}"
    return done.stdout.rstrip()
