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
def why(monkeypatch):
    """Why a worker that holds so much, with such peers, is ended for more than 100 bytes; None: it is not."""

    def ended(own: int | None, *peers: int | None, free: int | None = None) -> str | None:
        def below(floor: int, taken: int) -> int | None:
            assert (floor, taken) == (5, own + sum(peer or 0 for peer in peers))
            return free

        worker = Worker.__new__(Worker)
        worker.process = SimpleNamespace(pid=1)
        worker.limits = MemoryLimits(100, 5)
        worker._memory = SimpleNamespace(below=below)
        worker._peers = [Held(peer) for peer in peers]
        killed: list[bool] = []
        monkeypatch.setattr(worker, "kill", lambda: killed.append(True))
        monkeypatch.setattr(worker_process.psutil, "Process", lambda pid: Held(own))
        failure: CellFailed | None = None
        try:
            worker._check_memory()
        except CellFailed as raised:
            failure = raised
        assert killed == [True] * (failure is not None)
        assert failure is None or failure.outcome == "out-of-memory"
        return failure and failure.reason

    return ended


def test_the_memory_of_peers_counts_as_its_own(why):
    assert why(40, 60) is None
    assert why(40, 61) == "held 0.00 GiB, the limit (--cell-memory) is 0.00 GiB"


def test_a_peer_that_has_ended_leaves_the_others_watched(why):
    assert why(40, None, 61) is not None
    assert why(101, None) is not None
    assert why(40, None) is None


def test_of_a_worker_that_has_ended_the_socket_tells(why):
    assert why(None, 101) is None


def test_a_worker_that_leaves_too_little_is_ended_with_what_is_left(why):
    assert why(40, 60, free=2**29) == "held 0.00 GiB and left 0.50 GiB of the machine's memory free"
    assert why(40, free=0) == "held 0.00 GiB and left 0.00 GiB of the machine's memory free"
