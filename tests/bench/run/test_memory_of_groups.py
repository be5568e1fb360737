"""A group that can't be resident together, in a control group with little memory; as root alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import command, environment, read

MEMORY = Path("/sys/fs/cgroup/memory")
LIMIT_BYTES = 300 * 2**20
ENTRANTS = 5

PLUGIN = f"""
from likeforlike.models.contract import Implementation, Kernel

def product(problem):
    left, right = problem.operands
    return Kernel(call=lambda: left @ right)

IMPLEMENTATIONS = [
    Implementation(f"copy-{{n}}", "matmul", "numpy", "a product", f"{{__name__}}:product")
    for n in range({ENTRANTS})
]
"""


@pytest.fixture
def small_group() -> Iterator[Path]:
    group = MEMORY / f"likeforlike-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
    except OSError as error:
        pytest.skip(f"needs root and the memory controller of control groups, version 1: {error}")
    yield group
    group.rmdir()


def test_they_take_turns_in_pairs_and_none_is_killed(tmp_path: Path, small_group: Path) -> None:
    (tmp_path / "many.py").write_text(PLUGIN)
    names = [f"copy-{n}" for n in range(ENTRANTS)]
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--plugin=many", "--launches=2"]
    options += [f"--implementations={','.join(names)}", "--benchmark-json=r.json", "-k", "matmul"]
    done = subprocess.run(
        command(*options),
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=1500,
        preexec_fn=lambda: (small_group / "cgroup.procs").write_text(str(os.getpid())),
    )
    assert done.returncode == 0, done.stdout
    assert "they take turns in pairs with copy-0" in done.stdout.replace("\n", " ")
    result = read(tmp_path / "r.json")
    assert result["likeforlike"]["unmeasured"] == []
    told = {b["extra_info"]["implementation"]: b["extra_info"] for b in result["benchmarks"]}
    beside = told["copy-0"]["beside"]
    assert sorted(beside) == [f"matmul-{name}-cpu:0-32-float32" for name in names[2:]]
    for name in names[1:]:
        base = told["copy-0"] if name == "copy-1" else beside[told[name]["cell"]]
        assert set(base["round_numbers"]) & set(told[name]["round_numbers"])
        assert set(base["launch_numbers"]) == {0, 1}
    rounds = [number for name in names[1:] for number in told[name]["round_numbers"]]
    assert len(set(rounds)) == len(rounds), "two that took no turns with each other share a round"
