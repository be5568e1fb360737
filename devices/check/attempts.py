"""A worker process tried with a time limit: what it found, or how it failed, in its last words."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from likeforlike.devices.check.probes.worker import ENDED, MARK, PROBES, STARTED
from likeforlike.devices.check.rows import Facts, Place, Row

POLL_SECONDS = 0.25

LAST_WORDS = 160
"""Characters of what a process said last."""

TITLES = {
    "memory": "memory counter",
    "placing": "placement",
    "waiting": "waited call",
    "precision": "precision",
    "product": "best product",
}
"""What a row is called whose probe raised."""


@dataclass(frozen=True)
class Attempt:
    """What a worker told before it ended."""

    facts: Mapping[str, Facts] = field(default_factory=dict)
    """By probe."""
    fault: str = ""
    """How it ended, where that was not well."""
    cut_off: bool = False
    """Whether it was ended because the whole check ran out of time."""


def attempt(
    command: Sequence[str],
    environment: Mapping[str, str],
    limit_seconds: float,
    left_seconds: float,
    look: Callable[[], None] = lambda: None,
) -> Attempt:
    """Run a worker for ``limit_seconds``, or what is left, at most; ``look`` is called meanwhile."""
    limit = min(limit_seconds, left_seconds)
    try:
        status, told, said = _run(command, environment, limit, look)
    except OSError as error:  # no such program, no more processes, no room for what it prints
        return Attempt(fault=f"it could not be started: {error.strerror or error}")
    facts = read_facts(told)
    if status is None:
        return Attempt(facts, f"no answer within {limit:.0f} s", cut_off=left_seconds < limit_seconds)
    return Attempt(facts, ended_badly(status, said, facts))


def _run(
    command: Sequence[str], environment: Mapping[str, str], limit_seconds: float, look: Callable[[], None]
) -> tuple[int | None, str, str]:
    """Exit status, None if it had to be killed; what it printed, and what it complained of."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        try:
            in_time = _ends_in_time(process, limit_seconds, look)
        finally:
            process.kill()
            process.wait()
        return process.returncode if in_time else None, _text(output), _text(errors)


def _ends_in_time(process: subprocess.Popen[bytes], limit_seconds: float, look: Callable[[], None]) -> bool:
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
            return True
        look()
    return False


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def read_facts(told: str) -> dict[str, Facts]:
    """Facts by probe, out of everything that a worker printed."""
    facts: dict[str, Facts] = {}
    for line in told.splitlines():
        if line.startswith(MARK):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                one = json.loads(line.removeprefix(MARK))
                facts[one["probe"]] = one["facts"]
    return facts


def ended_badly(status: int, said: str, facts: Mapping[str, Facts]) -> str:
    """How a process died, and its last words; empty if it ended well."""
    if status == 0:
        stopped = STARTED in facts and (facts[STARTED].get("error") or facts[STARTED].get("complaint"))
        broken = any(facts[name].get("error") for name in PROBES if name in facts)
        return "" if ENDED in facts or stopped or broken else "it ended without a word"
    words = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    how = f"status {status}"
    if status < 0:
        with contextlib.suppress(ValueError):
            how = signal.Signals(-status).name
    return f"it died of {how}" + (f": {' '.join(words.split())[-LAST_WORDS:]}" if words else "")


def fault_rows(place: Place, tried: Attempt) -> list[Row]:
    """Rows for all that a worker could not tell: how it ended, and probes that raised."""
    name = place.framework or "it"
    rows = []
    for probe, facts in tried.facts.items():
        if probe in TITLES and facts.get("error"):
            rows.append(place.bad(TITLES[probe], f"raised {facts['error']}", f"reinstall or update {name}"))
    if tried.fault:
        done = [probe for probe in PROBES if probe in tried.facts]
        rest = PROBES[len(done) :]
        during = f", during {rest[0]}" if STARTED in tried.facts and rest else ""
        what = "process"
        if tried.cut_off:
            found = f"the check ran out of time{during}"
            rows.append(place.not_measurable(what, found, "check fewer devices"))
        else:
            remedy = f"python -c 'import {name}' here; reinstall or update it"
            rows.append(place.bad(what, f"{tried.fault}{during}", remedy))
    return rows
