"""A Keras model where TensorFlow is not installed: proven in float64 on PyTorch and on JAX, all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from command import environment

from likeforlike.models.contract.implementation import missing

HIDING = """
import importlib.machinery, sys
class Hiding(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] != "tensorflow":
            return importlib.machinery.PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Hiding
"""
STEP = """
import json, numpy as np, keras
from likeforlike.models.tasks.own.families.with_keras import KerasModel, built

def network():
    inputs = keras.Input((5,))
    normalised = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name="norm")
    return keras.Model(inputs, normalised(keras.layers.Dense(4, name="dense")(inputs)))

def loss(targets, outputs):
    return keras.ops.sum(keras.ops.square(outputs - targets), axis=-1) / 2

draw = np.random.default_rng(0)
inputs, targets = draw.normal(size=(8, 5)), draw.normal(size=(8, 4))
model = KerasModel(built(network, "float64"), loss, inputs)
step = model.step(inputs, targets, training=True)
told = {name: array.tolist() for name, array in model.weights().items() if "moving" not in name}
told |= {"inputs": inputs.tolist(), "targets": targets.tolist(), "outputs": step.outputs.tolist()}
told["gradients"] = {name: array.tolist() for name, array in step.gradients.items()}
print(json.dumps(told))
"""


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_a_normalised_layer_is_stepped_in_float64(backend: str) -> None:
    """Against NumPy: Keras's own types give float32 here, with which a bias's gradient is not 0 but noise."""
    lacking = missing(("keras", backend))
    if lacking:
        pytest.skip(lacking)
    variables = {"KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", HIDING + STEP],
        env=environment() | variables,
        cwd=os.path.dirname(__file__),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    gradients = {name: np.array(values) for name, values in told.pop("gradients").items()}
    given = {name: np.array(values) for name, values in told.items()}
    dense = given["inputs"] @ given["dense/kernel"] + given["dense/bias"]
    centred = dense - dense.mean(0)
    deviation = np.sqrt(np.square(centred).mean(0) + 1e-3)
    normal = centred / deviation
    outputs = normal * given["norm/gamma"] + given["norm/beta"]
    np.testing.assert_allclose(given["outputs"], outputs, rtol=1e-12, atol=1e-12)
    # of the mean of half the squares over the samples
    by_outputs = (outputs - given["targets"]) / 8
    np.testing.assert_allclose(gradients["norm/beta"], by_outputs.sum(0), rtol=1e-11)
    np.testing.assert_allclose(gradients["norm/gamma"], (by_outputs * normal).sum(0), rtol=1e-11)
    by_normal = by_outputs * given["norm/gamma"]
    by_dense = (by_normal - by_normal.mean(0) - normal * (by_normal * normal).mean(0)) / deviation
    np.testing.assert_allclose(gradients["dense/kernel"], given["inputs"].T @ by_dense, rtol=1e-10)
    assert np.abs(gradients["dense/bias"]).max() < 1e-15
