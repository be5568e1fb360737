"""How a fleet of hundreds is collected: made-up machines, real ``collect`` and report.

``python -m likeforlike.bench.studies.fleet_simulation`` makes the result files of 500 machines of five kinds,
200 cells each, one machine of each kind odd and 3 % of the files torn, runs ``likeforlike fleet collect`` on
them and prints its time and memory, and whether it found the torn files and the odd machines.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from likeforlike.bench.fleet.manifest import SCHEMA_VERSION, Job, Kind, Manifest, Terms, write_manifest
from likeforlike.bench.studies.staging.account import StudyFailed, required
from likeforlike.devices.process.interpreter import module_command, same_imports
from likeforlike.models.kernels.matmul.workload import WORKLOAD as MATMUL

KINDS = 5
SAMPLES = 12
ODD_RATIO = 1.3
SIZES = tuple(250 * step for step in range(1, 11))
DTYPES = ("float64", "float32", "bfloat16", "float16")
IMPLEMENTATIONS = ("numpy", "tf-eager", "tf-graph", "torch", "jax")


def cells(count: int) -> list[tuple[str, int, str]]:
    """Implementation, size and dtype of the first cells of a grid of products."""
    grid = [(name, size, dtype) for dtype in DTYPES for size in SIZES for name in IMPLEMENTATIONS]
    if count > len(grid):
        raise StudyFailed(f"--cells {count}: the grid has {len(grid)}")
    return grid[:count]


def fingerprint(kind: int) -> dict[str, Any]:
    """A made-up kind of machine."""
    cores = 8 * (kind + 1)
    return {
        "id": f"{kind:012x}",
        "cpu": {"model": f"Model {kind}", "usable_cores": cores, "hertz": 3e9, "vector": "avx512f"},
        "memory_bytes": cores * 4 * 2**30,
        "gpus": [],
        "versions": {"python": "3.12.0", "numpy": "2.4.0"},
        "threads": cores,
    }


def result_file(kind: int, machine: int, count: int, odd: bool) -> bytes:
    """One machine's result file: times by size, faster on larger kinds, a per cent of noise."""
    noise = np.random.default_rng([kind, machine])
    own = noise.lognormal(0.0, 0.005) * (ODD_RATIO if odd else 1.0)
    benchmarks = []
    for position, (name, size, dtype) in enumerate(cells(count)):
        seconds = 2 * size**3 / (1e10 * (kind + 1)) * (1 + position % 5 / 10) * own
        data = [float(second) for second in seconds * noise.lognormal(0.0, 0.01, SAMPLES)]
        cell = f"{MATMUL.name}-{name}-cpu:0-{size}-{dtype}"
        extra = {
            "cell": cell,
            "workload": MATMUL.name,
            "implementation": name,
            "device": "cpu:0",
            "axes": {"size": size, "dtype": dtype},
            "flop": 2 * size**3,
            "verified": {"error": 0.0, "tolerance": 1e-5},
            "round_numbers": list(range(SAMPLES)),
            "plausible": {"ok": True, "reasons": []},
        }
        stats = {"data": data, "median": float(np.median(data)), "rounds": SAMPLES}
        group = f"{MATMUL.name} cpu:0 {size} {dtype}"
        benchmarks.append({"name": f"test_cell[{cell}]", "group": group, "stats": stats, "extra_info": extra})
    document = {
        "machine_info": {"node": f"node-{kind}-{machine:03}", "likeforlike": fingerprint(kind)},
        "datetime": "2026-11-24T00:00:00",
        "version": "5.0.0",
        "benchmarks": benchmarks,
        "likeforlike": {
            "schema_version": 1,
            "run_id": f"run-{kind}-{machine}",
            "unmeasured": [],
            "noise": {"aa_interval": [0.995, 1.005], "harness_seconds_per_sample": 3e-7},
        },
    }
    return msgspec.json.encode(document)


def make_fleet(folder: Path, machines: int, count: int, torn_share: float) -> tuple[list[str], list[str]]:
    """Leave a fleet's files in a folder; names of the torn files' jobs and of the odd machines."""
    draw = np.random.default_rng(2020)
    torn_numbers = set(draw.choice(machines, round(machines * torn_share), replace=False).tolist())
    odd_numbers = {next(n for n in range(k, machines, KINDS) if n not in torn_numbers) for k in range(KINDS)}
    jobs, torn, odd = [], [], []
    for number in range(machines):
        kind, machine = number % KINDS, number // KINDS
        name = f"kind-{kind}-{machine + 1}"
        jobs.append(Job(name, Kind(f"kind-{kind}"), f"{name}.json"))
        content = result_file(kind, machine, count, number in odd_numbers)
        if number in torn_numbers:
            torn.append(name)
            content = content[: int(len(content) * draw.uniform(0.05, 0.95))]
        if number in odd_numbers:
            odd.append(f"node-{kind}-{machine:03}")
        (folder / f"{name}.json").write_bytes(content)
    terms = Terms("local", (), str(folder), 60)
    write_manifest(folder, Manifest(SCHEMA_VERSION, terms, tuple(jobs)))
    return torn, odd


def collect(folder: Path) -> tuple[float, int, str]:
    """Wall seconds, peak resident bytes of the larger process, and what was printed."""
    log = folder / "collect.log"
    with open(log, "wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            module_command("likeforlike", "fleet", "collect", "--output", str(folder)),
            env=same_imports(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text()
    if process.returncode not in (0, 1):
        raise StudyFailed(f"collect ended with status {process.returncode}: {text[-500:]}")
    return seconds, usage.ru_maxrss * 1024, text


def main(given: Sequence[str] | None = None) -> None:
    """Make, collect, print."""
    parser = argparse.ArgumentParser(
        prog="python -m likeforlike.bench.studies.fleet_simulation", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--machines", type=int, default=500)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--torn", type=float, default=0.03, help="share of torn files")
    asked = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torn, odd = make_fleet(folder, asked.machines, asked.cells, asked.torn)
        size = sum(path.stat().st_size for path in folder.glob("*.json"))
        seconds, memory, told = collect(folder)
        report = (folder / "report" / "report.md").read_text()
    print(f"{asked.machines} machines x {asked.cells} cells, {size / 2**20:.0f} MiB, {len(torn)} files torn")
    print(f"collect and report: {seconds:.1f} s, {memory / 2**20:.0f} MiB at the peak")
    named = sum(f"{name} " in told and f"{name}.json" in report for name in torn)
    told_of = f"{named} of {len(torn)} torn files named by collect and in the report"
    print(required(told_of, named == len(torn)))
    found = sum(name in report for name in odd)
    print(required(f"{found} of {len(odd)} odd machines named in the report", found == len(odd)))


if __name__ == "__main__":
    try:
        main()
    except StudyFailed as error:
        sys.exit(f"error: {error}")
