"""Timed epochs of a brought model, each held against the weights that it leaves behind.

As for built-in tasks: it was the next one, its seconds passed, weights moved, the optimizer took the recipe's
steps. Its losses and accuracies are held against a second model, built anew and given the trainer's weights,
which nothing of the loop has touched. All untimed, and none of it before the first epoch, which is cold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Trainer, Weights
from likeforlike.models.tasks.epoch_faults import (
    Seconds,
    accuracy_fault,
    largest_rate,
    may_rest,
    metrics_fault,
    steps_fault,
    steps_taken,
)
from likeforlike.models.tasks.own.answers import are_of_classes
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.families.open import opened
from likeforlike.models.tasks.own.given import Brought
from likeforlike.models.tasks.own.proof import COARSER, OF_LOWER_PRECISION, moved_by_rounding

LOSS_TOLERANCE = 1e-3
TRAINING_BOUNDS = (0.4, 0.7)
"""How far a running mean may lie beyond the losses of the weights at an epoch's two ends: such shares of the
lower below it, of the upper above it. Those are of a few batches alone, computed as in training, with what is
dropped drawn anew."""
_TRAINING_BATCHES = 8


@dataclass(frozen=True)
class _Judged:
    """What the weights of one moment make of a few batches, as in training."""

    loss: float
    accuracy: float | None
    """None where outputs are not of classes."""
    samples: int


class OwnEpochs:
    """One training, epoch by epoch."""

    def __init__(
        self, brought: Brought, number: int, trainer: Trainer, recipe: Recipe, data: Dataset, initial: Weights
    ) -> None:
        self.brought, self.told = brought, brought.models[number]
        self.trainer, self.recipe, self.data = trainer, recipe, data
        self.weights = initial.named()
        self.trained = {
            match.name
            for match in self.told.network_matches
            for weight in self.told.weights
            if weight.name == match.own and weight.trained
        }
        self.moved_by_rounding = moved_by_rounding(brought, number, recipe)
        self.number = 0
        self.seconds = Seconds()
        self.before: _Judged | None = None
        self._plain: Model | None = None

    @property
    def proven(self) -> str:
        """``proven``, or why not."""
        if self.number == 0:
            return "not proven: no epoch was timed"
        if steps_taken(self.trainer) is None:
            return (
                "not proven: the trainer doesn't tell its optimizer's steps, so batches left out would pass"
            )
        return "proven"

    def fault(self, told: Told) -> str | None:
        """Why the epoch can't be what the recipe asks for, in one line; None if nothing speaks against it."""
        self.number += 1
        if told.epoch.epoch != self.number:
            return f"epoch {self.number} says that it is epoch {told.epoch.epoch}"
        seconds = self.seconds.fault(told, self.number) or metrics_fault(self.recipe, told.epoch)
        steps = steps_fault(self.trainer, self.recipe, self.data, self.number)
        return seconds or steps or self._weights_fault(told.epoch)

    def _weights_fault(self, epoch: Epoch) -> str | None:
        if self.before is None:
            self.before = self._judged()
        weights = self.trainer.parameters().named()
        before, self.weights = self.weights, weights
        rate = largest_rate(self.recipe, len(self.data.train_labels), self.number)
        for name, array in before.items():
            now = weights.get(name)
            if now is None or now.shape != array.shape or not np.isfinite(now).all():
                return f"after epoch {self.number} {name} is missing, misshapen or not finite"
        moved = [
            name
            for name in before
            if name in self.trained and not np.array_equal(weights[name], before[name])
        ]
        may = {*self.told.idle, *self.moved_by_rounding}
        still = [
            name
            for name in self.trained
            if name not in moved and name not in may and not may_rest(self.recipe, before[name], rate)
        ]
        still = self._pushed(still) if still else []
        if still:
            return f"{still[0]} did not move in epoch {self.number}"
        return self._validation_fault(epoch) or self._training_fault(epoch)

    @property
    def plain(self) -> Model:
        """A second model, with the weights of now."""
        if self._plain is None:
            few = self.data.train_images[:2]
            self._plain = opened(self.told.target, self.told.family, self.told.loss, few)
        own = {match.own: match.to_own(self.weights[match.name]) for match in self.told.network_matches}
        self._plain.assign(own)
        return self._plain

    def _validation_fault(self, epoch: Epoch) -> str | None:
        images, labels = self.data.validation_images, self.data.validation_labels
        truth, outputs = self.plain.evaluated(images, labels)
        slack = LOSS_TOLERANCE * COARSER.get(self.recipe.precision, OF_LOWER_PRECISION)
        fault = self._far("val_loss", epoch.val_loss, truth, truth, slack * abs(truth) + 1e-6)
        if fault or epoch.val_accuracy is None:
            return fault
        if labels.dtype.kind not in "iu" or outputs.ndim != labels.ndim + 1 or outputs.shape[-1] < 2:
            return f"epoch {self.number} tells an accuracy, but the outputs are not one for each class"
        right = float((outputs.argmax(axis=-1) == labels).mean())
        ties = slack + 2.0 / labels.size
        return self._far("val_accuracy", epoch.val_accuracy, right, right, ties)

    def _training_fault(self, epoch: Epoch) -> str | None:
        before, now = self.before, self._judged()
        self.before = now
        ends = [end for end in (before, now) if end is not None]
        lower, upper = min(end.loss for end in ends), max(end.loss for end in ends)
        least, most = lower - TRAINING_BOUNDS[0] * abs(lower), upper + TRAINING_BOUNDS[1] * abs(upper)
        fault = self._far("loss", epoch.loss, least, most, 0.05)
        shares = [end.accuracy for end in ends if end.accuracy is not None]
        return fault or (accuracy_fault(epoch, shares, now.samples) if shares else None)

    def _judged(self) -> _Judged:
        """A few batches by the weights of now, as in training."""
        plain, parts = self.plain, self._few_batches()
        losses, right = [], []
        for images, labels in parts:
            outputs = plain.outputs(images, training=True)
            losses.append(plain.judged(outputs, labels))
            if are_of_classes(outputs, labels):
                right.append((outputs.argmax(axis=-1) == labels).mean())
        sizes = [len(labels) for _, labels in parts]
        accuracy = float(np.average(right, weights=sizes)) if right else None
        return _Judged(float(np.average(losses, weights=sizes)), accuracy, sum(sizes))

    def _few_batches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Some of those that an epoch in the data's own order trains on, from all of it."""
        size = self.recipe.batch_size
        starts = range(0, self.recipe.trained_samples(len(self.data.train_labels)), size)
        chosen = list(starts)[:: max(1, len(starts) // _TRAINING_BATCHES)][:_TRAINING_BATCHES]
        return [(self.data.train_images[s : s + size], self.data.train_labels[s : s + size]) for s in chosen]

    def _pushed(self, names: Sequence[str]) -> list[str]:
        """Those of the weights that have a gradient now: where all of a layer's units are dead, none has."""
        own = {match.name: match.own for match in self.told.network_matches}
        pushed: set[str] = set()
        for images, labels in self._few_batches():
            gradients = self.plain.step(images, labels, True).gradients
            pushed |= {name for name in names if np.any(gradients[own[name]])}
        return [name for name in names if name in pushed]

    def _far(self, name: str, said: float | None, least: float, most: float, slack: float) -> str | None:
        if said is None or not least - slack <= said <= most + slack:
            expected = f"{least:.4g}" if least == most else f"{least:.4g} to {most:.4g}"
            return f"{name} of epoch {self.number} is {said}, the weights give {expected}"
        return None
