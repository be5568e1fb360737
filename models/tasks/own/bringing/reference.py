"""The reference: ten plain steps of a model in float64, and how far float32 strays from them by itself.

Gradients are the framework's own, taken eagerly; Adam is NumPy's, in float64, as the contract of trainers has
it. So nothing of a loop is in it: neither its batches nor its optimizer, its compiler or its precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.models.contract.network import SPARSE_CROSSENTROPY
from likeforlike.models.contract.trainer import Dataset
from likeforlike.models.tasks.own.families.model import Model

STEPS = 10
BATCH_SIZE = 16
"""Of the proof: small, so that it is quick for large models too."""
EARLY = 3
"""After so many steps the models of several frameworks are held against each other."""


def proof_data(data: Dataset, batch_size: int = BATCH_SIZE) -> Dataset:
    """The first samples: four batches and a half, where there are so many, and a few more to validate on."""
    count = min(len(data.train_images), 4 * batch_size + (batch_size + 1) // 2)
    few = min(len(data.validation_images), batch_size + 3)
    parts = data.train_images[:count], data.train_labels[:count]
    return Dataset(data.name, data.source, *parts, data.validation_images[:few], data.validation_labels[:few])


def proof_epochs(samples: int, batch_size: int = BATCH_SIZE) -> int:
    """Epochs that come to :data:`STEPS` steps at least."""
    return max(2, math.ceil(STEPS / math.ceil(samples / batch_size)))


@dataclass(frozen=True)
class Course:
    """One plain training."""

    epochs: tuple[Mapping[str, float | None], ...]
    """``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy`` of each."""
    moved: tuple[Mapping[str, np.ndarray], ...]
    """How far each weight has moved from its start after each epoch, by own name."""
    early: Mapping[str, np.ndarray]
    """The same after :data:`EARLY` steps."""
    first_loss: float
    gradients: Mapping[str, np.ndarray]
    """Of the first step."""


class Adam:
    """Adam as the contract has it, float64."""

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        self.recipe = recipe
        self.taken = 0
        self.first: dict[str, np.ndarray] = {}
        self.second: dict[str, np.ndarray] = {}

    def step(
        self, weights: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The weights after one further step."""
        rate, one, two = (self.recipe[name] for name in ("learning_rate", "beta_1", "beta_2"))
        self.taken += 1
        scale = rate * math.sqrt(1 - two**self.taken) / (1 - one**self.taken)
        after = {}
        for name, gradient in gradients.items():
            g = gradient.astype(np.float64)
            m, v = self.first.get(name, np.zeros_like(g)), self.second.get(name, np.zeros_like(g))
            self.first[name], self.second[name] = m + (1 - one) * (g - m), v + (1 - two) * (g * g - v)
            root = np.sqrt(self.second[name]) + self.recipe["epsilon"]
            after[name] = weights[name].astype(np.float64) - scale * self.first[name] / root
        return after


def course_of(
    model: Model,
    start: Mapping[str, np.ndarray],
    data: Dataset,
    recipe: Mapping[str, Any],
    loss: str,
    training: bool,
) -> Course:
    """Train plainly from the given weights, batches in the data's own order. ``start``: by own name."""
    model.assign(start)
    begin = {name: array.astype(np.float64) for name, array in model.weights().items()}
    adam, taken = Adam(recipe), 0
    epochs: list[Mapping[str, float | None]] = []
    moved: list[Mapping[str, np.ndarray]] = []
    early: Mapping[str, np.ndarray] = {}
    first_loss, gradients = math.nan, {}
    samples = len(data.train_images)
    for _ in range(proof_epochs(samples)):
        total, right = 0.0, 0
        for place in range(0, samples, BATCH_SIZE):
            inputs, targets = (a[place : place + BATCH_SIZE] for a in (data.train_images, data.train_labels))
            before = model.weights()
            step = model.step(inputs, targets, training)
            if not taken:
                first_loss, gradients = float(step.losses.mean()) + step.further, dict(step.gradients)
            total += (float(step.losses.mean()) + step.further) * len(inputs)
            right += _right(step.outputs, targets, loss)
            model.assign(adam.step(before, step.gradients))
            taken += 1
            if taken == EARLY:
                early = _movement(begin, model)
        validation = model.evaluated(data.validation_images, data.validation_labels)
        epochs.append(
            {
                "loss": total / samples,
                "accuracy": right / samples if loss == SPARSE_CROSSENTROPY else None,
                "val_loss": validation[0],
                "val_accuracy": _right(validation[1], data.validation_labels, loss)
                / len(data.validation_labels)
                if loss == SPARSE_CROSSENTROPY
                else None,
            }
        )
        moved.append(_movement(begin, model))
    return Course(tuple(epochs), tuple(moved), early, first_loss, gradients)


def _right(outputs: np.ndarray, targets: np.ndarray, loss: str) -> int:
    return int((outputs.argmax(axis=-1) == targets).sum()) if loss == SPARSE_CROSSENTROPY else 0


def _movement(begin: Mapping[str, np.ndarray], model: Model) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float64) - begin[name] for name, array in model.weights().items()}


RELATIVE = 1e-3
"""Of what an array has moved, what a loop in float32 may be off."""
STRAYS = 10.0
"""Times what plain float32 is off, another loop may be: it adds in another order."""
UNDECIDED = 0.3
"""Share of an array's movement, from which that rounding leaves it undecided."""
LEAST_MOVEMENT = 0.02
"""Of a learning rate a step, in each number: what moves less has a gradient of rounding alone."""


@dataclass(frozen=True)
class Allowed:
    """How far a loop may be from the reference."""

    weights: tuple[Mapping[str, float], ...]
    """After each epoch, by own name: norm of the difference; infinite where rounding decides."""
    losses: tuple[Mapping[str, float], ...]
    undecided: tuple[str, ...]
    """Arrays of which rounding in float32 decides where they go."""


def allowed_of(exact: Course, single: Course, recipe: Mapping[str, Any], trained: frozenset[str]) -> Allowed:
    """From the same training in float64 and in float32, what other loops may be off."""
    weights: list[dict[str, float]] = []
    undecided: dict[str, None] = {}
    steps = STEPS
    for truth, rounded in zip(exact.moved, single.moved, strict=True):
        found = {}
        for name, movement in truth.items():
            size = float(np.linalg.norm(movement))
            off = STRAYS * float(np.linalg.norm(rounded[name] - movement))
            usual = recipe["learning_rate"] * steps * math.sqrt(movement.size)
            least = LEAST_MOVEMENT * usual if name in trained else 0.0
            found[name] = max(RELATIVE * size, off, RELATIVE * least, 1e-7)
            if name in trained and size > least and off > UNDECIDED * size:
                undecided[name] = None
        weights.append(found)
    losses = [
        {
            name: max(RELATIVE * abs(value), STRAYS * abs((rounded[name] or 0.0) - value))
            for name, value in truth.items()
            if value is not None and name in ("loss", "val_loss")
        }
        for truth, rounded in zip(exact.epochs, single.epochs, strict=True)
    ]
    return Allowed(tuple(weights), tuple(losses), tuple(undecided))
