"""Worker processes: started fresh, frozen while idle, watched, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from likeforlike.bench.measure.worker_process import MemoryLimits, Worker, WorkerKey
from likeforlike.bench.worker.outcomes import CellFailed


class Pool:
    """The workers of a run; clean ones are kept for the next cell with the same key."""

    def __init__(self, limits: MemoryLimits, clean_environment: bool = False) -> None:
        self.limits = limits
        self._clean = clean_environment
        self._idle: list[Worker] = []
        self._lent: list[Worker] = []

    def lend(
        self, key: WorkerKey, environment: Mapping[str, str], fresh: bool, has_peers: bool = False
    ) -> Worker:
        """A worker with that key: a new process if ``fresh``, else an idle one if there is one."""
        worker = None
        if not fresh:
            worker = next((idle for idle in self._idle if idle.key == key and idle.alive), None)
        if worker is None:
            worker = Worker(key, environment, self.limits, has_peers, self._clean)
        else:
            self._idle.remove(worker)
        self._lent.append(worker)
        return worker

    def take_back(self, worker: Worker, clean: bool, reusable: bool = True) -> None:
        """Keep a clean worker, frozen, for a later cell, or let it leave; end any other at once."""
        self._lent.remove(worker)
        if not clean or not worker.alive:
            worker.kill()
        elif reusable:
            with suppress(CellFailed):  # it did not stop, and was ended for that
                worker.freeze()
                self._idle.append(worker)
        else:
            worker.end()

    def keep_only(self, keys: set[WorkerKey]) -> None:
        """End idle workers that no cell to come can use, so that they hold no memory."""
        for worker in [idle for idle in self._idle if idle.key not in keys]:
            self._idle.remove(worker)
            worker.end()

    def kill(self) -> None:
        """Let every worker die at once; whoever waits for one is told that it has crashed."""
        for worker in (*self._lent, *self._idle):
            worker.process.kill()

    def end(self) -> None:
        """End every worker."""
        for worker in (*self._lent, *self._idle):
            worker.kill()
        self._lent.clear()
        self._idle.clear()
