"""What can be wrong with a timed epoch, whatever is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Trainer
from likeforlike.models.loops.parts.optimizers import learning_rates

BFLOAT16_HALF_SPACING = 2.0**-9
"""Of a number, relative: eight bits tell it."""

UNTOLD_SHARE, UNTOLD_SECONDS = 0.2, 0.1
"""Of the time that passed in an epoch, what its phases may leave out: a callback, opening a file."""
UNTOLD_SECONDS_EACH = 0.02
"""Of many epochs together, in place of the seconds that each may leave out."""

ACCURACY_SLACK = 0.1
"""How far a running accuracy may lie beyond those of the weights at an epoch's two ends: its weights changed
all the time, and may have been worse in between, or better at what they had just seen."""
ACCURACY_SIGMAS = 6.0
"""Those of the two ends are of few samples, so that they are right to this many standard errors."""


def seconds_fault(told: Told, number: int) -> str | None:
    """Why the epoch's phases can't have taken what they say; None if they can."""
    epoch, passed = told.epoch, told.passed_seconds
    said = epoch.train_seconds + epoch.evaluation_seconds + epoch.logging_seconds
    slack = UNTOLD_SHARE * passed + UNTOLD_SECONDS
    # before the first epoch a trainer may prepare what is in no phase
    if said > passed + slack or (number > 1 and said < passed - slack):
        return f"epoch {number} tells of {said:.3g} s, {passed:.3g} s passed"
    return None


@dataclass
class Seconds:
    """Of a training what its phases told and what passed, epochs after the first together.

    Of a short epoch alone little can be said; of many together less is left untold than of each.
    """

    said: float = 0.0
    passed: float = 0.0
    number: int = 0

    def fault(self, told: Told, number: int) -> str | None:
        """Why the phases of this epoch, or of all so far, can't have taken what they say; else None."""
        fault = seconds_fault(told, number)
        if fault is not None or number < 2:
            return fault
        epoch = told.epoch
        self.said += epoch.train_seconds + epoch.evaluation_seconds + epoch.logging_seconds
        self.passed += told.passed_seconds
        self.number += 1
        slack = UNTOLD_SHARE * self.passed + UNTOLD_SECONDS + UNTOLD_SECONDS_EACH * self.number
        if self.said < self.passed - slack:
            return f"epochs 2 to {number} tell of {self.said:.3g} s, {self.passed:.3g} s passed"
        return None


def metrics_fault(recipe: Recipe, epoch: Epoch) -> str | None:
    """Why the epoch can't be one without metrics, where the recipe asks for that; None if it can."""
    told = [value for value in (epoch.accuracy, epoch.val_accuracy) if value is not None]
    if recipe.metrics == "none" and told:
        return f"epoch {epoch.epoch} tells an accuracy, {told[0]:.4g}, though the recipe has no metrics"
    return None


def accuracy_fault(epoch: Epoch, ends: Sequence[float], samples: int) -> str | None:
    """Why an epoch's running accuracy can't be right, as far as so many samples tell; None if it can.

    ``ends``: shares of right answers by the weights before and after it, as in training. Of small data that
    says no more than that it is a share.
    """
    if epoch.accuracy is None:
        return None
    slack = ACCURACY_SLACK + ACCURACY_SIGMAS * 0.5 / math.sqrt(samples)  # 1/2: the most a share scatters by
    least, most = max(0.0, min(ends) - slack), min(1.0, max(ends) + slack)
    if least - 1e-6 <= epoch.accuracy <= most + 1e-6:  # 1e-6: what a sum in float32 may be off
        return None
    told = f"accuracy of epoch {epoch.epoch} is {epoch.accuracy}"
    return f"{told}, the weights give {least:.4g} to {most:.4g}"


UNTOLD_STEPS = "not proven: the trainer doesn't tell its optimizer's steps, so batches left out would pass"


def steps_fault(trainer: Trainer, recipe: Recipe, data: Dataset, number: int) -> str | None:
    """Why the optimizer can't have taken the recipe's steps in so many epochs; None if it has."""
    steps = steps_taken(trainer)
    asked = number * recipe.steps(len(data.train_labels))
    if steps is not None and steps != asked:
        return f"{steps} steps of the optimizer after epoch {number}, the recipe asks for {asked}"
    return None


def largest_rate(recipe: Recipe, samples: int, number: int) -> float:
    """Of the steps of an epoch, counted from 1: at a schedule's ends little is left of the learning rate."""
    steps = recipe.steps(samples)
    return float(learning_rates(recipe, recipe.total_steps(samples), (number - 1) * steps, steps).max())


def may_rest(recipe: Recipe, array: np.ndarray, rate: float) -> bool:
    """Whether an array may stay where it is in an epoch; ``rate``: the largest of its steps.

    By a rate of 0, a warm-up's first, nothing moves. In bfloat16 rounding undoes steps of less than half a
    spacing, and Adam's are no larger than the rate; so the gain of a normalisation, 1, rests at 0.001.
    """
    if rate == 0.0:
        return True
    if recipe.precision != "bfloat16":
        return False
    return bool((np.abs(array) * BFLOAT16_HALF_SPACING > rate).all())


def steps_taken(trainer: Trainer) -> int | None:
    """Steps of the trainer's optimizer since it was made; None where it doesn't tell."""
    count = getattr(trainer, "steps_taken", None)
    return None if count is None else int(count())
