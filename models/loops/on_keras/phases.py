"""The phases of ``fit``, timed from inside: training, evaluation, logging, and the turns between epochs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras

from likeforlike.models.contract.training.trainer import Between, Epoch, Phases, Score
from likeforlike.models.loops.on_keras.backends import synchronise

HOOKS = ("set_model", "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_test_begin")
BATCH_HOOKS = ("on_test_end", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin")


class PhaseClock:
    """Which phase the time goes to now; with none it goes nowhere, as while waiting for a turn."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._phase: str | None = None
        self._since = 0.0
        self.phases = Phases(clock)

    def switch(self, phase: str | None) -> str | None:
        """Let time go to ``phase`` from now on; the one before."""
        now, before = self._clock(), self._phase
        if before is not None:
            self.phases.seconds[before] += now - self._since
        self._phase, self._since = phase, now
        return before

    @contextmanager
    def inside(self, phase: str) -> Iterator[None]:
        """Let the time of the block go to ``phase`` instead of the one around it."""
        before = self.switch(phase)
        try:
            yield
        finally:
            self.switch(before)

    def end_epoch(self) -> Phases:
        """Stop the clock and start the next epoch's sums; this epoch's."""
        self.switch(None)
        ended, self.phases = self.phases, Phases(self._clock)
        return ended


def time_evaluation(model: Any, clock: PhaseClock, wait: Callable[[], None] | None = None) -> None:
    """Let the time that ``fit`` evaluates go to that phase, whatever class the model is of.

    A callback can't: ``fit`` calls ``on_test_begin`` after it has prepared the data. So the model itself
    gets an ``evaluate`` of its own; ``wait``: how to wait, where the backend's own way won't do.
    """
    evaluate = type(model).evaluate

    def timed(*arguments: Any, **options: Any) -> Any:
        (wait or partial(synchronise, model))()
        with clock.inside("evaluation"):
            return evaluate(model, *arguments, **options)

    model.evaluate = timed


class TimedTensorBoard(keras.callbacks.TensorBoard):
    """Keras's own callback, the time inside its hooks counted as logging."""

    phase_clock: PhaseClock


def _timed(name: str) -> Callable[..., None]:
    original = getattr(keras.callbacks.TensorBoard, name)

    def hook(self: TimedTensorBoard, *arguments: Any, **options: Any) -> None:
        with self.phase_clock.inside("logging"):
            original(self, *arguments, **options)

    return hook


for _name in HOOKS + BATCH_HOOKS:
    # only hooks that TensorBoard has: a further batch hook would make fit call it at every step
    if _name in vars(keras.callbacks.TensorBoard):
        setattr(TimedTensorBoard, _name, _timed(_name))


class Turns(keras.callbacks.Callback):
    """Ends an epoch: tells the harness, waits for the word to go on. Must be the last callback."""

    def __init__(self, clock: PhaseClock, between: Between) -> None:
        super().__init__()
        self._clock = clock
        self._between = between

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Hand the epoch over; stop the training if told to."""
        drop_used_iterator()
        phases, logs = self._clock.end_epoch(), logs or {}
        ended: Epoch = phases.epoch(epoch + 1, _score(logs, ""), _score(logs, "val_"))
        if not self._between(ended):
            self.model.stop_training = True
        self._clock.switch("train")


def drop_used_iterator() -> None:
    """Drop the iterator of ``tf.data`` that the ``fit`` around this call has gone through.

    The time is the epoch's. ``fit`` keeps it until the next epoch's first step. To drop it takes until the
    autotuner's next turn (``bench.studies.iterator_ends``), and that is put off where the process is stopped
    between epochs: an epoch in turns would wait longer than one of a training alone. On other backends there
    is none.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and not {"epoch_iterator", "iterator"} <= frame.f_locals.keys():
        frame = frame.f_back
    used: Any = frame.f_locals.get("iterator")
    if getattr(used, "_iterator_resource", None) is not None:
        used._iterator_resource = None  # what it stands for is gone with the last reference to it


def _score(logs: Mapping[str, Any], prefix: str) -> Score:
    accuracy = logs.get(f"{prefix}accuracy")
    return float(logs[f"{prefix}loss"]), None if accuracy is None else float(accuracy)
