"""The whole check on machines that are made up, and NumPy's part of it on this one."""

from __future__ import annotations

import os

import pytest
from pretended_machine import Pretended

from likeforlike.devices.check import conduct
from likeforlike.devices.check.attempts import Attempt
from likeforlike.devices.check.conduct import Check
from likeforlike.devices.check.rows import Place, Row, worst
from likeforlike.devices.machine.discovery import find_devices, parse_devices
from likeforlike.devices.vendors.makers import known_makers
from likeforlike.devices.vendors.nvidia.maker import Nvidia

CORES = sorted(os.sched_getaffinity(0))


@pytest.fixture
def pretended(make_nvml, board, tmp_path):
    return Pretended(make_nvml(board()), CORES, tmp_path)


def rows_of(pretended, devices="all", frameworks=("numpy", "torch")):
    found = find_devices(known_makers(nvidia=pretended.nvml), {})
    return Check(parse_devices([devices], found), frameworks, machine=pretended.machine).rows()


def the_row(rows, what, device="gpu:0", framework=None):
    (found,) = [row for row in rows if (row.what, row.device, row.framework) == (what, device, framework)]
    return found


def test_a_machine_that_is_well_has_no_bad_row(pretended):
    rows = rows_of(pretended)
    assert [row for row in rows if row.verdict == "bad"] == []
    of_torch = [row for row in rows if (row.device, row.framework) == ("gpu:0", "torch")]
    assert {row.what: row.verdict for row in of_torch} == dict.fromkeys(
        [
            *("sees the device", "placement", "waited call", "unwaited call", "event time"),
            *("TF32", "ieee float32", "bfloat16", "float64", "memory counter"),
        ],
        "good",
    )
    of_gpu = {row.what: row for row in rows if (row.device, row.framework) == ("gpu:0", None)}
    assert of_gpu["energy counter"].found == "500 J in 2 s, 250 W"
    assert of_gpu["GPU clock"].found == "1380 to 1380 MHz, at most 1410 MHz"
    assert of_gpu["best product"].found.startswith("18 TFLOP/s float32, 4096 x 4096 x 4096 by torch, 92 %")
    assert {"quiet", "twins", "throttling"} < set(of_gpu)
    assert pretended.nvml.open == 0


def test_frameworks_are_tried_where_they_compute_each_as_the_bench_places_it(pretended):
    rows_of(pretended)
    assert pretended.commands == [("numpy", "cpu:0"), ("torch", "cpu:0"), ("torch", "gpu:0")]
    seen = [environment["CUDA_VISIBLE_DEVICES"] for environment in pretended.environments]
    assert seen == ["-1", "-1", "GPU-11111111-aaaa"]


def test_every_board_of_a_node_is_tried(make_nvml, board, tmp_path):
    nvml = make_nvml(*(board(uuid=f"GPU-{number}") for number in range(3)))
    node = Pretended(nvml, CORES, tmp_path)
    rows = rows_of(node, "gpu", ("torch",))
    assert {row.device for row in rows} == {None, "gpu:0", "gpu:1", "gpu:2"}
    assert sorted(env["CUDA_VISIBLE_DEVICES"] for env in node.environments) == ["GPU-0", "GPU-1", "GPU-2"]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"lies_on": "cpu:0"}, "placement"),
        ({"waits": False}, "waited call"),
        ({"event_factor": 2.0}, "event time"),
        ({"stuck_at": "tf32"}, "ieee float32"),
        ({"rate": 25e12}, "best product"),
        ({"rate": 0.2e12}, "best product"),
        (Attempt({}, "it died of SIGSEGV: bad"), "process"),
        (Attempt({}, "no answer within 60 s"), "process"),
        (Attempt({"start": {"error": "ImportError: libcudart"}}), "sees the device"),
        (Attempt({"start": {"version": "1", "complaint": "torch 1 sees no GPU"}}), "sees the device"),
    ],
)
def test_each_fault_of_a_framework_is_bad(pretended, answer, what):
    pretended.answers["torch"] = answer
    rows = rows_of(pretended, "gpu:0", ("torch",))
    assert the_row(rows, what, framework=None if what == "best product" else "torch").verdict == "bad"


def test_a_counter_of_energy_that_stands_still_and_twins_apart_are_bad(pretended):
    pretended.moves, pretended.ratio = False, 1.3
    rows = rows_of(pretended, "gpu:0", ("torch",))
    assert the_row(rows, "energy counter").found == "it stood still through 2 s"
    assert [the_row(rows, what).verdict for what in ("energy counter", "twins")] == ["bad", "bad"]


@pytest.mark.parametrize(("seconds", "verdict"), [(115.0, "bad"), (20.0, "not measurable")])
def test_a_twin_that_does_not_answer_is_bad_unless_time_was_up(pretended, monkeypatch, seconds, verdict):
    monkeypatch.setattr(conduct, "ALL_SECONDS", seconds)
    pretended.twin_fault = "a twin did not answer in time"
    assert the_row(rows_of(pretended, "gpu:0", ("torch",)), "twins").verdict == verdict


def test_a_slice_of_a_board_has_no_energy_of_its_own(make_nvml, board, mig_slice, tmp_path):
    part = mig_slice(uuid="MIG-1", memory_bytes=10 * 2**30, multiprocessors=14)
    rows = rows_of(Pretended(make_nvml(board(slices=[part])), CORES, tmp_path), "gpu:0", ("torch",))
    assert the_row(rows, "energy counter").verdict == "not measurable"


def test_a_gpu_that_is_held_back_or_shared_is_told(make_nvml, board, tmp_path):
    rows = rows_of(Pretended(make_nvml(board(throttle=0x40, pids=[1])), CORES, tmp_path), "gpu:0", ("torch",))
    assert the_row(rows, "throttling").verdict == "warn"
    assert "1 other process on the GPU" in the_row(rows, "quiet").found


def test_a_framework_that_is_missing_is_no_fault(pretended):
    pretended.missing = ("jax",)
    row = the_row(rows_of(pretended, "cpu", ("numpy", "jax")), "sees the device", "cpu:0", "jax")
    assert (row.verdict, row.found) == ("not measurable", "not installed")
    assert row.remedy == "pip install 'likeforlike[jax]'"
    assert pretended.commands == [("numpy", "cpu:0")]


def test_the_install_command_is_the_remedy_where_a_build_sees_no_gpu(pretended):
    install = Nvidia.builds["jax"]
    why = "jax 0.5 sees no GPU where the driver lists gpu:0 (Unknown backend: 'gpu')"
    pretended.answers["jax"] = Attempt({"start": {"version": "0.5", "complaint": why}})
    row = the_row(rows_of(pretended, "gpu:0", ("jax",)), "sees the device", framework="jax")
    assert (row.verdict, row.found, row.remedy) == ("bad", why, install)


def test_a_logical_processor_that_a_framework_does_not_have(pretended):
    rows = rows_of(pretended, "cpu:1", ("torch", "jax"))
    assert the_row(rows, "sees the device", "cpu:1", "torch").verdict == "not measurable"
    assert pretended.commands == [("jax", "cpu:1")]


def test_when_time_is_up_the_rest_is_not_measurable(pretended, monkeypatch):
    monkeypatch.setattr(conduct, "ALL_SECONDS", 3.0)
    rows = rows_of(pretended, "all", ("numpy", "torch", "jax"))
    assert pretended.commands == [("numpy", "cpu:0"), ("torch", "cpu:0")]
    late = [row for row in rows if row.found == "the check ran out of time"]
    assert {(row.device, row.framework) for row in late} >= {("cpu:0", "jax"), ("gpu:0", "torch")}
    assert worst(rows) != "bad"


def test_an_inherited_variable_is_told(pretended):
    pretended.machine.environ["OMP_PROC_BIND"] = "true"
    rows = rows_of(pretended, "cpu")
    assert the_row(rows, "environment", None).verdict == "warn"


def test_an_interrupt_ends_the_other_lanes(pretended):
    def interrupted(*_):
        raise KeyboardInterrupt

    object.__setattr__(pretended.machine, "attempt", interrupted)
    check = Check(
        find_devices(known_makers(nvidia=pretended.nvml), {}), ("torch",), machine=pretended.machine
    )
    with pytest.raises(KeyboardInterrupt):
        check.rows()
    assert check.left_seconds < 0


def test_numpy_on_this_machine(monkeypatch):
    """The real worker and the real twins; what disturbs this machine meanwhile is no fault of theirs."""
    for limit in ("ALL_SECONDS", "WORKER_SECONDS", "TWIN_SECONDS"):
        monkeypatch.setattr(conduct, limit, 3600.0)
    rows = Check(parse_devices(["cpu:0"], find_devices()), ("numpy",)).rows()
    of_numpy = {row.what: row.verdict for row in rows if row.framework == "numpy"}
    assert of_numpy == dict.fromkeys(
        [
            *("sees the device", "placement", "threads", "cores", "waited call"),
            *("unwaited call", "ieee float32", "float64"),
        ],
        "good",
    )
    assert the_row(rows, "memory counter", "cpu:0").verdict == "good"
    assert " rounds" in the_row(rows, "twins", "cpu:0").found


def test_the_worst_of_rows():
    place = Place()
    rows = [place.good("a", ""), place.not_measurable("b", ""), place.warn("c", "", "")]
    assert [worst(rows[:1]), worst(rows[:2]), worst(rows)] == ["good", "not measurable", "warn"]
    assert worst([]) == "good"
    assert worst([*rows, Row("d", None, None, "bad", "")]) == "bad"
