"""Runs of the whole product: ``likeforlike bench`` in a process of its own, beside a neighbour or not."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from likeforlike.bench.studies.replication import copies
from likeforlike.bench.studies.replication.settings import BUSY, KERNELS, Setting, settings_of
from likeforlike.bench.studies.staging import busy_neighbour
from likeforlike.bench.studies.staging.account import StudyFailed
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.models.kernels.matmul.workload import WORKLOAD
from likeforlike.models.registry import load_registry
from likeforlike.models.tasks.mlp.workload import TRAINING

PRODUCT = WORKLOAD.name


def measure(asked: argparse.Namespace) -> list[str]:
    """Measure what does not lie in the folder yet, trial by trial; a line for each entrant left out."""
    kernels, without = installed(PRODUCT, asked.kernels)
    trainers, further = installed(TRAINING, asked.trainers)
    settings = list(settings_of(asked.conditions, kernels, trainers, asked.launches))
    wanted = [(setting, number) for number in range(1, asked.trials + 1) for setting in settings]
    wanted = [(s, number) for s, number in wanted if not complete(s.result(asked.folder, number))]
    for place, (setting, number) in enumerate(wanted, 1):
        started = time.monotonic()
        with neighbour(setting.condition, f"{asked.seed} {setting.title} {number}"):
            bench(options_of(setting, asked), setting.result(asked.folder, number))
        told = f"[{place}/{len(wanted)}] {setting.title}, run {number}: {time.monotonic() - started:.0f} s"
        print(told, file=sys.stderr, flush=True)
    return [*without, *further]


def complete(result: Path) -> bool:
    """Whether a run's file is there and no cell of it was cut off: a run that was is taken up again."""
    if not result.exists():
        return False
    ours = msgspec.json.decode(result.read_bytes()).get("likeforlike", {})
    return all(gap.get("outcome") != "interrupted" for gap in ours.get("unmeasured", ()))


def installed(workload: str, names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Those of the entrants that can be measured, and a line for each of the others."""
    registry = load_registry()
    missing = {name: registry.find(workload, name).missing() for name in names}
    left = [f"- {name} left out: {reason}" for name, reason in missing.items() if reason is not None]
    return tuple(name for name, reason in missing.items() if reason is None), left


def entrants(setting: Setting, copies_beside: int) -> list[str]:
    """The names of a group: the original, its copies, and what is slower; of trainings two more copies."""
    number = copies_beside + (0 if setting.kind == KERNELS else len(copies.SLOWER_PERCENT))
    names = [setting.entrant, *(copies.copy_name(setting.entrant, n) for n in range(1, number + 1))]
    if setting.kind == KERNELS:
        names += [copies.slower_name(setting.entrant, percent) for percent in copies.SLOWER_PERCENT]
    return names


def options_of(setting: Setting, asked: argparse.Namespace) -> list[str]:
    """What ``likeforlike bench`` is asked for."""
    options = common_options(asked, entrants(setting, asked.copies))
    if setting.kind == KERNELS:
        options += [f"--workloads={PRODUCT}", f"--sizes={','.join(map(str, asked.sizes))}"]
    else:
        options += [f"--workloads={TRAINING}", "--recipes=matched", "--data=synthetic"]
        options += [f"--train-samples={asked.train_samples}"]
    return options if setting.launches is None else [*options, f"--launches={setting.launches}"]


def common_options(asked: argparse.Namespace, names: Sequence[str]) -> list[str]:
    """Of every run: the preset, the plug-in and who takes part."""
    options = ["--preset=quick", "--devices=cpu:0", "--no-measured-ceiling", f"--plugin={copies.__name__}"]
    options += [f"--implementations={','.join(names)}"]
    return options if asked.threads is None else [*options, f"--threads={asked.threads}"]


def neighbour(condition: str, seed: str) -> AbstractContextManager[None]:
    """The bursty neighbour, if the condition has one; its bursts are the same for the same seed."""
    if condition != BUSY:
        return nullcontext()
    return busy_neighbour.competing(busy_neighbour.BURSTY, zlib.crc32(seed.encode()), told=False)


def bench(options: Sequence[str], result: Path, environment: Mapping[str, str] | None = None) -> None:
    """One run; what it prints is kept beside its result file. Raises StudyFailed if it leaves none."""
    result.parent.mkdir(parents=True, exist_ok=True)
    command = module_command("likeforlike", "bench", "-q", *options, "-p", "no:cacheprovider")
    command += [f"--benchmark-json={result}", "--resume"]
    log = result.with_suffix(".log")
    with log.open("ab") as stream:
        ended = subprocess.run(
            command,
            env={**same_imports(), **(environment or {})},
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not result.exists():
        told = f"likeforlike bench ended with status {ended.returncode} and left no {result}"
        raise StudyFailed(f"{told}: see {log}")
