"""What Slurm, or this machine, says of its jobs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import psutil

from likeforlike.bench.fleet.manifest import FleetError

Active = Literal["running", "waiting"]
Scheduler = Callable[[Iterable[str]], Mapping[str, Active]]
"""From a scheduler's job ids to those that still run or wait."""

WAITING_STATES = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD")
"""Slurm's words (squeue(1), job state codes) for a job that has yet to run."""


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
