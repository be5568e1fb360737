"""Waiting, on a device that is made up."""

from __future__ import annotations

import pytest
from pretended_gpu import Gpu

from likeforlike.devices.check.probes.waiting import observe, rows
from likeforlike.devices.check.rows import Place

ON_GPU = Place("gpu:0", "torch")


def checked(gpu, place=ON_GPU):
    return {row.what: row for row in rows(place, observe(gpu.operations(), 8, gpu.clock))}


def test_a_device_that_works_as_it_should_is_good():
    found = checked(Gpu())
    assert {row.verdict for row in found.values()} == {"good"}
    assert found["waited call"].found == "nothing left of 4.02 ms of work"
    assert found["unwaited call"].found == "returns after 20 µs of 4.02 ms"
    assert found["event time"].found == "4.02 ms by events, 4.02 ms by the host"


def test_a_wait_that_does_not_wait_is_bad():
    found = checked(Gpu(waits=False))
    assert found["waited call"].verdict == "bad"
    assert found["waited call"].found == "of 4.02 ms of work 4 ms were left when the wait returned"
    assert found["unwaited call"].verdict == "good"


def test_a_call_that_blocks_where_it_should_return_is_told():
    found = checked(Gpu(blocks=True))
    assert found["waited call"].verdict == "good"
    assert found["unwaited call"].verdict == "warn"
    assert "CUDA_LAUNCH_BLOCKING" in found["unwaited call"].remedy


def test_a_processor_whose_calls_are_done_when_they_return():
    done = checked(Gpu(blocks=True, returns_early=False, events=False), Place("cpu:0", "numpy"))
    assert {what: row.verdict for what, row in done.items()} == {
        "waited call": "good",
        "unwaited call": "good",
    }
    early = checked(Gpu(returns_early=False, events=False), Place("cpu:0", "numpy"))
    assert early["unwaited call"].verdict == "warn"


@pytest.mark.parametrize("factor", [1.1, 0.001, 0.0])
def test_events_beyond_the_host_s_time_and_events_that_stand_still_are_bad(factor):
    assert checked(Gpu(event_factor=factor))["event time"].verdict == "bad"


def test_a_gpu_framework_without_events_is_not_measurable():
    assert checked(Gpu(events=False))["event time"].verdict == "not measurable"
