"""A worker that is this very process, for what can't be sent to another one: it measures at once when told.

Nothing is frozen and nothing is fresh; what one cell leaves behind, the other finds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import threadpoolctl

from likeforlike.bench.worker import cell_setup, measure_kernel
from likeforlike.bench.worker.messages import (
    Answer,
    Failed,
    Finish,
    Finished,
    Go,
    Load,
    Loaded,
    Order,
    Prepare,
    Ready,
    Sustain,
    Sustained,
)
from likeforlike.bench.worker.outcomes import CellFailed, outcome_of, reason_of
from likeforlike.models.contract.problem import WrongAnswer


class ThisProcess:
    """Obeys in the calling process; the cell's own variables stand in the environment while it does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._answer: Answer | None = None
        self._placed: measure_kernel.Placed | None = None
        self._ready: Ready | None = None
        self.while_waiting: Callable[[], None] = lambda: None
        self._pools = threadpoolctl.threadpool_limits(limits=None)

    @property
    def pids(self) -> Sequence[int]:
        """This one."""
        return (os.getpid(),)

    @property
    def alive(self) -> bool:
        """As long as anybody asks."""
        return True

    def order(self, message: Order) -> None:
        """Do it."""
        try:
            with self._in_its_environment():
                self._answer = self._obey(message)
        except CellFailed as error:
            self._answer = Failed(error.outcome, error.reason, error.device_unseen)
        except WrongAnswer as error:
            self._answer = Failed("wrong-answer", str(error))
        except Exception as error:
            self._answer = Failed(outcome_of(error), reason_of(error))

    def answer(self, timeout_seconds: float) -> Answer:
        """What came of the last order."""
        assert self._answer is not None
        self.while_waiting()
        return self._answer

    def freeze(self) -> None:
        """Nothing: it would be ourselves."""

    def kill(self) -> None:
        """Give up what it held."""
        self.end()

    def end(self) -> None:
        """Drop the cell, and let BLAS have its threads again."""
        self._placed = None
        self._pools.restore_original_limits()

    @contextmanager
    def _in_its_environment(self) -> Iterator[None]:
        before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _obey(self, message: Order) -> Answer:
        if isinstance(message, Load):
            return Loaded(cell_setup.load(message.spec))
        if isinstance(message, Prepare):
            self._placed, ready = measure_kernel.prepare(message.spec)
            self._ready = msgspec.structs.replace(ready, facts={**ready.facts, "fresh_process": False})
            return self._ready
        assert self._placed is not None
        assert self._ready is not None
        if isinstance(message, Go):
            begin = self._placed.witness()
            sample = measure_kernel.take_sample(self._placed)
            return msgspec.structs.replace(sample, turn_seconds=self._placed.witness() - begin)
        if isinstance(message, Sustain):
            calls = measure_kernel.wake(self._placed, message.seconds)
            return Sustained(calls * measure_kernel.calls_of(self._placed))
        assert isinstance(message, Finish)
        return Finished(measure_kernel.closing_facts(self._placed, self._ready))
