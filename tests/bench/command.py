"""Runs ``pytest bench`` as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PLUGINS = Path(__file__).parent / "plugins"
QUICK = ("--preset", "smoke", "--implementations", "numpy,finite-differences,numpy-eigh")
"""NumPy alone: no framework is imported."""
PLAIN = ("-p", "no:cacheprovider", "-p", "no:randomly", "--no-measured-ceiling", "--threads=1")
"""pytest-randomly, where it is installed, would shuffle the cells of the run as well; the search for the
machine's best rate has tests of its own; threads that spin would take processors from the tests beside."""
NOT_OURS = ("PYTEST_", "COV_", "FORCE_COLOR", "PY_COLORS", "PYTHONHASHSEED")
"""Beginnings of variables that would change what the run does or prints."""


def environment(*folders: Path) -> dict[str, str]:
    """This environment, with the repository and further folders importable."""
    paths = [str(REPOSITORY), str(PLUGINS), *map(str, folders)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", str(REPOSITORY / "bench"), *PLAIN, *options]


def run_bench(
    folder: Path, *options: str, extra_path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end in a folder."""
    return subprocess.run(
        command(*options),
        cwd=folder,
        env=environment(*([extra_path] if extra_path else [])),
        capture_output=True,
        text=True,
        timeout=1500,
    )


def read(path: Path) -> dict[str, Any]:
    """A result file; refuses what is not strict JSON."""

    def refuse(text: str) -> None:
        raise AssertionError(f"{path}: {text} is not JSON")

    return json.loads(path.read_text(), parse_constant=refuse)
