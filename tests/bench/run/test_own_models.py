"""A user's own model through the whole product: built, proven, measured by a loop, resumed, reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command import REPOSITORY, environment, read, run_bench

from likeforlike.models.contract.implementation import missing

NEVER_SEEN = REPOSITORY / "tests" / "models" / "tasks" / "own" / "never_seen.py"
OPTIONS = (
    "--preset=smoke",
    "--model=mine.nets:mlp_torch",
    "--data=mine.nets:batches",
    "--workloads=training,inference,feeding",
    "--implementations=torch-loop,torch,arrays",
    "--axis=inference.batch=8",
    "--epochs=2",
    "--launches=1",
    "--patience=0",
    "--benchmark-json=r.json",
)
pytestmark = pytest.mark.skipif(missing(("torch",)) is not None, reason=missing(("torch",)) or "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of the user's, measured."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "nets.py").write_text(NEVER_SEEN.read_text())
    done = run_bench(folder, *OPTIONS, extra_path=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "model: mine.nets:mlp_torch, torch, 908 trained parameters" in done.stdout
    assert "data: mine.nets:batches, 256 training samples, 64 to validate" in done.stdout
    return folder


def test_it_is_measured_proven_and_told_by_its_own_names(folder: Path) -> None:
    document = read(folder / "r.json")
    found = {b["extra_info"]["cell"]: b["extra_info"] for b in document["benchmarks"]}
    told = found["mlp_torch-torch-loop-cpu:0-matched"]
    assert told["verified"]["error"] <= told["verified"]["tolerance"] == 1e-3
    assert told["timed_calls"] == "proven"
    assert "unproven" not in told
    assert told["parameters"] == 108 * 8 + 8 + 8 * 4 + 4
    assert told["flop"] == 256 * 2 * (2 * 108 * 8 + 3 * 8 * 4)
    assert told["brought"]["model"] == "mine.nets:mlp_torch"
    assert told["data"] == {
        "name": "mine.nets:batches",
        "source": "mine.nets:batches",
        "train_samples": 256,
        "validation_samples": 64,
    }
    assert not any(name.startswith("LIKEFORLIKE") for name in told["terms"])
    assert document["likeforlike"]["workloads"]["mlp_torch"]["kind"] == "task"
    assert "mine" in document["likeforlike"]["code"]


def test_its_outputs_and_its_data_are_measured_too_where_asked_for(folder: Path) -> None:
    document = read(folder / "r.json")
    found = {b["extra_info"]["cell"]: b["extra_info"] for b in document["benchmarks"]}
    asked = found["mlp_torch-inference-torch-cpu:0-8-float32"]
    assert asked["timed_calls"] == "proven"
    assert asked["verified"]["error"] <= asked["verified"]["tolerance"]
    assert asked["items"] == 8
    assert asked["flop"] == 8 * 2 * (108 * 8 + 8 * 4)
    fed = found["mlp_torch-feeding-arrays-cpu:0-256-64"]
    assert fed["timed_calls"] == "proven"
    assert set(document["likeforlike"]["workloads"]) >= {
        "mlp_torch", "mlp_torch-inference", "mlp_torch-feeding",
    }  # fmt: skip


def test_a_report_speaks_of_it_and_of_no_other_network(folder: Path) -> None:
    report = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(report, cwd=folder, env=environment(), check=True, capture_output=True)
    text = (folder / "report" / "report.md").read_text()
    assert "mine.nets:mlp" in text.replace("\\", "")
    assert "784" not in text
    assert "Fashion-MNIST" not in text


def test_it_is_not_resumed_with_another_source(folder: Path) -> None:
    path = folder / "mine" / "nets.py"
    before = path.read_text()
    path.write_text(before + "\n# changed\n")
    done = run_bench(folder, *OPTIONS, "--resume", extra_path=folder)
    path.write_text(before)
    assert done.returncode == 4
    assert "the source code of mine, which has measured mlp_torch" in done.stderr
