"""A competing process: one thread that multiplies small matrices and rests in between. Started by studies.

``python -m likeforlike.bench.studies.staging.busy_neighbour SEED PARENT_PID --share SHARE``: busy for SHARE
of the time, in bursts of 5 to 100 ms. With ``--on LOW HIGH --off LOW HIGH`` instead: busy and idle for so
many seconds, drawn evenly.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import psutil

from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.devices.process.lifetime import end_with_parent
from likeforlike.devices.process.thread_pools import limit_blas_threads

SHORTEST_SECONDS = 0.005
LONGEST_SECONDS = 0.1
BURSTY = ("--on", "2", "12", "--off", "2", "12")
"""A neighbour that computes for some seconds and rests for some: as hard to average away as any."""

Spell = tuple[float, float]
"""Seconds of work, then seconds of rest."""


def steady(share: float) -> tuple[str, ...]:
    """The options of one that is busy for a share of the time at any moment."""
    return "--share", str(share)


def spells(asked: argparse.Namespace) -> Iterator[Spell]:
    """Work and rest as asked for, without end; the same for the same seed."""
    draw = random.Random(asked.seed)
    while True:
        if asked.share is None:
            yield draw.uniform(*asked.on), draw.uniform(*asked.off)
        else:
            busy = draw.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)
            yield busy, busy * (1 - asked.share) / asked.share


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.staging.busy_neighbour", description=__doc__
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("parent_pid", type=int, help="end with that process")
    parser.add_argument("--share", type=float, help="of the time, above 0 and at most 1")
    for name in ("--on", "--off"):
        parser.add_argument(name, type=float, nargs=2, metavar=("LOW", "HIGH"), help="seconds")
    asked = parser.parse_args(given)
    if (asked.share is None) == (asked.on is None) or (asked.on is None) != (asked.off is None):
        parser.error("expected --share, or --on and --off")
    return asked


@contextmanager
def competing(options: Sequence[str], seed: int, told: bool = True) -> Iterator[None]:
    """Such a process beside the block; ``told``: a line says how much of a core it got."""
    command = module_command(__name__, str(seed), str(os.getpid()), *options)
    process = subprocess.Popen(command, env=same_imports())
    started = time.monotonic()
    try:
        yield
        used = psutil.Process(process.pid).cpu_times()
        got = (used.user + used.system) / (time.monotonic() - started)
        if told:
            print(f"- the competing process got {got:.0%} of one core\n", flush=True)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Compete until killed or the study is gone."""
    asked = arguments()
    end_with_parent(asked.parent_pid)
    limit_blas_threads(1)
    matrix = np.ones((200, 200), np.float32)
    for busy_seconds, idle_seconds in spells(asked):
        end = time.monotonic() + busy_seconds
        while time.monotonic() < end:
            np.matmul(matrix, matrix)
        time.sleep(idle_seconds)


if __name__ == "__main__":
    main()
