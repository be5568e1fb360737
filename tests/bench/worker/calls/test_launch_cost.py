"""The kernel's time without the host's part in it, on a device whose clock and queue are handed in."""

from __future__ import annotations

from typing import Any

import pytest

from likeforlike.bench.worker.calls import launch_cost as of
from likeforlike.models.contract.kernel import Kernel, OnGpu

LAUNCH, WORK, WAIT, REPLAY = 8e-6, 3e-6, 5e-6, 1e-6
"""Seconds of the host to launch and to wait, of the device to work, of the host to launch a graph."""


class Device:
    """A queue of work that the host fills, one clock for both."""

    def __init__(self, work: float = WORK) -> None:
        self.host, self.done, self.work = 0.0, 0.0, work
        self.calls = 0

    def clock(self) -> float:
        return self.host

    def launch(self, seconds: float = LAUNCH) -> None:
        self.calls += 1
        self.host += seconds
        self.done = max(self.done, self.host) + self.work

    def wait(self, _: Any = None) -> None:
        self.host = max(self.host, self.done) + WAIT

    def by_events(self, work: Any) -> float:
        work()
        self.wait()
        return self.work

    def capture(self, work: Any) -> Any:
        work()
        return lambda: self.launch(REPLAY)

    def kernel(self, **offered: Any) -> Kernel:
        return Kernel(self.launch, self.wait, on_gpu=OnGpu(lambda size: None, **offered))


def figures(device: Device, kernel: Kernel, call_seconds: float = 16e-6, **more: Any) -> dict:
    return of.launch_cost(kernel, True, call_seconds, device.clock, **more)


def test_launch_and_kernel_are_told_apart() -> None:
    device = Device()
    found = figures(device, device.kernel(seconds_by_events=device.by_events, capture=device.capture))
    assert found["events"]["seconds"] == [WORK] * of.EVENTS
    count = found["back_to_back"]["calls"]
    # the host launches more slowly than the device works: after the last launch its work and the wait are left
    assert found["back_to_back"]["seconds"] == pytest.approx([LAUNCH + (WORK + WAIT) / count] * of.BATCHES)
    assert found["replayed"]["seconds"] == pytest.approx([WORK + (REPLAY + WAIT) / count] * of.BATCHES)


def test_where_the_device_is_slower_its_work_is_the_throughput() -> None:
    device = Device(work=1e-3)
    found = figures(device, device.kernel(), 1e-3)
    assert found["back_to_back"]["seconds"][0] == pytest.approx(1e-3, rel=0.02)


def test_what_a_framework_does_not_offer_is_said() -> None:
    device = Device()
    found = figures(device, device.kernel(no_events="no events here", no_capture="no capture here"))
    assert found["events"] == {"not_measurable": "no events here"}
    assert found["replayed"] == {"not_measurable": "no capture here"}
    found = figures(device, Kernel(device.launch, device.wait))
    assert found["events"] == {"not_measurable": "the kernel offers no events"}


def test_a_capture_that_raises_ends_no_cell() -> None:
    def capture(work: Any) -> Any:
        raise RuntimeError("operation not permitted when stream is capturing")

    device = Device()
    found = figures(device, device.kernel(capture=capture, seconds_by_events=device.by_events))
    assert "not permitted" in found["replayed"]["not_measurable"]
    assert found["events"]["seconds"]


def test_a_processor_has_its_calls_back_to_back_alone() -> None:
    device = Device()
    assert list(of.launch_cost(Kernel(device.launch, device.wait), False, 1e-5, device.clock)) == [
        "back_to_back"
    ]


def test_long_calls_are_not_repeated_for_a_launch_that_is_none_of_their_time() -> None:
    device = Device(work=0.5)
    found = figures(device, device.kernel(seconds_by_events=device.by_events), 0.5)
    assert "more than 20 ms" in found["back_to_back"]["not_measurable"]
    assert device.calls == of.EVENTS + 1
    assert found["events"]["seconds"][0] == 0.5


def test_cold_caches_are_emptied_before_each_call_by_events_and_have_no_throughput() -> None:
    device, emptied = Device(), []
    kernel = device.kernel(seconds_by_events=device.by_events, capture=device.capture)
    found = figures(device, kernel, empty=lambda: emptied.append(device.calls))
    assert emptied == list(range(1, of.EVENTS + 1))
    for name in ("back_to_back", "replayed"):
        assert "find their operands in the caches" in found[name]["not_measurable"]


def test_waiting_for_what_is_done_costs_what_it_costs() -> None:
    device = Device()
    device.launch()
    assert of.waiting_seconds(Kernel(device.launch, device.wait), None, device.clock) == pytest.approx(WAIT)
