"""Launches through the whole product, with NumPy alone."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from command import command, environment, read, run_bench

OPTIONS = (
    "--preset=smoke",
    "--workloads=matmul,eigen",
    "--sizes=32,eigen:2",
    "--implementations=numpy,numpy-eigh",
    "--launches=3",
    "--benchmark-json=r.json",
)

PLUGIN = """
import os
from likeforlike.models.contract import Implementation, Kernel

def product(problem):
    left, right = problem.operands
    with open("starts.txt", "a") as file:
        file.write(f"{os.getpid()} {os.environ['PYTHONHASHSEED']} {len(os.environ['LIKEFORLIKE_PADDING'])}\\n")
    return Kernel(call=lambda: left @ right)

IMPLEMENTATIONS = [Implementation("mine", "matmul", "numpy", "a product", f"{__name__}:product")]
"""


def extras(file: Path) -> dict[str, dict[str, Any]]:
    return {b["extra_info"]["cell"]: b["extra_info"] for b in read(file)["benchmarks"]}


def test_each_launch_is_a_new_process_with_what_was_drawn_for_it(tmp_path: Path) -> None:
    (tmp_path / "starting.py").write_text(PLUGIN)
    options = [*OPTIONS, "--plugin=starting", "--implementations=numpy,mine", "--workloads=matmul"]
    options += ["--sizes=32", "-k", "matmul"]
    done = run_bench(tmp_path, *options, extra_path=tmp_path)
    assert done.returncode == 0, done.stdout
    told = extras(tmp_path / "r.json")["matmul-mine-cpu:0-32-float32"]
    started = [line.split() for line in (tmp_path / "starts.txt").read_text().splitlines()]
    assert len({pid for pid, _, _ in started}) == len(started) == 3
    assert [[str(one["hash_seed"]), str(one["environment_bytes"])] for one in told["launches"]] == [
        start[1:] for start in started
    ]
    assert sorted(set(told["launch_numbers"])) == [0, 1, 2]
    assert len(told["launch_numbers"]) == len(told["round_numbers"]) == len(set(told["round_numbers"]))
    assert told["stop"]["launches"] == 3


def test_launches_are_spread_over_the_run_and_paired_within_a_group(tmp_path: Path) -> None:
    assert run_bench(tmp_path, *OPTIONS, "--launches=2").returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "r.json.journal.jsonl").read_text().splitlines()]
    order = [(line["launch"], line["cell"].split("-")[0]) for line in lines if line.get("launch") is not None]
    workloads = list(dict.fromkeys(workload for _, workload in order))
    assert list(dict.fromkeys(order)) == [(k, w) for k in range(2) for w in workloads]
    told = extras(tmp_path / "r.json")
    assert set(told["noise-twin-a-cpu:0"]["round_numbers"]) & set(told["noise-twin-b-cpu:0"]["round_numbers"])


def test_an_ended_run_tells_the_launches_it_has_and_goes_on_behind_them(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(*OPTIONS),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "noise, launch 2 of 3" in line:
                break
        run.send_signal(signal.SIGINT)
        said = run.stdout.read()
    assert run.returncode == 2, said
    assert "--resume" in said
    first = extras(tmp_path / "r.json")
    assert first["noise-twin-a-cpu:0"]["stop"] == {
        "reason": "interrupted",
        "median_interval": None,
        "rounds": len(first["noise-twin-a-cpu:0"]["round_numbers"]),
        "launches": 2,
        "ratio_half_width": None,
    }
    assert first["eigen-numpy-eigh-cpu:0-2"]["stop"]["reason"] == "interrupted"
    assert run_bench(tmp_path, *OPTIONS, "--resume").returncode == 0
    second = extras(tmp_path / "r.json")
    count = len(first["noise-twin-a-cpu:0"]["round_numbers"])
    before, after = first["noise-twin-a-cpu:0"], second["noise-twin-a-cpu:0"]
    assert after["round_numbers"][:count] == before["round_numbers"]
    for told in second.values():
        assert sorted(set(told["launch_numbers"])) == [0, 1, 2]
        assert len(set(told["round_numbers"])) == len(told["round_numbers"])
