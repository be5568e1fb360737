"""How a study prints what it found."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime

import psutil
from tabulate import tabulate

from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.fingerprint import machine_fingerprint
from likeforlike.devices.machine.resources import usable_cores
from likeforlike.reports.statistics.ratios import RatioEstimate

ENOUGH_SECONDS = 600.0


class StudyFailed(Exception):
    """A study can't give its figures; one line."""


def heading(title: str, name: str) -> str:
    """The title, the command, the date and the machine, as Markdown."""
    machine = machine_fingerprint(find_devices(), usable_cores())
    cpu = machine["cpu"]
    versions = ", ".join(f"{key} {value}" for key, value in machine["versions"].items() if value)
    one, five, _ = os.getloadavg()
    command = f"python -m likeforlike.bench.studies.{name} {shlex.join(sys.argv[1:])}".rstrip()
    return "\n".join(
        [
            f"## {title}\n",
            f"- command: `{command}`",
            f"- date: {datetime.now():%Y-%m-%d %H:%M}",
            f"- machine: {cpu['model']}, {cpu['usable_cores']} usable cores, {cpu['vector']}",
            f"- load before: {one:.1f} over one minute, {five:.1f} over five",
            f"- versions: {versions}",
        ]
    )


class Account:
    """What a study took: its wall time, and the processor time that went to others meanwhile."""

    def __init__(self) -> None:
        """Begin to count."""
        self._started = time.monotonic()
        self._others_seconds = _others_seconds()

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return time.monotonic() - self._started

    def closing(self) -> str:
        """Both in words, once every process of the study has ended and been waited for."""
        others = (_others_seconds() - self._others_seconds) / self.seconds
        return f"Took {self.seconds:.0f} s; processes that are not the study's took {others:.0%} of one core."


def _others_seconds() -> float:
    """Processor time since boot of everything but this process and its children that have ended."""
    machine, own = psutil.cpu_times(), psutil.Process().cpu_times()
    busy = machine.user + machine.system + sum(getattr(machine, n, 0.0) for n in ("nice", "irq", "softirq"))
    return busy - own.user - own.system - own.children_user - own.children_system


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def ratio_text(estimate: RatioEstimate) -> str:
    """``1.012 (1.004 to 1.020)``; without interval where there are too few pairs."""
    if not estimate.has_interval:
        return f"{estimate.ratio:.3f} (too few pairs: {estimate.pairs})"
    return f"{estimate.ratio:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def required(text: str, holds: bool | None) -> str:
    """A requirement and whether the figures meet it; None where they can't tell."""
    word = "undecided" if holds is None else "yes" if holds else "no"
    return f"- {text}: **{word}**"
