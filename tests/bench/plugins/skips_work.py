"""Trainers that pass the proof on small problems and skip work, or tell of other work, in the real epochs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import ClassVar

from likeforlike.models.tasks.mlp.loops.numpy_loop import NumpyLoop


class Honest(NumpyLoop):
    log: ClassVar[list[str]] = []

    @property
    def real(self) -> bool:
        return self.run.data.name == "synthetic"

    def __init__(self, run):
        super().__init__(run)
        self.epochs = 0
        self.log.append(f"made for {run.data.name}")

    def train_epoch(self):
        self.epochs += 1
        self.log.append(f"epoch {self.epochs} on {self.run.data.name}")
        return super().train_epoch()

    def forward(self, images, training):
        self.log.append(f"forward on {self.run.data.name}")
        return super().forward(images, training)


class HalfTheBatches(Honest):
    """Half of them, in every epoch after the first."""

    def _batches(self):
        half = self.real and self.epochs > 1
        steps = self.run.recipe.steps(len(self.train_images))
        yield from islice(super()._batches(), steps // 2 if half else None)


class KeptLosses(Honest):
    """Trains in the first two epochs; then rests on what it has."""

    def train_epoch(self):
        if self.real and self.epochs >= 2:
            self.epochs += 1
            return self.kept
        self.kept = super().train_epoch()
        return self.kept


class KeptValidation(Honest):
    """Trains on, and evaluates once."""

    def evaluate(self):
        if not self.real or self.epochs == 1:
            self.kept = super().evaluate()
        return self.kept


class MadeUpLoss(Honest):
    """A training loss much better than the weights'."""

    def train_epoch(self):
        loss, accuracy = super().train_epoch()
        return (loss / 3 if self.real else loss), accuracy


class HalfTheSeconds(Honest):
    """It tells half of the seconds."""

    def train(self, between):
        super().train(
            lambda epoch: between(
                replace(epoch, train_seconds=epoch.train_seconds / 2 if self.real else epoch.train_seconds)
            )
        )


class SkipsAnEpoch(Honest):
    """It hands over every other epoch."""

    def train(self, between):
        super().train(lambda epoch: epoch.epoch % 2 == 0 or between(epoch) if self.real else between(epoch))


class WrongInTheProof(Honest):
    """Right where it is timed, wrong in the proof."""

    def train_epoch(self):
        loss, accuracy = super().train_epoch()
        return (loss if self.real else loss * 1.1), accuracy


class TellsNoSteps(Honest):
    """It doesn't tell how many steps it took."""

    steps_taken = None
