"""Explicit placement, proven on a second logical CPU in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.models.contract.kernel import place_of

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from likeforlike.models.registry import kernel_workloads, load_registry

framework = sys.argv[1]
if framework == "tensorflow":
    import tensorflow as tf
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)

found = []
cases = {"matmul": {"size": 8, "dtype": "float32"}, "jacobian": {"size": 3, "what": "jacobian"}, "eigen": {"size": 3}}
for name, axes in cases.items():
    workload = kernel_workloads()[name]
    for entry in load_registry().of(name):
        if entry.framework == framework:
            for device in ("cpu:1", "cpu:0"):
                problem = workload.problem(axes, device)
                kernel = entry.load()(problem)
                result = kernel.call()
                kernel.wait(result)
                right = workload.verify(axes, problem, kernel.to_numpy(result)).ok
                copies = [kernel.device_of(copy) for copy in kernel.upload()]
                found.append([entry.name, device, kernel.device_of(result), right, copies])
print(json.dumps(found))
"""


@pytest.mark.parametrize("framework", ["tensorflow", "jax"])
def test_results_lie_where_they_were_asked_for(framework):
    pytest.importorskip(framework)
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, framework],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout.splitlines()[-1])
    assert len(found) >= 8
    for name, asked, where, right, copies in found:
        assert (where, right) == (asked, True), name
        assert set(copies) == {asked}, name


def test_parts_in_two_places_are_no_place():
    assert place_of(str, ("cpu:0", "cpu:0")) == "cpu:0"
    assert place_of(str, ("gpu:0", "cpu:0")) == "cpu:0,gpu:0"
