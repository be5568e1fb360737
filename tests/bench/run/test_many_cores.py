"""256 logical cores pretended, in the harness and in its workers: no cell fails for its threads."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

from command import command, environment

PRETENDED = """
import os

os.sched_getaffinity = lambda pid=0: set(range(256))
os.cpu_count = lambda: 256
"""


def test_the_default_is_what_all_entrants_can_do(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PRETENDED)
    installed = [name for name in ("numpy", "torch", "jax") if importlib.util.find_spec(name)]
    options = [
        *("--preset=smoke", "--workloads=matmul", "--sizes=8", "--devices=cpu", "--benchmark-disable"),
        *(f"--implementations={','.join(installed)}", "-k", "matmul"),
    ]
    unasked = [word for word in command(*options) if not word.startswith("--threads")]
    done = subprocess.run(
        unasked,
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(installed)} passed" in done.stdout
    assert "256 threads, " in done.stdout
    assert "since numpy takes part and has 64 at most; 256 cores are usable" in done.stdout
