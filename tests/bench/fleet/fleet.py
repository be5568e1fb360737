"""Runs ``python -m bench`` as a user does, and makes files that jobs would have left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
GRID = ("--preset", "smoke", "--workloads", "matmul", "--implementations", "numpy", "--sizes", "32,64")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=REPOSITORY,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=1500,
    )


def leave_result(path: Path, cells: int = 3, interrupted: int = 0, busy: tuple[str, ...] = ()) -> None:
    """A result file as far as the fleet reads it."""
    lost = [{"cell": f"later-{n}", "outcome": "interrupted", "reason": "ended"} for n in range(interrupted)]
    header = {"schema_version": 1, "run_id": "r", "unmeasured": lost, "busy": list(busy)}
    benchmarks = [{"name": f"test_cell[{n}]"} for n in range(cells)]
    path.write_text(json.dumps({"benchmarks": benchmarks, "likeforlike": header}))


def leave_journal(result: Path, ended: list[str], cells: int) -> None:
    """A journal with a header, ended cells, a session line, and a torn end."""
    lines = [json.dumps({"run_id": "r", "order_seed": 1, "conditions": {}, "cells": cells})]
    lines += [json.dumps({"cell": name, "outcome": "measured"}) for name in ended]
    lines += ['{"session": 1}', '{"cell": "tor']
    result.with_name(result.name + ".journal.jsonl").write_text("\n".join(lines))


def journalled(result: Path) -> list[str]:
    """The ended cells of a journal, each as often as it was written; none before there is a journal."""
    journal = result.with_name(result.name + ".journal.jsonl")
    whole = journal.read_text().rpartition("\n")[0] if journal.exists() else ""
    lines = [line for line in map(json.loads, whole.splitlines()) if "cell" in line]
    return [line["cell"] for line in lines if line.get("launch") is None]
