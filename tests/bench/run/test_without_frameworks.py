"""The base alone: what needs a framework is skipped with the command that installs it; nothing fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import environment, read

FRAMEWORKS = ("tensorflow", "keras", "tensorboard", "torch", "jax", "jaxlib")
HIDE = f"""
import sys


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FRAMEWORKS}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hidden())
"""


def run(folder: Path, *words: str) -> str:
    """``likeforlike`` where no framework can be imported, in workers neither."""
    hiding = folder / "hiding"
    hiding.mkdir(exist_ok=True)
    (hiding / "sitecustomize.py").write_text(HIDE)
    variables = environment() | {"PY_COLORS": "0"}
    variables["PYTHONPATH"] = f"{hiding}:{variables['PYTHONPATH']}"
    command = [sys.executable, "-m", "likeforlike", *words]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("base")
    run(folder, "bench", "--preset=smoke", "--benchmark-json=r.json")
    return read(folder / "r.json")


def test_what_needs_none_is_measured(result: dict[str, Any]) -> None:
    measured = {bench["extra_info"]["implementation"] for bench in result["benchmarks"]}
    assert measured >= {"numpy", "finite-differences", "numpy-eigh", "twin-a", "twin-b", "nothing"}
    assert {bench["extra_info"]["framework"] for bench in result["benchmarks"]} == {"numpy"}


def test_the_rest_is_skipped_with_the_command_that_installs_it(result: dict[str, Any]) -> None:
    lost = result["likeforlike"]["unmeasured"]
    assert {cell["outcome"] for cell in lost} == {"skipped"}
    assert {cell["implementation"] for cell in lost} >= {"keras-fit", "eager-loop", "tf-eager", "tf-eigh"}
    assert all(cell["reason"].endswith("pip install 'likeforlike[tensorflow]'") for cell in lost)


def test_a_recipe_that_logs_is_skipped_and_one_that_does_not_is_not(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--workloads=training", "--implementations=numpy-loop", "--collect-only"]
    told = run(tmp_path, "bench", *options, "--recipes=keras-2020,matched")
    (skipped,) = [line for line in told.splitlines() if line.startswith("skipped: ")]
    assert skipped.startswith("skipped: 1 cells: logging='histograms' ")
    assert skipped.endswith("tensorboard not installed: pip install 'likeforlike[tensorflow]'")


def test_the_registry_is_listed_all_the_same(tmp_path: Path) -> None:
    listing = json.loads(run(tmp_path, "models", "--json"))["implementations"]
    known = {"tensorflow", "torch", "jax"}
    of_others = [entry for entry in listing if entry["name"] != "grain"]  # NumPy's, and a package of its own
    assert all(entry["installed"] == (entry["framework"] not in known) for entry in of_others)
    assert all(
        "pip install 'likeforlike[" in entry["missing"] for entry in of_others if not entry["installed"]
    )
