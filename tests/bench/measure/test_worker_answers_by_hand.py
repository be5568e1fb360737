"""How long a worker's answer is waited for, without a process, by a clock that is handed in."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from likeforlike.bench.measure.worker_process import Worker
from likeforlike.bench.worker.messages import Loaded
from likeforlike.bench.worker.outcomes import CellFailed


@pytest.fixture
def waiting(monkeypatch):
    """A worker whose answer is there once it was looked after so often, and what was done meanwhile."""

    def made(there_from: int):
        worker, log = Worker.__new__(Worker), []

        def poll(seconds: float) -> bool:
            log.append(seconds)
            return log.count("looked") >= there_from

        worker.connection = SimpleNamespace(poll=poll, recv_bytes=lambda: msgspec.msgpack.encode(Loaded(0.5)))
        worker.while_waiting = lambda: log.append("looked")
        monkeypatch.setattr(worker, "_check_memory", lambda: log.append("memory"))
        monkeypatch.setattr(worker, "kill", lambda: log.append("killed"))
        return worker, log

    return made


def clock(*readings: float):
    return iter(readings).__next__


def test_an_answer_that_came_while_this_process_was_stopped_is_taken(waiting):
    """Ctrl-Z for longer than the cell's time: it was killed as timed out, its answer unread."""
    worker, log = waiting(0)
    assert worker.answer(10.0, clock(0.0, 1000.0)) == Loaded(0.5)
    assert log == [0.0]


def test_it_is_looked_after_ten_times_a_second(waiting):
    worker, log = waiting(2)
    assert worker.answer(10.0, clock(5.0, 5.0, 5.125, 5.25)) == Loaded(0.5)
    assert log == [0.1, "memory", "looked", 0.1, "memory", "looked", 0.1]


def test_when_time_is_over_it_is_killed(waiting):
    worker, log = waiting(9)
    with pytest.raises(CellFailed, match="no answer within 10 s of its --cell-timeout") as failed:
        worker.answer(10.0, clock(5.0, 5.0, 14.9375, 15.0))
    assert failed.value.outcome == "timed-out"
    assert log == [0.1, "memory", "looked", 0.0625, "memory", "looked", 0.0, "killed"]
