"""Submitting a fleet's jobs through submitit, which knows Slurm and this machine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from likeforlike.bench.fleet.job import BenchJob
from likeforlike.bench.fleet.manifest import FleetError, Job, Manifest, Terms, write_manifest
from likeforlike.bench.fleet.status import MISSING, JobState, logs_folder
from likeforlike.devices.machine.discovery import find_devices

SIGNAL_SECONDS = 90
"""Notice that a job has before its wall time ends, to keep what is finished and be requeued."""
MOST_TIMEOUTS = 1000
"""How often a job may run into its wall time: it resumes, so each time it is further on."""

Submit = Callable[[Job], str]
"""Submits a job; what the scheduler calls it."""


def submit_missing(
    folder: Path, manifest: Manifest, states: Sequence[JobState], submit: Submit
) -> tuple[Manifest, list[Job]]:
    """Submit the jobs that are neither complete nor under way; the record is kept after each."""
    sent = []
    write_manifest(folder, manifest)
    for state in states:
        if state.word not in MISSING:
            continue
        job = Job(
            state.job.name, state.job.kind, state.job.file, (*state.job.scheduler_ids, submit(state.job))
        )
        manifest = manifest.with_job(job)
        write_manifest(folder, manifest)
        sent.append(job)
    return manifest, sent


def submitter(folder: Path, terms: Terms) -> Submit:
    """What submits to the terms' cluster. Raises FleetError if submitit or the cluster is not there."""
    try:
        import submitit
    except ImportError:
        raise FleetError("submitit is not installed: pip install 'likeforlike[fleet]'") from None

    def submit(job: Job) -> str:
        logs = logs_folder(folder, job)
        try:
            executor = submitit.AutoExecutor(logs, terms.cluster, **_countdown(terms))
            executor.update_parameters(**parameters(terms, job))
            run = BenchJob(terms.options, folder / job.file, Path(terms.directory))
            with out_of_reach():
                return executor.submit(run).job_id
        except (OSError, RuntimeError, submitit.core.utils.FailedJobError) as error:
            why = " ".join(str(error).split())
            raise FleetError(f"{job.name}: {terms.cluster} does not take the job: {why}") from error

    return submit


def _countdown(terms: Terms) -> dict[str, Any]:
    return {f"{terms.cluster}_max_num_timeout": MOST_TIMEOUTS}


def parameters(terms: Terms, job: Job) -> dict[str, Any]:
    """What submitit is told of a job, in its own words."""
    if terms.cluster == "local":
        gpus = [device.index for device in find_devices() if device.kind == "gpu"]
        return {
            "name": job.name,
            "timeout_min": terms.minutes,
            "gpus_per_node": len(gpus),  # told of none, submitit would hide all
        }
    asked = {"partition": job.kind.partition, "gres": job.kind.gres, "constraint": job.kind.constraint}
    told: dict[str, Any] = {f"slurm_{name}": value for name, value in asked.items() if value}
    if terms.exclusive:
        told["slurm_exclusive"] = True
    if terms.cpus is not None:
        told["cpus_per_task"] = terms.cpus
    return told | {
        "name": job.name,
        "timeout_min": terms.minutes,
        "slurm_signal_delay_s": SIGNAL_SECONDS,
        # requeue: Slurm puts the job back by itself when its node is lost or it is preempted
        "slurm_additional_parameters": {"requeue": True},
    }


@contextmanager
def out_of_reach() -> Iterator[None]:
    """Let programs started inside outlive this one: deaf to Ctrl-C and hang-up, not holding its output."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {output: os.dup(output) for output in (1, 2)}
    with open(os.devnull, "wb") as nowhere:
        for output in kept:
            os.dup2(nowhere.fileno(), output)
    try:
        yield
    finally:
        for output, own in kept.items():
            os.dup2(own, output)
            os.close(own)
        for number, handler in before.items():
            signal.signal(number, handler)
