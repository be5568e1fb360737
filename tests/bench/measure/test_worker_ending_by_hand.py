"""How a worker that hangs in a driver is ended, without a process."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from likeforlike.bench.measure.worker_process import Worker
from likeforlike.bench.worker.messages import Quit


class Hangs:
    """A process that no signal ends, as one that waits for a driver."""

    pid = 1

    def wait(self, seconds: float) -> None:
        raise subprocess.TimeoutExpired("worker", seconds)


@pytest.fixture
def hanging(monkeypatch):
    """A worker of such a process, and what it was told and what was let go of."""
    worker, log = Worker.__new__(Worker), []
    worker.process = Hangs()
    worker.connection = SimpleNamespace(close=lambda: log.append("connection"))
    worker._log = SimpleNamespace(close=lambda: log.append("log"))
    worker._killed = worker.frozen = False
    monkeypatch.setattr(worker, "_signal", lambda number: log.append(number.name))
    monkeypatch.setattr(worker, "order", log.append)
    return worker, log


def test_a_worker_that_does_not_leave_when_it_is_asked_is_killed(hanging):
    worker, log = hanging
    worker.end()
    assert log == [Quit(), "SIGKILL", "connection", "log"]


def test_one_that_was_killed_and_hangs_on_is_asked_nothing_any_more(hanging):
    """To ask it broke the run: its last words stood in a file that was closed."""
    worker, log = hanging
    worker.kill()
    worker.end()
    worker.kill()
    assert log == ["SIGKILL", "connection", "log"]
