"""Placement, threads and cores, on a device that is made up; and this machine's own cores."""

from __future__ import annotations

import os

import pytest
from pretended_gpu import Gpu

from likeforlike.devices.check.probes import placing
from likeforlike.devices.check.rows import Place
from likeforlike.devices.process.runtime import Runtime
from likeforlike.devices.vendors.device import Device

CPU, GPU = Device("cpu", 0, "a processor"), Device("gpu", 3, "a board")
GOOD = {"places": ["cpu:0"] * 3, "complaint": None, "busy_threads": 1.9, "cores": [0, 1]}


def on_cpu(threads=2, **facts):
    found = placing.rows(Place("cpu:0", "jax"), CPU, GOOD | facts, threads, [0, 1])
    return {row.what: row for row in found}


def test_all_as_asked_is_good():
    assert {what: row.verdict for what, row in on_cpu().items()} == dict.fromkeys(
        ("placement", "threads", "cores"), "good"
    )


@pytest.mark.parametrize(("lies_on", "verdict"), [("gpu:0", "good"), ("cpu:0", "bad"), ("gpu:1", "bad")])
def test_a_result_that_lies_elsewhere_is_bad(lies_on, verdict):
    gpu = Gpu(lies_on=lies_on)
    facts = placing.observe(gpu.operations(), Runtime("torch"), 2, gpu.clock)
    (row,) = placing.rows(Place("gpu:3", "torch"), GPU, facts, 2, None)
    assert (row.what, row.verdict) == ("placement", verdict)
    assert verdict == "good" or row.found == f"asked for gpu:0, lies on {lies_on}"


def test_threads_by_the_framework_s_account_and_by_processor_time():
    complaint = "2 threads asked for, but these use another number: openblas 8"
    assert (on_cpu(complaint=complaint)["threads"].verdict, on_cpu()["threads"].verdict) == ("bad", "good")
    row = on_cpu(busy_threads=7.6)["threads"]
    assert (row.verdict, row.found) == ("bad", "2 asked for, 7.6 at work in a product")


def test_processor_time_is_held_against_passed_time():
    gpu = Gpu(work=0.01, launch=0.0, blocks=True)
    facts = placing.observe(gpu.operations(), Runtime("x"), 2, gpu.clock, lambda: 3 * gpu.now)
    assert facts["busy_threads"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("cores", "verdict"), [([0, 1], "good"), ([0], "bad"), ([0, 1, 5], "bad"), (None, "not measurable")]
)
def test_cores_that_are_not_those_given(cores, verdict):
    assert on_cpu(cores=cores)["cores"].verdict == verdict


def test_fewer_cores_are_enough_for_fewer_threads():
    assert on_cpu(threads=1, cores=[1])["cores"].verdict == "good"


def test_cores_of_every_thread_are_those_of_this_process(tmp_path):
    assert placing.cores_of_threads() == sorted(os.sched_getaffinity(0))
    assert placing.cores_of_threads(tmp_path / "hidden") is None


def test_cores_as_the_kernel_writes_them():
    assert placing.core_list([8, 0, 1, 2, 10, 11]) == "0-2, 8, 10-11"
