"""What a worker and those that work with it hold, against its limit, without a process."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from likeforlike.bench.measure import worker_process
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.bench.worker.outcomes import CellFailed


class Held:
    """A process that holds so many bytes; None: it has ended."""

    def __init__(self, held: int | None) -> None:
        self.held = held

    def memory_info(self) -> SimpleNamespace:
        if self.held is None:
            raise psutil.NoSuchProcess(2)
        return SimpleNamespace(rss=self.held)


@pytest.fixture
def watched(monkeypatch):
    """Whether a worker that holds so much, with such peers, is ended for more than 100 bytes."""

    def ended(own: int | None, *peers: int | None) -> bool:
        worker = Worker.__new__(Worker)
        worker.process = SimpleNamespace(pid=1)
        worker.limits = MemoryLimits(100, 5)
        worker._peers = [Held(peer) for peer in peers]
        killed: list[bool] = []
        monkeypatch.setattr(worker, "kill", lambda: killed.append(True))
        monkeypatch.setattr(worker_process.psutil, "Process", lambda pid: Held(own))
        monkeypatch.setattr(worker_process, "free_memory_bytes", lambda: 1000)
        try:
            worker._check_memory()
        except CellFailed:
            return killed == [True]
        assert not killed
        return False

    return ended


def test_the_memory_of_peers_counts_as_its_own(watched):
    assert not watched(40, 60)
    assert watched(40, 61)


def test_a_peer_that_has_ended_leaves_the_others_watched(watched):
    assert watched(40, None, 61)
    assert watched(101, None)
    assert not watched(40, None)


def test_of_a_worker_that_has_ended_the_socket_tells(watched):
    assert not watched(None, 101)
