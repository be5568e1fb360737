"""Worker processes: started fresh, frozen while idle, watched, and ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.devices.process.interpreter import Interpreter


class PoolKilled(Exception):
    """No worker is lent any more: whoever asks for one goes on with a run that was ended."""


class Pool:
    """The workers of a run. Each measures one cell in one launch: what another left behind would disturb."""

    def __init__(self, limits: MemoryLimits, clean_environment: bool = False) -> None:
        self.limits = limits
        self._clean = clean_environment
        self._lent: list[Worker] = []
        self._killed = False
        self._changing = threading.Lock()
        """Held while one is lent or taken back and while all are killed, which other threads do."""

    def lend(
        self,
        environment: Mapping[str, str],
        has_peers: bool = False,
        interpreter: Interpreter | None = None,
    ) -> Worker:
        """A new worker with these variables beside the inherited ones, run by this Python or another.

        Raises PoolKilled once all were killed.
        """
        with self._changing:
            if self._killed:
                raise PoolKilled("the run was ended")
            worker = Worker(environment, self.limits, has_peers, self._clean, interpreter)
            self._lent.append(worker)
        return worker

    def take_back(self, worker: Worker, clean: bool) -> None:
        """Let a clean worker leave; end any other at once."""
        with self._changing:
            self._lent.remove(worker)
        if clean and worker.alive:
            worker.end()
        else:
            worker.kill()

    def kill(self) -> None:
        """Let every worker die at once and lend none any more; who waits for one is told that it crashed."""
        with self._changing:
            self._killed = True
            for worker in self._lent:
                worker.process.kill()

    def end(self) -> None:
        """End every worker."""
        for worker in self._lent:
            worker.kill()
        self._lent.clear()
