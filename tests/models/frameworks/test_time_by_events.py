"""The device's own time by events holds none of the host's, by a device that works through what is queued."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from likeforlike.models.frameworks import on_torch  # noqa: E402

WORK = 3e-6


class Device:
    """Does what the host queues, one after the other; the host's clock moves by what its calls take."""

    def __init__(self, cycles_a_second: float = on_torch.FAST_CLOCK_HERTZ) -> None:
        self.now = 0.0
        self.free = 0.0
        self.holds: list[float] = []
        self._cycles_a_second = cycles_a_second

    def queue(self, seconds: float) -> float:
        self.free = max(self.free, self.now) + seconds
        return self.free

    def spin(self, cycles: int) -> None:
        self.holds.append(cycles / self._cycles_a_second)
        self.queue(self.holds[-1])

    def synchronize(self, device: object = None) -> None:
        self.now = max(self.now, self.free)

    def event(self, enable_timing: bool) -> SimpleNamespace:
        assert enable_timing
        made = SimpleNamespace(at=0.0)

        def record(stream: object) -> None:
            made.at = self.queue(0.0)

        made.record = record
        made.query = lambda: made.at <= self.now
        made.elapsed_time = lambda end: (end.at - made.at) * 1e3
        return made

    def work(self, launch_seconds: float, waits: bool = False):
        def call() -> None:
            self.now += launch_seconds
            self.queue(WORK)
            if waits:
                self.synchronize()

        return call


@pytest.fixture
def pretend(monkeypatch):
    def put(device: Device) -> Device:
        monkeypatch.setattr(torch.cuda, "Event", device.event)
        monkeypatch.setattr(torch.cuda, "_sleep", device.spin)
        monkeypatch.setattr(torch.cuda, "synchronize", device.synchronize)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
        return device

    return put


@pytest.mark.parametrize("launch", [1e-6, 1e-4, 1e-3, 5e-3, 5e-2])
def test_however_long_the_host_launches_the_time_is_the_device_s(pretend, launch):
    device = pretend(Device())
    assert on_torch._seconds_by_events(None, device.work(launch)) == pytest.approx(WORK)
    assert launch < device.holds[-1]


def test_it_is_held_back_no_longer_than_it_must(pretend):
    device = pretend(Device())
    on_torch._seconds_by_events(None, device.work(1e-5))
    assert device.holds == [on_torch.HELD_BACK_SECONDS[0]]


def test_of_a_call_that_waits_itself_there_is_no_such_time(pretend):
    device = pretend(Device())
    with pytest.raises(RuntimeError, match="waits for the device"):
        on_torch._seconds_by_events(None, device.work(1e-6, waits=True))
