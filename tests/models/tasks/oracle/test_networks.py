"""Each framework's networks against the oracle in float64: logits, gradients under their names, dropout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from likeforlike.models.contract.implementation import missing
from likeforlike.models.contract.training.network import Match

EXAMINE = Path(__file__).with_name("examine_network.py")
TASKS = "likeforlike.models.tasks"
NETWORKS = {
    "tensorflow": ("with_keras:NETWORK", "with_tensorflow:NETWORK"),
    "torch": ("with_torch:NETWORK",),
    "jax": ("with_jax:NETWORK",),
    "flax": ("with_flax:NETWORK",),
}
CLOSE = {"tensorflow": 3e-8, "torch": 1e-13, "jax": 3e-6, "flax": 1e-12}
"""TensorFlow's GELU takes the root of 2 in float32, JAX's attention its softmax."""


@pytest.mark.parametrize("framework", NETWORKS)
def test_networks_compute_what_their_oracles_do(framework: str) -> None:
    lacking = missing((framework,))
    if lacking:
        pytest.skip(lacking)
    tasks = ("convnet", "transformer", "text")
    every = [f"{TASKS}.{task}.{name}" for task in tasks for name in NETWORKS[framework]]
    command = [sys.executable, str(EXAMINE), *every]
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    for target, found in json.loads(done.stdout.splitlines()[-1]).items():
        for words in ("bias", "no bias"):
            far = {name: error for name, error in found[words].items() if error > CLOSE[framework]}
            assert not far, (target, words)
            assert len(found[words]) > 4
        (on, odd), (off, _), (left_on, _) = found["kept"]
        # of 4010 gates the mean is right to 0.009
        assert off == pytest.approx(1, abs=1e-9)
        for share in (on, left_on):
            assert share == pytest.approx(1, abs=0.045)
            assert share != pytest.approx(1, abs=1e-6)
        assert odd == 0, "a unit that is kept is not scaled by 1 / (1 - rate)"


def test_a_match_goes_there_and_back() -> None:
    array = np.arange(6.0 * 8).reshape(6, 8)
    for match in (
        Match("a", "b"),
        Match("a", "b", (1, 0)),
        Match("a", "b", shapes=((6, 8), (6, 2, 4))),
        Match("a", "b", (1, 0), ((8, 6), (2, 4, 6))),
    ):
        own = match.to_own(array)
        assert own.shape == ((match.shapes or ((), array.T.shape if match.axes else array.shape))[1])
        np.testing.assert_array_equal(match.to_canonical(own), array)
    apart = Match("a", "b", shapes=((6, 8), (6, 2, 4))).to_own(array)
    np.testing.assert_array_equal(apart[:, 1, :], array[:, 4:])
