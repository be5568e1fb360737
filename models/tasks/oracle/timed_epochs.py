"""Timed epochs are proven too: what each reports is held against the weights that it leaves behind.

The proof on small problems (:mod:`likeforlike.models.tasks.oracle.proof`) says that a trainer can train. This
says of every epoch that was timed: it was the next one, its seconds passed, every weight moved, the optimizer
took the recipe's steps, validation loss and accuracy are those of the weights, and the training loss and
accuracy lie near what the weights before and after the epoch give. All by NumPy, untimed.

What it can't find: a trainer without a count of steps that leaves batches out, and one that counts steps
which it doesn't take. Either learns less, which the losses and accuracies of the report show. And a training
accuracy that is off by less than the weights' own changes in the epoch, which the proof alone finds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Trainer, Weights
from likeforlike.models.tasks.epoch_faults import (
    UNTOLD_STEPS,
    Seconds,
    accuracy_fault,
    largest_rate,
    may_rest,
    metrics_fault,
    steps_fault,
    steps_taken,
)
from likeforlike.models.tasks.oracle.arithmetic import in_precision, losses_of, shares_right
from likeforlike.models.tasks.oracle.network import Oracle

LOSS_TOLERANCES = {"float32": 1e-3, "float64": 1e-4, "tf32": 3e-2, "mixed": 3e-2, "bfloat16": 3e-2}
"""Relative, of a mean over the validation images; those of the proof, ten times as wide."""
NEAR_TIES = 2.0
"""Answers that rounding may make right or wrong, beside that share of them."""
SIGMAS = 6.0
TRAINING_BOUNDS = (0.7, 1.4)
"""How far a running mean may lie beyond the losses of the weights at an epoch's two ends: of the lower, of
the upper. Of one epoch's images 2000 are taken, whose mean is right to some 3 %."""
_TRAINING_SAMPLES = 2000
_BLOCK = 500


class TimedEpochs:
    """One training, epoch by epoch."""

    def __init__(
        self, oracle: Oracle, trainer: Trainer, recipe: Recipe, data: Dataset, initial: Weights
    ) -> None:
        self.oracle = oracle
        self.trainer, self.recipe, self.data = trainer, recipe, data
        self.random = np.random.default_rng()
        few = self.random.permutation(len(data.train_labels))[:_TRAINING_SAMPLES]
        self.few = data.train_images[few], data.train_labels[few]
        self.weights = initial.named()
        self.before = self._training_score()
        self.number = 0
        self.seconds = Seconds()

    @property
    def proven(self) -> str:
        """``proven``, or why not, as for the timed calls of kernels."""
        if self.number == 0:
            return "not proven: no epoch was timed"
        return UNTOLD_STEPS if steps_taken(self.trainer) is None else "proven"

    def fault(self, told: Told) -> str | None:
        """Why the epoch can't be what the recipe asks for, in one line; None if nothing speaks against it."""
        self.number += 1
        epoch = told.epoch
        if epoch.epoch != self.number:
            return f"epoch {self.number} says that it is epoch {epoch.epoch}"
        seconds = self.seconds.fault(told, self.number) or metrics_fault(self.recipe, epoch)
        steps = steps_fault(self.trainer, self.recipe, self.data, self.number)
        return seconds or steps or self._weights_fault(epoch)

    def _weights_fault(self, epoch: Epoch) -> str | None:
        weights = self.trainer.parameters().named()
        before, self.weights = self.weights, weights
        rate = largest_rate(self.recipe, len(self.data.train_labels), self.number)
        for name, array in before.items():
            now = weights.get(name)
            if now is None or now.shape != array.shape or not np.isfinite(now).all():
                return f"after epoch {self.number} {name} is missing, misshapen or not finite"
        for name, array in before.items():
            rests = np.array_equal(weights[name], array) and not may_rest(self.recipe, array, rate)
            if rests and self._is_pushed(name):
                return f"{name} did not move in epoch {self.number}"
        return self._validation_fault(epoch) or self._training_fault(epoch)

    def _is_pushed(self, name: str) -> bool:
        """Whether a weight has a gradient now: where all of a layer's units are dead, it has none."""
        dtype = np.dtype("float64" if self.recipe.precision == "float64" else "float32")
        weights = {other: array.astype(dtype) for other, array in self.weights.items()}
        images, labels = (part[:_BLOCK] for part in self.few)
        gradients, *_ = self.oracle.gradients(weights, in_precision(images, dtype), labels, None)
        return bool(np.any(gradients[name]))

    def _validation_fault(self, epoch: Epoch) -> str | None:
        images, labels = self.data.validation_images, self.data.validation_labels
        draws = [self._judged(images, labels, self.recipe.dropout_at_evaluation)]
        if self.recipe.dropout_at_evaluation and self.recipe.dropout_rate:
            draws.append(self._judged(images, labels, True))
        (loss, of_loss), (accuracy, of_accuracy) = (_mean_of(found) for found in zip(*draws, strict=True))
        allowed = LOSS_TOLERANCES[self.recipe.precision]
        slack = allowed * abs(loss)
        fault = self._far("val_loss", epoch.val_loss, loss - of_loss, loss + of_loss, slack)
        if fault or epoch.val_accuracy is None:
            return fault
        slack = allowed + NEAR_TIES / len(labels)
        least, most = accuracy - of_accuracy, accuracy + of_accuracy
        return self._far("val_accuracy", epoch.val_accuracy, least, most, slack)

    def _training_fault(self, epoch: Epoch) -> str | None:
        before, self.before = self.before, self._training_score()
        losses, accuracies = zip(before, self.before, strict=True)
        lower, upper = TRAINING_BOUNDS
        least, most = lower * min(losses), upper * max(losses)
        fault = self._far("loss", epoch.loss, least, most, 0.02)
        return fault or accuracy_fault(epoch, accuracies, len(self.few[1]))

    def _far(self, name: str, said: float | None, least: float, most: float, slack: float) -> str | None:
        if said is None or not least - slack <= said <= most + slack:
            expected = f"{least:.4g}" if least == most else f"{least:.4g} to {most:.4g}"
            return f"{name} of epoch {self.number} is {said}, the weights give {expected}"
        return None

    def _training_score(self) -> tuple[float, float]:
        """Mean loss and accuracy of some training images, dropout on, by the weights of now."""
        losses, right = self._judged(*self.few, True)
        return float(losses.mean()), float(right.mean())

    def _judged(self, images: np.ndarray, labels: np.ndarray, drops: bool) -> tuple[np.ndarray, np.ndarray]:
        """Each image's loss and share of right answers by the weights of now, float64 [n]; fresh dropout."""
        dtype = np.dtype("float64" if self.recipe.precision == "float64" else "float32")
        weights = {name: array.astype(dtype) for name, array in self.weights.items()}
        rate = self.recipe.dropout_rate if drops else 0.0
        losses, right = [], []
        for start in range(0, len(labels), _BLOCK):
            rows = slice(start, start + _BLOCK)
            some, own = in_precision(images[rows], dtype), labels[rows]
            scale = self.oracle.dropout_mask(self.random, len(own), rate, dtype) if rate else None
            logits = self.oracle.dropped_logits(weights, some, scale)
            losses.append(losses_of(logits.astype(np.float64), own))
            right.append(shares_right(logits, own))
        return np.concatenate(losses), np.concatenate(right)


def _mean_of(draws: Sequence[np.ndarray]) -> tuple[float, float]:
    """Of one draw of dropout or two: the mean, and how far that of another draw may lie from it."""
    if len(draws) == 1:
        return float(draws[0].mean()), 0.0
    first, second = draws
    # a draw has variance v / n, the mean of two of ours half of that
    variance = float(((first - second) ** 2).mean()) / 2
    return float((first.mean() + second.mean()) / 2), SIGMAS * float(np.sqrt(1.5 * variance / len(first)))
