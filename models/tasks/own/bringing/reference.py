"""The reference: ten plain steps of a model in float64, and how far rounding strays from them by itself.

Gradients are the framework's own, taken eagerly; updates are NumPy's, in float64, by
:mod:`likeforlike.models.loops.parts.optimizers`. So nothing of a loop is in it: neither its batches nor its
optimizer, its compiler or its precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.loops.parts.optimizers import UpdateState, learning_rates, update
from likeforlike.models.tasks.own.answers import are_of_classes, leads
from likeforlike.models.tasks.own.families.model import Model
from likeforlike.models.tasks.own.small_problem import BATCH_SIZE

EARLY = 3
"""After so many steps the models of several frameworks are held against each other."""


@dataclass(frozen=True)
class Course:
    """One plain training."""

    epochs: tuple[Mapping[str, float | None], ...]
    """``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy`` of each; no accuracy where outputs are not of
    classes."""
    moved: tuple[Mapping[str, np.ndarray], ...]
    """How far each weight has moved from its start after each epoch, by own name."""
    early: Mapping[str, np.ndarray]
    """The same after :data:`EARLY` steps."""
    first_loss: float
    gradients: Mapping[str, np.ndarray]
    """Of the first step."""
    without_gradient: tuple[str, ...] = ()
    """Trained weights whose gradient was 0 in each step, as of one that the model doesn't use."""
    leads: tuple[Mapping[str, np.ndarray], ...] = ()
    """Of each epoch, by the names of its accuracies, how far each right class was ahead; nothing where there
    is none."""


def course_of(
    model: Model,
    start: Mapping[str, np.ndarray],
    data: Dataset,
    recipe: Recipe,
    training: bool,
) -> Course:
    """Train plainly from the given weights by a recipe of the proof. ``start``: by own name."""
    model.restart(start)
    begin = {name: array.astype(np.float64) for name, array in model.weights().items()}
    state, taken, samples = UpdateState(), 0, len(data.train_images)
    total_steps = recipe.total_steps(samples)
    epochs: list[Mapping[str, float | None]] = []
    moved: list[Mapping[str, np.ndarray]] = []
    ahead: list[Mapping[str, np.ndarray]] = []
    early: Mapping[str, np.ndarray] = {}
    first_loss, gradients = math.nan, {}
    pushed: set[str] = set()
    for _ in range(recipe.epochs):
        total, answers = 0.0, _Answers()
        for place in range(0, samples, BATCH_SIZE):
            inputs, targets = (a[place : place + BATCH_SIZE] for a in (data.train_images, data.train_labels))
            before = model.weights()
            step = model.step(inputs, targets, training)
            if not taken:
                first_loss, gradients = float(step.losses.mean()) + step.further, dict(step.gradients)
            pushed |= {name for name, gradient in step.gradients.items() if np.any(gradient)}
            total += (float(step.losses.mean()) + step.further) * len(inputs)
            answers.add(step.outputs, targets)
            after, state = update(recipe, total_steps, _exact(before), _exact(step.gradients), state)
            model.assign({name: after[name] for name in step.gradients})
            model.confine()
            taken += 1
            if taken == EARLY:
                early = _movement(begin, model)
        validation = model.evaluated(data.validation_images, data.validation_labels)
        validated = _Answers()
        validated.add(validation[1], data.validation_labels)
        epochs.append(
            {
                "loss": total / samples,
                "accuracy": answers.accuracy,
                "val_loss": validation[0],
                "val_accuracy": validated.accuracy,
            }
        )
        named = {"accuracy": answers, "val_accuracy": validated}
        ahead.append({name: np.concatenate(some.ahead) for name, some in named.items() if some.ahead})
        moved.append(_movement(begin, model))
    never = tuple(name for name in gradients if name not in pushed)
    return Course(tuple(epochs), tuple(moved), early, first_loss, gradients, never, tuple(ahead))


@dataclass
class _Answers:
    """Those of some batches, one for each class number; none where outputs are not of classes."""

    right: int = 0
    ahead: list[np.ndarray] = field(default_factory=list)

    def add(self, outputs: np.ndarray, targets: np.ndarray) -> None:
        """Those of a batch."""
        if are_of_classes(outputs, targets):
            self.right += int((outputs.argmax(axis=-1) == targets).sum())
            self.ahead.append(leads(outputs, targets))

    @property
    def accuracy(self) -> float | None:
        """The share that is right."""
        return self.right / sum(map(len, self.ahead)) if self.ahead else None


def _exact(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _movement(begin: Mapping[str, np.ndarray], model: Model) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float64) - begin[name] for name, array in model.weights().items()}


RELATIVE = 1e-3
"""Of what an array has moved, what a loop in float32 may be off."""
NUDGES, NUDGE = 3, 1e-5
"""How often the plain training in float32 is repeated from weights nudged by so much of themselves, some
dozens of times their rounding: a unit whose input is nearly 0 may fall to either side of a ReLU's kink, which
moves all weights, and to which side it falls in a loop that adds in another order nobody can tell."""
STRAYS = 10.0
"""Times what those are off, another loop may be."""
LEAST = 1e-7
"""Whatever those say, so much may be off: a loss may be 0, as of a hinge, and a weight may stay."""
UNDECIDED = 0.3
"""Share of an array's movement, from which that rounding leaves it undecided."""
LEAST_MOVEMENT = 0.02
"""Of a learning rate a step, in each number: what moves less by Adam has a gradient of rounding alone."""
LEAST_BY_SGD = 1e-4
"""The same by sgd, whose steps are as large as the gradients: of what moves most, in each number."""
ONE_MORE = 1.5
"""Answers that may be right or wrong beside those of which rounding decides: one may, a second may not,
whatever the digits of the share that is told."""


@dataclass(frozen=True)
class Allowed:
    """How far a loop may be from the reference."""

    weights: tuple[Mapping[str, float], ...]
    """After each epoch, by own name: norm of the difference; infinite where rounding decides."""
    losses: tuple[Mapping[str, float], ...]
    """Of each epoch, by name; of its accuracies, too, where there are some."""
    undecided: tuple[str, ...]
    """Arrays of which rounding in float32 decides where they go."""
    resting: tuple[str, ...] = ()
    """Trained arrays that nothing but rounding moves, such as a bias before a batch normalisation."""
    without_gradient: tuple[str, ...] = ()
    """Trained arrays that nothing but decay moves: some frameworks let them decay, others leave them."""


def nudged(start: Mapping[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    """The starting weights, each number a little off; as they are for the first."""
    draw = np.random.default_rng(number)
    size = NUDGE if number else 0.0
    return {
        name: (array * (1 + size * draw.standard_normal(array.shape))).astype(array.dtype)
        for name, array in start.items()
    }


def allowed_of(
    exact: Course, rounded: Sequence[Course], recipe: Recipe, trained: frozenset[str], total: int
) -> Allowed:
    """From the same training in float64 and several times in float32, what other loops may be off.

    ``total``: steps of it.
    """
    weights: list[dict[str, float]] = []
    undecided: dict[str, None] = {}
    resting: dict[str, None] = dict.fromkeys(trained)
    for epoch, truth in enumerate(exact.moved):
        found, in_each = {}, _least_in_each(truth, recipe, trained, total)
        for name, movement in truth.items():
            size = float(np.linalg.norm(movement))
            off = STRAYS * max(float(np.linalg.norm(one.moved[epoch][name] - movement)) for one in rounded)
            least = in_each * math.sqrt(movement.size) if name in trained else 0.0
            found[name] = max(RELATIVE * size, off, RELATIVE * least, LEAST)
            if name in trained and size > least:
                resting.pop(name, None)
                if off > UNDECIDED * size:
                    undecided[name] = None
        weights.append(found)
    losses = [
        {
            name: max(
                RELATIVE * abs(value),
                STRAYS * _farthest(value, [one.epochs[epoch][name] for one in rounded]),
                LEAST,
            )
            for name, value in told.items()
            if value is not None and name in ("loss", "val_loss")
        }
        | _allowed_accuracies(exact, rounded, epoch)
        for epoch, told in enumerate(exact.epochs)
    ]
    rest = tuple(sorted(resting))
    return Allowed(tuple(weights), tuple(losses), tuple(undecided), rest, exact.without_gradient)


def _least_in_each(
    moved: Mapping[str, np.ndarray], recipe: Recipe, trained: frozenset[str], total: int
) -> float:
    """What an array must move, in each number, not to rest; in a warm-up all move little."""
    if recipe.optimizer != "sgd":
        return LEAST_MOVEMENT * float(learning_rates(recipe, total).sum())
    sizes = (
        float(np.linalg.norm(array)) / math.sqrt(array.size)
        for name, array in moved.items()
        if name in trained
    )
    return LEAST_BY_SGD * max(sizes, default=0.0)


def _farthest(value: float, others: Sequence[float | None]) -> float:
    return max(abs((other or 0.0) - value) for other in others)


def _allowed_accuracies(exact: Course, rounded: Sequence[Course], epoch: int) -> dict[str, float]:
    """By name, the share of answers of which rounding decides whether they are right, and of one more.

    Those are ahead, or behind, by no more than another loop may stray, as the courses in float32 tell.
    """
    found = {}
    for name, truth in exact.leads[epoch].items():
        others = np.stack([one.leads[epoch][name] for one in rounded])
        with np.errstate(invalid="ignore"):  # of a training that runs away
            strays = STRAYS * np.abs(others - truth).max(axis=0)
        # what is no number is decided by nothing
        open_ones = ~(np.abs(truth) > np.maximum(RELATIVE, strays))
        found[name] = (float(np.count_nonzero(open_ones)) + ONE_MORE) / truth.size
    return found
