"""How long reports of many files take: ``python tests/reports/benchmark_scale.py [FILES...]``.

Makes files of 60 cells each, of a fifth as many machines, reports them in a process of its own for each
count (default 1 100 300 1000) and prints seconds, peak memory and the exponent with which time grows.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import samples

ROOT = Path(__file__).resolve().parents[2]


def sixty_cells(number):
    """One file of 60 cells: 16 trainers' runs, 36 products, 8 checks."""
    noise = samples.Noise(number)
    factor = 1.0 + (number % 50) / 50
    cells = samples.trainers(noise, factor, epochs=8, runs=2)[:16]
    devices = ("cpu:0", "gpu:0")
    cells += samples.products(noise, factor, devices, (500, 1000, 2000, 5000, 8000, 10000))[:36]
    cells += samples.checks(noise)
    machine = samples.fingerprint(
        f"{number // 5:012x}", {"usable_cores": 2 + number // 5 % 60}, [samples.A100]
    )
    return samples.document(cells, machine, run_id=f"run-{number}")


def measure(paths, output):
    """Wall seconds and peak resident bytes of one report."""
    command = [sys.executable, "-m", "reports", *map(str, paths), "--output", str(output)]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the report of {len(paths)} files failed")
    return seconds, usage.ru_maxrss * 1024


def main(counts):
    """Make the files once, report the first so many of them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.json" for number in range(max(counts))]
        for number, path in enumerate(paths):
            path.write_text(json.dumps(sixty_cells(number)))
        times = {}
        for count in counts:
            seconds, memory = measure(paths[:count], Path(folder) / "report")
            times[count] = seconds
            print(
                f"{count:5d} files, {60 * count:6d} cells: {seconds:6.2f} s, {memory / 2**20:7.0f} MiB",
                flush=True,
            )
    if len(counts) > 1:
        first, last = sorted(counts)[-2:]
        exponent = math.log(times[last] / times[first]) / math.log(last / first)
        print(f"time grows with the {exponent:.2f}th power of the number of files ({first} to {last})")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1, 100, 300, 1000])
