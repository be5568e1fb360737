"""Other kinds of models of one's own through the whole product: a JAX pair, and a recurrent Keras regression."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command import REPOSITORY, environment, read, run_bench

from likeforlike.models.contract.implementation import missing

NEVER_SEEN = REPOSITORY / "tests" / "models" / "tasks" / "own" / "never_seen.py"
OPTIONS = (
    "--preset=smoke",
    "--workloads=training",
    "--train-samples=96",
    "--epochs=2",
    "--launches=1",
    "--patience=0",
    "--benchmark-json=r.json",
)


def measured(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """What is told of each loop, by name."""
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "nets.py").write_text(NEVER_SEEN.read_text())
    done = run_bench(folder, *OPTIONS, *options, extra_path=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = [b["extra_info"] for b in read(folder / "r.json")["benchmarks"]]
    return {info["implementation"]: info for info in cells if "brought" in info}


def refuse_unproven(found: dict[str, dict[str, Any]], loops: Sequence[str]) -> None:
    assert set(found) == set(loops)
    for name, told in found.items():
        assert told["verified"]["error"] <= told["verified"]["tolerance"] == 1e-3, name
        assert told["timed_calls"] == "proven", name
        assert "unproven" not in told, name


LACKING = missing(("jax", "torch"))


@pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
def test_a_pair_of_jax_is_proven_and_is_one_network_with_a_module(tmp_path: Path) -> None:
    loops = ("jax-step", "jax-scan", "torch-loop")
    found = measured(
        tmp_path,
        "--model=mine.nets:pair_jax,mine.nets:mlp_torch",
        "--data=mine.nets:batches",
        f"--implementations={','.join(loops)}",
    )
    refuse_unproven(found, loops)
    for told in found.values():
        assert told["parameters"] == 108 * 8 + 8 + 8 * 4 + 4
        assert told["flop"] == 96 * 2 * (2 * 108 * 8 + 3 * 8 * 4)
    assert len({told["brought"]["starting_weights"] for told in found.values()}) == 1
    assert found["jax-scan"]["brought"]["family"] == "jax"
    matches = found["torch-loop"]["brought"]["matches"]
    assert sorted(matches) == [
        "hidden/bias = 1.bias",
        "hidden/kernel = 1.weight [1, 0]",
        "output/bias = 3.bias",
        "output/kernel = 3.weight [1, 0]",
    ]


OF_KERAS = missing(("tensorflow", "keras", "jax"))


@pytest.mark.skipif(OF_KERAS is not None, reason=OF_KERAS or "")
def test_a_recurrent_regression_is_proven_and_has_no_accuracy(tmp_path: Path) -> None:
    loops = ("keras-fit", "graph-loop", "tf-epoch-split", "keras-fit-jax")
    found = measured(
        tmp_path,
        "--model=mine.nets:gru_keras",
        "--data=mine.nets:series",
        "--loss=mse",
        f"--implementations={','.join(loops)}",
    )
    refuse_unproven(found, loops)
    for told in found.values():
        assert told["brought"]["loss"] == "mse"
        assert told["parameters"] == 3 * 6 * (2 + 6 + 2) + 6 + 1  # biases twice: reset_after
        for epoch in told["epochs"]:
            assert (epoch["accuracy"], epoch["val_accuracy"]) == (None, None)
            assert 0 < epoch["val_loss"] < 10
    threads = {name: told["threads"] for name, told in found.items()}
    assert threads["tf-epoch-split"] == {**threads["graph-loop"], "threading": "inter-op"}
    parts = min(threads["graph-loop"]["asked"], 64 // 4)
    assert found["tf-epoch-split"]["terms"]["parts_of_a_batch"] == parts
    report = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(report, cwd=tmp_path, env=environment(), check=True, capture_output=True)
    text = (tmp_path / "report" / "report.md").read_text().replace("\\", "")
    assert "mine.nets:gru_keras" in text
    assert "| mse " in text
    assert "No accuracy is told, so that the loss says who trained worse" in text
