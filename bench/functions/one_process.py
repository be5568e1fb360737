"""Workers of a run that can have no processes of its own: each is this very process."""

from __future__ import annotations

from collections.abc import Mapping

from likeforlike.bench.measure.pool import Pool
from likeforlike.bench.measure.worker_process import MemoryLimits, Worker
from likeforlike.bench.worker.this_process import ThisProcess
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.models.functions.given import ENTRANT_VARIABLE, FILE_VARIABLE

_OWN = (FILE_VARIABLE, ENTRANT_VARIABLE)


class OneProcess(Pool):
    """A pool that starts nothing; of a cell's environment only what names its function is of use here."""

    def __init__(self) -> None:
        super().__init__(MemoryLimits.of_machine(None))

    def lend(
        self,
        environment: Mapping[str, str],
        has_peers: bool = False,
        interpreter: Interpreter | None = None,
    ) -> Worker:
        """This process, as a worker that the schedule orders about."""
        return ThisProcess({name: environment[name] for name in _OWN})  # type: ignore[return-value]

    def take_back(self, worker: Worker, clean: bool) -> None:
        """Drop what it held."""
        worker.kill()
