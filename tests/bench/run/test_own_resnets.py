"""A Keras model and an nn.Module that this repository has never seen, on all loops: measured, proven, reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import REPOSITORY, environment, read, run_bench

from likeforlike.models.contract.implementation import missing

NEVER_SEEN = REPOSITORY / "tests" / "models" / "tasks" / "own" / "never_seen.py"
LOOPS = (
    "keras-fit",
    "keras-fit-tuned",
    "train-on-batch",
    "eager-loop",
    "graph-loop",
    "tf-epoch",
    "keras-fit-jax",
    "keras-fit-torch",
    "torch-loop",
)
"""But ``torch-compiled``, which compiles anew for each form of the proof: minutes."""
FLOORS = ("floor-tf", "floor-keras-jax", "floor-torch")
LACKING = missing(("tensorflow", "keras", "torch", "jax"))
pytestmark = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both models in a package of the user's, measured in one run."""
    folder = tmp_path_factory.mktemp("resnets")
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "nets.py").write_text(NEVER_SEEN.read_text())
    done = run_bench(
        folder,
        "--preset=smoke",
        "--model=mine.nets:resnet_keras,mine.nets:resnet_torch",
        "--weights=mine.nets:mapping",
        "--data=mine.nets:batches",
        f"--implementations={','.join((*LOOPS, *FLOORS))}",
        "--train-samples=96",
        "--epochs=2",
        "--launches=1",
        "--patience=0",
        "--cell-timeout=600",
        "--benchmark-json=r.json",
        extra_path=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, dict[str, Any]]:
    cells = [b["extra_info"] for b in read(folder / "r.json")["benchmarks"]]
    return {info["implementation"]: info for info in cells if info["workload"] == "resnet"}


def test_every_loop_is_proven_and_all_of_its_epochs(found: dict[str, dict[str, Any]]) -> None:
    assert set(found) == {*LOOPS, *FLOORS}
    for name in LOOPS:
        told = found[name]
        assert told["verified"]["error"] <= told["verified"]["tolerance"] == 1e-3, name
        assert told["timed_calls"] == "proven", name
        assert "unproven" not in told, name
        assert len(told["epochs"]) == 2


def test_every_loop_starts_from_the_same_weights_and_does_the_same_work(
    found: dict[str, dict[str, Any]],
) -> None:
    assert len({told["brought"]["starting_weights"] for told in found.values()}) == 1
    stem, first, second, skip, head = 27 * 4, 2 * 36 * 4, 36 * 8 + 72 * 8, 4 * 8, 8 * 4
    products = 2 * (2 * 36 * stem + 3 * (36 * (first + second + skip) + head))
    assert {told["flop"] for told in found.values()} == {96 * products}


def test_floors_of_both_models_are_candidates(found: dict[str, dict[str, Any]]) -> None:
    for name in FLOORS:
        assert found[name]["role"] == "floor"
        assert found[name]["verified"]["error"] <= 1e-4


def test_the_report_speaks_of_the_models_and_of_every_loop(folder: Path) -> None:
    report = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(report, cwd=folder, env=environment(), check=True, capture_output=True)
    text = (folder / "report" / "report.md").read_text().replace("\\", "")
    assert "mine.nets:resnet_keras" in text
    assert "by mine.nets:mapping" in text
    assert "blocks.0.first.weight" in text
    for name in LOOPS:
        assert name in text
    assert "Candidates for the floor" in text
    assert "n - 1 in the denominator" in text
    assert "88 %" not in text
