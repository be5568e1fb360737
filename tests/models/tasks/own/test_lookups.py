"""A loop on a model that looks rows up: Keras's Adam strays there by itself, and is no excuse for a wrong loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from likeforlike.models.contract.implementation import missing

HERE = Path(__file__).parent
LACKING = missing(("tensorflow", "keras"))
pytestmark = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)]),
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, str(HERE / "examine_embedding.py"), str(tmp_path_factory.mktemp("lookups"))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("recipe", ["matched", "schedule"])
def test_a_right_loop_whose_adam_strays_is_unproven_and_measured(found: dict[str, Any], recipe: str) -> None:
    ok, _, unproven = found[f"EagerLoop {recipe}"]
    assert ok
    assert unproven.startswith(
        "Keras's Adam on TensorFlow takes the second moment of a row that embedding looks"
    )
    assert found["undecided"] == ["", ""]


@pytest.mark.parametrize("recipe", ["matched", "schedule"])
def test_a_wrong_loop_is_found_by_sgd(found: dict[str, Any], recipe: str) -> None:
    ok, what, _ = found[f"TwiceAsFast {recipe}"]
    assert not ok
    assert what.startswith("by sgd instead of adam: ")
