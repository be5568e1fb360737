"""What a stand-in can't show: placement, memory, energy and throttling of a real GPU. Skipped elsewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from likeforlike.bench.measure.watch.energy import Idle, watch_idle
from likeforlike.devices.machine.discovery import find_devices
from likeforlike.devices.machine.state import snapshot
from likeforlike.devices.process.placement import local_device, worker_environment
from likeforlike.devices.vendors.device import Device, EnergyCounter
from likeforlike.devices.vendors.makers import opened

REPOSITORY = Path(__file__).parents[2]
IMPORTS = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
GPUS = [device for device in find_devices() if device.kind == "gpu"]
pytestmark = pytest.mark.skipif(
    not GPUS, reason="no GPU here: its driver or the library of its maker is missing"
)
gpus = pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.id)
ALONE = """
import json
import sys

import numpy as np

from likeforlike.bench.worker.calls.launch_cost import launch_cost
from likeforlike.devices.process.last_cache import gpu_cache
from likeforlike.devices.process.runtime import runtime
from likeforlike.models.kernels.matmul.with_torch import eager
from likeforlike.models.kernels.matmul.workload import WORKLOAD
from time import perf_counter

runtime("torch").configure("gpu:0", 1, "float32")
axes = {"size": 256, "dtype": "float32", "operands": "normal"}
problem = WORKLOAD.problem(axes, "gpu:0")
kernel = eager(problem)
kernel.wait(kernel.call())
begin = perf_counter()
kernel.wait(kernel.call())
one_call = perf_counter() - begin
cache = gpu_cache()
kernel.on_gpu.write(cache.written_bytes)
replay = kernel.on_gpu.capture(kernel.call)
replayed = WORKLOAD.verify(axes, problem, kernel.to_numpy(replay()))
cost = launch_cost(kernel, True, one_call, perf_counter)


def slowly_launched():
    begin = perf_counter()
    while perf_counter() - begin < 0.005:
        pass
    return kernel.call()


slow = kernel.on_gpu.seconds_by_events(slowly_launched)
print(json.dumps([one_call, cost, replayed.ok, cache.size_bytes, cache.source, slow]))
"""
SEES = """
import json
import sys

from likeforlike.devices.process.runtime import gpu_complaint, runtime

chosen = runtime(sys.argv[1])
chosen.configure("gpu:0", 1, "float32")
print(json.dumps([gpu_complaint(chosen, "gpu:0"), chosen.gpus()]))
"""
FLOORS = """
import importlib
import json
import sys

from likeforlike.devices.process.runtime import runtime
from likeforlike.models.contract.training.recipe import MATCHED

runtime(sys.argv[1]).configure("gpu:0", 1, "float32")
module = importlib.import_module("likeforlike.models.tasks.mlp.floors.with_" + sys.argv[1])
floor = next(kind for kind in vars(module).values() if getattr(kind, "name", "") == "floor-" + sys.argv[1])
found = floor.verify(MATCHED, "gpu:0")
print(json.dumps([found.ok, found.error]))
"""


@gpus
@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_every_way_of_a_floor_multiplies_right(gpu: Device, framework: str) -> None:
    """A captured graph, too, whose operands nothing else keeps."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", FLOORS, framework],
        env={**os.environ, **worker_environment(gpu, 1), "PYTHONPATH": IMPORTS},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    ok, error = json.loads(done.stdout.splitlines()[-1])
    assert ok, error


@gpus
@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_a_worker_s_framework_sees_that_gpu_alone(gpu: Device, framework: str) -> None:
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", SEES, framework],
        env={**os.environ, **worker_environment(gpu, 1), "PYTHONPATH": IMPORTS},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    complaint, count = json.loads(done.stdout.splitlines()[-1])
    if complaint is not None:
        pytest.skip(complaint)
    assert count == 1
    assert local_device(gpu) == "gpu:0"


@gpus
def test_events_replay_and_a_cold_cache(gpu: Device) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        env={**os.environ, **worker_environment(gpu, 1), "PYTHONPATH": IMPORTS},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "RuntimeError" in done.stderr and "CUDA" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    one_call, cost, replayed, cache_bytes, source, slow = json.loads(done.stdout.splitlines()[-1])
    assert replayed
    assert 0 < min(cost["events"]["seconds"]) <= one_call
    assert min(cost["replayed"]["seconds"]) <= one_call
    assert slow < 0.001  # of 5 ms in which the host launches
    assert min(cost["back_to_back"]["seconds"]) <= one_call
    if gpu.maker == "nvidia":
        assert "CUDA's driver" in source
        assert 2**20 < cache_bytes < 2**30


@gpus
def test_its_pace_is_told(gpu: Device) -> None:
    with opened(gpu) as readings:
        assert readings is not None
        pace = readings.pace()
    assert pace.held_back is not None
    if gpu.maker == "nvidia":
        assert pace.known


@gpus
def test_its_state_is_told(gpu: Device) -> None:
    state = snapshot(gpu)["gpu"]
    assert state is not None
    assert state["held_back"] is not None
    if gpu.maker == "nvidia":
        assert 0 < state["sm_clock_hertz"] < 5e9
        assert 0 < state["temperature_celsius"] < 120


@gpus
def test_its_energy_counter_moves_and_agrees_with_its_power(gpu: Device) -> None:
    with opened(gpu) as readings:
        assert readings is not None
        counter = readings.energy()
        if not isinstance(counter, EnergyCounter):
            pytest.skip(counter.reason)
        idle = watch_idle(counter, time.monotonic, time.sleep)
        watts = readings.state().get("power_watts")
        counter.close()
    assert isinstance(idle, Idle), idle
    assert 1 < idle.watts < 2000
    if watts is not None:
        assert idle.watts == pytest.approx(watts, rel=0.5)


@gpus
def test_its_cells_are_measured(gpu: Device, tmp_path: Path) -> None:
    frameworks = [name for name in ("torch", "jax") if importlib.util.find_spec(name)]
    if not frameworks:
        pytest.skip("neither torch nor jax is installed")
    options = [
        *("--preset=smoke", "--workloads=matmul", "--sizes=512", f"--devices={gpu.id}", "-k", "matmul"),
        *(f"--implementations={','.join(frameworks)}", "--benchmark-json=r.json", "--no-measured-ceiling"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "likeforlike", "bench", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": IMPORTS},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "r.json").read_text())
    lost = result["likeforlike"]["unmeasured"]
    assert all(" sees no GPU where the driver lists" in cell["reason"] for cell in lost), lost
    for cell in result["benchmarks"]:
        extra = cell["extra_info"]
        assert extra["plausible"]["ok"], extra["plausible"]
        assert extra["energy"], extra["cell"]
        if extra["framework"] == "torch":
            assert extra["device_peak_memory_bytes"] >= 3 * 512 * 512 * 4
