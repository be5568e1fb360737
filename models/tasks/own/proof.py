"""The proof that a loop trains a brought model: ten steps of it against the plain ones in float64.

The loop is given the same starting weights and the same batches, in the data's own order; nothing is
dropped. Once all layers compute as in training, and once as in inference, where that makes a difference.
Losses and accuracies of each epoch and the movement of each weight must be those of the reference, as far as
float32 tells.
Then, where the model draws at random, what it draws: :mod:`likeforlike.models.tasks.own.drawn`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likeforlike.models.contract.training.network import NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.task import Factory
from likeforlike.models.contract.training.trainer import Epoch, Run
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.own.bringing.reference import RELATIVE
from likeforlike.models.tasks.own.bringing.reference_files import (
    Reference,
    read_moved_by_rounding,
    read_reference,
)
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.drawn import PASSES_OF_A_LOOP, STANDS_STILL, read_passes
from likeforlike.models.tasks.own.drawn import fault as drawn_fault
from likeforlike.models.tasks.own.given import Brought, ModelTold, arrays_of, reference_file, start_file
from likeforlike.models.tasks.own.networks import quiet
from likeforlike.models.tasks.own.small_problem import (
    SHAPING,
    STEPS,
    plain_by_sgd,
    proof_data,
    proof_recipe,
    shaping,
    tables_of,
)

COARSER = {"float64": 1.0, "float32": 1.0, "tf32": 30.0}
"""By precision mode, how many times what float32 may be off."""
OF_LOWER_PRECISION = 100.0
FAR = 10.0
"""Times as far as the reference, or ten learning rates in each number, no faulty step leads."""
MODES = ("training", "inference")


@dataclass(frozen=True)
class Trained:
    """What a loop told of its epochs, and the movement of its weights after each."""

    epochs: tuple[Epoch, ...]
    moved: tuple[Mapping[str, np.ndarray], ...]


@dataclass(frozen=True)
class Share:
    """How much of what is allowed was used up, by what."""

    of_allowed: float
    what: str
    when: tuple[int, int] = (0, 0)
    """Mode and epoch: where several are too far off the first to be so tells most."""


def verify(brought: Brought, number: int, factory: Factory, recipe: Recipe, device: str) -> Verification:
    """Hold a loop against the model's reference, in each of its modes, and against what the model drops."""
    told, which = brought.models[number], _recipe_of(brought, recipe)
    network: Network | None = getattr(factory, "network", None)
    if network is None:
        raise TypeError("a brought model is trained by loops that are given a network")
    if which is None:
        why = f"there is no plain training by the recipe {recipe.name} to hold it against"
        return Verification(0.0, RELATIVE, unproven=told.unproven or why)
    unproven = told.unproven or (told.undecided[which] if told.undecided else "")
    worst = _held(brought, number, factory, network, recipe, which, device)
    if worst is None:
        return Verification(0.0, RELATIVE, unproven=unproven)
    if not worst.of_allowed <= 1.0 and (why := _why_another(told, recipe)):
        unproven = unproven or why
        worst = _held_by_sgd(brought, number, factory, network, recipe, device)
        if worst is None:
            return Verification(0.0, RELATIVE, unproven=unproven)
    theirs = read_passes(brought.folder, number)
    if theirs and worst.of_allowed <= 1.0:
        still = replace(recipe, learning_rate=STANDS_STILL)
        passes = train(brought, number, factory, network, still, device, PASSES_OF_A_LOOP)
        apart = drawn_fault([_number(epoch.loss) for epoch in passes.epochs], theirs)
        worst = Share(math.inf, apart) if apart else worst
    return Verification(worst.of_allowed * RELATIVE, RELATIVE, worst.what, unproven)


def _held(
    brought: Brought,
    number: int,
    factory: Factory,
    network: Network,
    recipe: Recipe,
    which: int,
    device: str,
) -> Share | None:
    """How far the loop is from one of the references, in each mode until it is too far.

    None where the reference ends in numbers that are not finite.
    """
    found = [Share(0.0, "")]
    for mode in brought.models[number].modes:
        reference = read_reference(brought.folder / reference_file(number, mode, which))
        if not all(np.isfinite(array).all() for array in reference.moved[-1].values()):
            return None
        trained = train(brought, number, factory, quiet(network, mode), recipe, device)
        found += shares(trained, reference, recipe, mode)
        if not farthest(found).of_allowed <= 1.0:
            break
    return farthest(found)


def _held_by_sgd(
    brought: Brought, number: int, factory: Factory, network: Network, recipe: Recipe, device: str
) -> Share | None:
    """The same with plain gradient descent, the loop going about it as the recipe says; None without one."""
    plain, which = plain_by_sgd(brought.asked), len(brought.asked.recipes)
    files = (brought.folder / reference_file(number, mode, which) for mode in brought.models[number].modes)
    if not all(path.exists() for path in files):
        return None
    changed = replace(recipe, **{name: getattr(plain, name) for name in SHAPING})
    worst = _held(brought, number, factory, network, changed, which, device)
    return worst and replace(worst, what=f"by sgd instead of {recipe.optimizer}: {worst.what}")


def _why_another(told: ModelTold, recipe: Recipe) -> str:
    """Why a right loop trains otherwise than the model does plainly; empty if nothing is known to do that."""
    if told.family != "keras" or recipe.optimizer not in ("adam", "adamw"):
        return ""
    tables = tables_of(told)
    if not tables:
        return ""
    from keras import backend

    if backend.backend() != "tensorflow":
        return ""
    return (
        f"Keras's Adam on TensorFlow takes the second moment of a row that {tables[0]} looks up twice in a "
        "batch from two gradients, not from their sum: it strays from the model's plain training, and "
        "nothing shows that it does so for that reason alone"
    )


def moved_by_rounding(brought: Brought, number: int, recipe: Recipe) -> frozenset[str]:
    """Weights that may rest, since nothing but rounding moves them; none without a reference."""
    which = _recipe_of(brought, recipe)
    if which is None:
        return frozenset()
    modes = brought.models[number].modes
    paths = (brought.folder / reference_file(number, mode, which) for mode in modes)
    return frozenset(name for path in paths for name in read_moved_by_rounding(path))


def farthest(found: list[Share]) -> Share:
    """The worst of the first epoch in which any is too far off; the worst of all where none is."""
    over = [share for share in found if not share.of_allowed <= 1.0]
    first = [share for share in over if share.when == min(other.when for other in over)]
    worst = max(first or found, key=lambda share: _size(share.of_allowed))
    return replace(worst, of_allowed=_size(worst.of_allowed))


def _recipe_of(brought: Brought, recipe: Recipe) -> int | None:
    """Which of the references is of the recipe's training; None: the recipe was not among those asked for."""
    known = [shaping(Recipe(**fields)) for fields in brought.asked.recipes]
    return known.index(shaping(recipe)) if shaping(recipe) in known else None


def train(
    brought: Brought,
    number: int,
    factory: Factory,
    network: Network,
    recipe: Recipe,
    device: str,
    epochs_asked: int | None = None,
) -> Trained:
    """Let the loop train as the reference was trained, or longer. Raises what the loop raises."""
    data = proof_data(load_kept(brought.folder, brought.data.name))
    start = arrays_of(brought.folder / start_file(number, brought.asked.seeds[0]))
    asked = proof_recipe(recipe, len(data.train_images), epochs_asked)
    epochs: list[Epoch] = []
    moved: list[Mapping[str, np.ndarray]] = []

    def between(epoch: Epoch) -> bool:
        epochs.append(epoch)
        moved.append(_movement(start, trainer.parameters().named()))
        return True

    trainer = factory(Run(asked, data, NamedWeights(start), device, network=network))
    trainer.train(between)
    return Trained(tuple(epochs), tuple(moved))


def _movement(start: Mapping[str, np.ndarray], now: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """By name, of what is there and has its shape."""
    return {
        name: np.asarray(now[name], np.float64) - begin
        for name, begin in start.items()
        if name in now and np.shape(now[name]) == begin.shape
    }


def shares(trained: Trained, reference: Reference, recipe: Recipe, mode: str) -> Iterator[Share]:
    """How much of what is allowed each loss, accuracy and weight uses up, epoch by epoch."""
    figures, wider = reference.figures, COARSER.get(recipe.precision, OF_LOWER_PRECISION)
    if len(trained.epochs) != len(figures.epochs):
        told = f"{len(trained.epochs)} epochs were trained, {len(figures.epochs)} were asked for"
        yield Share(math.inf, told)
        return
    for number, (epoch, truth) in enumerate(zip(trained.epochs, figures.epochs, strict=True)):
        where, when = f"of epoch {number + 1}, as in {mode}", (MODES.index(mode), number)
        for name, allowed in figures.allowed_losses[number].items():
            if recipe.metrics == "none" and name.endswith("accuracy"):
                continue  # that none was computed, each timed epoch is held to
            said, right = getattr(epoch, name), truth[name]
            if said is None and name.endswith("accuracy"):
                continue  # a model's own train_step may tell its loss alone
            off = math.inf if said is None or right is None else abs(float(said) - right)
            what = f"{name} {where}, is {_told(said)}, it should be {_told(right)}"
            yield Share(off / (allowed * wider), what, when)
        for name, movement in reference.moved[number].items():
            mine = trained.moved[number].get(name)
            what = f"{name} at the end {where},"
            if mine is None:
                yield Share(math.inf, f"{what} is missing or misshapen", when)
                continue
            off, size = float(np.linalg.norm(mine - movement)), float(np.linalg.norm(movement))
            if name in figures.without_gradient:  # by adamw JAX lets it decay, PyTorch leaves it
                off = min(off, float(np.linalg.norm(mine)))
            share = off / (figures.allowed[number][name] * wider)
            usual = STEPS * recipe.learning_rate * math.sqrt(movement.size)
            if off > FAR * max(size, usual) and name in figures.trained:
                yield Share(share, f"{what} is where no ten steps from the given weights lead", when)
            else:
                yield Share(share, f"{what} is {_part(off, size)} from where it should be", when)


def _part(off: float, size: float) -> str:
    return f"{off / size:.2g} of its movement away" if size else f"{off:.2g} away, without movement,"


def _told(value: float | None) -> str:
    return "not told" if value is None else f"{value:.6g}"


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _size(share: float) -> float:
    return math.inf if math.isnan(share) else share
