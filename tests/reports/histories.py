"""Result files of one machine over commits, in which one commit slows a kernel."""

from __future__ import annotations

import datetime as dt
import hashlib

import numpy as np
import report_samples as samples

KERNELS = {"numpy": 0.020, "tf-graph": 0.015, "tf-xla": 0.012, "torch": 0.018, "mine": 0.011}


def commit(number):
    """The id of a commit."""
    return hashlib.sha1(f"commit {number}".encode()).hexdigest()


def documents(count=10, slowed_from=6, factor=1.10, machine=None, seed=1, noise=0.004, rounds=9):
    """One document a commit; ``mine`` is slower from commit number ``slowed_from`` on.

    ``machine``: logs by which all is slower at each commit, the copies, too.
    """
    draw = np.random.default_rng(seed)
    machine = np.zeros(count) if machine is None else machine
    return [
        document(number, machine[number], factor if number >= slowed_from else 1.0, draw, noise, rounds)
        for number in range(count)
    ]


def document(number, machine, factor, draw, noise, rounds):
    """The file of one commit."""

    def times(seconds):
        level = seconds * np.exp(machine + draw.normal(0, noise))
        return [float(level * np.exp(draw.normal(0, 0.01))) for _ in range(rounds)]

    axes = {"size": 500, "dtype": "float32"}
    cells = [
        samples.cell("matmul", name, "cpu:0", axes, times(seconds * (factor if name == "mine" else 1.0)))
        for name, seconds in KERNELS.items()
    ]
    twin = {"role": "twin", "twin_of": "numpy"}
    cells.append(samples.cell("matmul", "numpy-twin", "cpu:0", axes, times(KERNELS["numpy"]), **twin))
    cells += [samples.cell("noise", name, "cpu:0", {}, times(0.005)) for name in ("twin-a", "twin-b")]
    made = samples.document(cells, run_id=f"run-{number}")
    day = (dt.datetime(2026, 3, 1) + dt.timedelta(days=number)).isoformat() + "+00:00"
    made["commit_info"] = {"id": commit(number), "time": day, "dirty": False, "branch": "main"}
    made["datetime"] = day
    return made
