"""Loops of each framework train the network of characters as its oracle does, dropout included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.models.contract.implementation import missing

EXAMINE = Path(__file__).with_name("examine_loops.py")
LOOPS = {
    "tensorflow": ("keras-fit", "tf-epoch-split"),
    "torch": ("torch-loop",),
    "jax": ("jax-scan",),
}
"""Those that a text meets in ways of their own; how all others take several targets a sample is held elsewhere."""


@pytest.mark.parametrize("framework", LOOPS)
def test_the_proof_holds(framework: str) -> None:
    needs = ("tensorflow", "keras") if framework == "tensorflow" else (framework,)
    if lacking := missing(needs):
        pytest.skip(lacking)
    environment = os.environ | {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(EXAMINE.parents[4]), *filter(None, sys.path)]),
    }
    command = [sys.executable, str(EXAMINE), *LOOPS[framework]]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.keys() == set(LOOPS[framework])
    assert {name: share for name, share in found.items() if not 0 < share <= 1} == {}
