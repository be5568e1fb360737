"""The proof that a loop trains a brought model: ten steps of it against the plain ones in float64.

The loop is given the same starting weights and the same batches, in the data's own order; nothing is
dropped. Once all layers compute as in training, and once as in inference, where that makes a difference.
Losses of each epoch and the movement of each weight must be those of the reference, as far as float32 tells.
Then, where the model draws at random, what it draws: :mod:`likeforlike.models.tasks.own.drawn`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likeforlike.models.contract.network import NamedWeights, Network
from likeforlike.models.contract.recipe import Recipe
from likeforlike.models.contract.task import Factory
from likeforlike.models.contract.trainer import Epoch, Run
from likeforlike.models.contract.workload import Verification
from likeforlike.models.tasks.own.bringing.reference import BATCH_SIZE, RELATIVE, proof_data, proof_epochs
from likeforlike.models.tasks.own.bringing.reference_files import Reference, read_reference
from likeforlike.models.tasks.own.data import load_kept
from likeforlike.models.tasks.own.drawn import PASSES_OF_A_LOOP, STANDS_STILL, read_passes
from likeforlike.models.tasks.own.drawn import fault as drawn_fault
from likeforlike.models.tasks.own.given import Brought, arrays_of, start_file
from likeforlike.models.tasks.own.networks import quiet

COARSER = {"float64": 1.0, "float32": 1.0, "tf32": 30.0}
"""By precision mode, how many times what float32 may be off."""
OF_LOWER_PRECISION = 100.0
FAR = 30.0
"""Times a learning rate, in each number: Adam's ten steps come to about ten of them at most."""
MODES = ("training", "inference")
OPTIMIZER_FIELDS = ("learning_rate", "beta_1", "beta_2", "epsilon")


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
    """Hold a loop against the model's reference, in each of its modes."""
    told = brought.models[number]
    why = told.unproven or _uncovered(brought, recipe)
    if why and not told.modes:
        return Verification(0.0, RELATIVE, unproven=why)
    network: Network | None = getattr(factory, "network", None)
    if network is None:
        raise TypeError("a brought model is trained by loops that are given a network")
    found = [Share(0.0, "")]
    for mode in told.modes if not _uncovered(brought, recipe) else ():
        reference = read_reference(brought.folder, number, mode)
        trained = train(brought, number, factory, quiet(network, mode), recipe, device)
        found += shares(trained, reference, recipe, mode)
        if not farthest(found).of_allowed <= 1.0:
            break
    worst = farthest(found)
    theirs = read_passes(brought.folder, number)
    if theirs and worst.of_allowed <= 1.0 and not _uncovered(brought, recipe):
        still = replace(recipe, learning_rate=STANDS_STILL)
        passes = train(brought, number, factory, network, still, device, PASSES_OF_A_LOOP)
        apart = drawn_fault([_number(epoch.loss) for epoch in passes.epochs], theirs)
        worst = Share(math.inf, apart) if apart else worst
    return Verification(worst.of_allowed * RELATIVE, RELATIVE, worst.what, why)


def farthest(found: list[Share]) -> Share:
    """The worst of the first epoch in which any is too far off; the worst of all where none is."""
    over = [share for share in found if not share.of_allowed <= 1.0]
    first = [share for share in over if share.when == min(other.when for other in over)]
    worst = max(first or found, key=lambda share: _size(share.of_allowed))
    return replace(worst, of_allowed=_size(worst.of_allowed))


def _uncovered(brought: Brought, recipe: Recipe) -> str:
    """Why the reference is of another training than the recipe's; empty where it isn't."""
    asked, mine = brought.asked.recipe, vars(recipe)
    shaping = {name for name in mine if name in ("optimizer", "clip_norm", "schedule", "weight_decay")}
    for name in (*OPTIMIZER_FIELDS, *sorted(shaping)):
        if name in asked and asked[name] != mine[name]:
            return f"the reference has {name}={asked[name]!r}, the recipe {recipe.name} {mine[name]!r}"
    return ""


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
    asked = replace(
        recipe,
        batch_size=BATCH_SIZE,
        shuffle="none",
        remainder="keep",
        logging="none",
        epochs=epochs_asked or proof_epochs(len(data.train_images)),
    )
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
    """How much of what is allowed each loss and weight uses up, epoch by epoch."""
    figures, wider = reference.figures, COARSER.get(recipe.precision, OF_LOWER_PRECISION)
    if len(trained.epochs) != len(figures.epochs):
        told = f"{len(trained.epochs)} epochs were trained, {len(figures.epochs)} were asked for"
        yield Share(math.inf, told)
        return
    for number, (epoch, truth) in enumerate(zip(trained.epochs, figures.epochs, strict=True)):
        where, when = f"of epoch {number + 1}, as in {mode}", (MODES.index(mode), number)
        for name, allowed in figures.allowed_losses[number].items():
            said, right = getattr(epoch, name), truth[name]
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
            share = off / (figures.allowed[number][name] * wider)
            if off > FAR * recipe.learning_rate * math.sqrt(movement.size) and name in figures.trained:
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
