"""Frameworks' own switches, each looked at in an interpreter of its own, as a worker is."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from at_once import threads_at_once

from likeforlike.devices.machine.versions import installed_version
from likeforlike.devices.process.placement import worker_environment
from likeforlike.devices.process.runtime import Runtime, logical_cpus_of, runtime, thread_complaint
from likeforlike.devices.process.thread_pools import blas_threads, limit_blas_threads
from likeforlike.devices.vendors.device import Device

CHILD = Path(__file__).with_name("look_inside.py")
REPOSITORY = Path(__file__).parents[3]


def look(framework, local_device, threads, *threading):
    """What a worker of that framework says of itself and what the kernel says of its threads."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    device = Device("cpu", int(local_device[-1]), "a processor")
    environment = {**os.environ, **worker_environment(device, threads), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(CHILD), framework, local_device, str(threads), *threading]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_threads_are_counted_that_work_at_once_not_those_that_take_turns():
    """The measure of the tests below, on two threads that hash without Python's lock."""
    block = bytes(2**25)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:

        def in_turn():
            for pool in (one, other):
                pool.submit(hashlib.sha256, block).result()

        def at_once():
            for begun in [pool.submit(hashlib.sha256, block) for pool in (one, other)]:
                begun.result()

        assert 0.5 < threads_at_once(in_turn) < 1.5 < threads_at_once(at_once)


@pytest.mark.parametrize("framework", ["numpy", "torch", "jax", "tensorflow"])
def test_one_thread_is_one_thread(framework):
    seen = look(framework, "cpu:0", 1)
    assert seen["threads"] == 1
    assert seen["complaint"] is None
    assert 0.5 < seen["threads_at_once"] < 1.5
    assert set(seen["blas"].values()) == {1}
    assert seen["device_peak"] is None


def test_threads_between_operations_share_none_and_work_on_branches():
    seen = look("tensorflow", "cpu:0", 2, "inter-op")
    assert (seen["threads"], seen["complaint"]) == (2, None)
    assert seen["threads_at_once"] < 1.5 < seen["threads_in_branches"]


@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
def test_a_second_logical_cpu_and_two_threads(framework):
    seen = look(framework, "cpu:1", 2)
    assert seen["placed"] == "cpu:1"
    assert seen["threads"] == 2
    assert seen["complaint"] is None
    # The control for the test above.
    assert seen["threads_at_once"] > 1.5
    if framework == "tensorflow":
        # Queued and not done when the call returned; done after synchronising; never queued by default.
        assert seen["done_at_once"] == {"asynchronous": False, "synchronous": True}
        assert seen["tf32"] == {"float32": False, "tf32": True, "float64": False}
    if framework == "jax":
        assert seen["float64"] == {"float32": False, "float64": True, "tf32": False}


@pytest.mark.parametrize(
    ("framework", "version"),
    [("numpy", "numpy"), ("tensorflow", "tensorflow"), ("torch", "torch"), ("jax", "jax")],
)
def test_versions_come_from_the_metadata(framework, version):
    import importlib.metadata

    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    assert runtime(framework).version() == importlib.metadata.version(version)


def test_what_is_not_installed_has_no_version():
    assert installed_version(("no-such-distribution-x",)) is None
    assert runtime("nobody").version() is None


def test_an_unknown_framework_is_neutral():
    neutral = runtime("nobody")
    assert type(neutral) is Runtime
    neutral.synchronise("gpu:0")
    neutral.asynchronous(True)
    neutral.reset_device_peak("gpu:0")
    assert (neutral.threads(), neutral.device_peak_bytes("gpu:0"), neutral.logical_cpus) == (
        None,
        None,
        False,
    )


@pytest.fixture
def numpy_threads():
    import numpy as np

    assert np.ones((2, 2)) @ np.ones((2, 2)) is not None
    before = blas_threads("blas")
    yield max(before.values())
    limit_blas_threads(max(before.values()))


def test_blas_is_limited_until_told_otherwise(numpy_threads):
    limit_blas_threads(1)
    assert set(blas_threads("blas").values()) == {1}
    assert runtime("numpy").threads() == 1


def test_a_framework_that_does_not_hold_to_the_threads_is_named(numpy_threads):
    runtime("numpy").configure("cpu:0", 1, "float64")
    assert thread_complaint(runtime("numpy"), 1) is None
    complaint = thread_complaint(runtime("numpy"), 3)
    assert complaint.startswith("3 threads asked for, but these use another number: numpy 1")
    assert "\n" not in complaint


@pytest.mark.parametrize(("device", "count"), [("cpu:0", 1), ("cpu:3", 4), ("gpu:0", 1)])
def test_logical_cpus_a_device_needs(device, count):
    assert logical_cpus_of(device) == count
