"""The epochs of a hand-written trainer: train, evaluate, log, wait for one's turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from likeforlike.models.contract.training.trainer import Between, Phases, Run, Score, Weights
from likeforlike.models.loops.parts.tensorboard import EventFile, open_event_log


class Learner(Protocol):
    """What a hand-written trainer must be able to do; both calls return when the device is done."""

    def train_epoch(self) -> Score:
        """One pass over the training images in a fresh order; the epoch's mean loss and accuracy."""
        ...

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        ...

    def parameters(self) -> Weights:
        """The current weights, copied to the host."""
        ...


def run_epochs(
    run: Run, learner: Learner, between: Between, open_file: Callable[[Path], Any] = EventFile
) -> None:
    """Train for the recipe's epochs, or until ``between`` says stop; its waiting is in no phase.

    ``open_file`` opens an event file; a framework's own summaries can take the place of ours.
    """
    with open_event_log(run, open_file) as log:
        for number in range(1, run.recipe.epochs + 1):
            phases = Phases(run.clock)
            with phases.phase("train"):
                training = learner.train_epoch()
            with phases.phase("evaluation"):
                validation = learner.evaluate()
            with phases.phase("logging"):
                log.write(number - 1, training, validation, learner.parameters)
            if not between(phases.epoch(number, training, validation)):
                break
