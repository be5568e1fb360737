"""Which way to run is faster here? Found by a short trial of each before the training, once in a process."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run, Trainer

Way = Literal["eager", "graph", "xla"]
TRIAL_STEPS = 40
TRIAL_EPOCHS = 5
"""The first compiles. Two more were too few: a burst of other load spoiled both of them."""
_tried: dict[Any, dict[str, float]] = {}


def try_executions(
    factory: Callable[[Run], Trainer], run: Run, executions: Sequence[Way] = ("graph", "xla")
) -> dict[str, float]:
    """Seconds a step of each way, the best of its short epochs after one that compiles.

    On the run's own first samples, network and weights. Runs that differ in nothing that can change which
    way is faster share a trial. Infinite for XLA where it can't compile the network. The proof holds the
    way that a trial chose for the timed epochs, and makes none of its own.
    """
    recipe, inputs = trial_recipe(run.recipe), run.data.train_images
    network = run.network and run.network.name
    key = (factory, network, recipe, run.device, inputs.shape[1:], inputs.dtype.name)
    if key not in _tried:
        trial = replace(run, data=trial_data(run.data, recipe.batch_size), log_dir=None)
        _tried[key] = {
            way: _tried_step(factory, replace(trial, recipe=replace(recipe, execution=way)))
            for way in executions
        }
    return _tried[key]


def _tried_step(factory: Callable[[Run], Trainer], run: Run) -> float:
    try:
        return min(epoch_seconds(factory(run))[1:]) / TRIAL_STEPS
    except RecipeRefused:
        raise
    except Exception:  # frameworks have no one error for an operator that XLA doesn't know
        if run.recipe.execution != "xla":
            raise
        return math.inf


def trial_recipe(recipe: Recipe) -> Recipe:
    """What of a recipe can change which way to run is faster."""
    shape = replace(
        recipe,
        name="trial",
        published_with=None,
        epochs=TRIAL_EPOCHS,
        logging="none",
        shuffle="none",
        seed=0,
    )
    return replace(shape, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, remainder="drop")


def trial_data(data: Dataset, batch_size: int) -> Dataset:
    """The first samples, over again where there are too few, and a batch to validate on."""
    rows = np.arange(TRIAL_STEPS * batch_size) % len(data.train_labels)
    few = rows[:batch_size]
    return Dataset(
        "trial",
        data.source,
        data.train_images[rows],
        data.train_labels[rows],
        data.train_images[few],
        data.train_labels[few],
    )


def epoch_seconds(trainer: Trainer) -> list[float]:
    """Train to the end; the training seconds of each epoch."""
    seconds: list[float] = []

    def between(epoch: Epoch) -> bool:
        seconds.append(epoch.train_seconds)
        return True

    trainer.train(between)
    return seconds


def in_milliseconds(trial: dict[str, float]) -> dict[str, float | str]:
    """For a trainer's terms."""
    return {
        name: round(1e3 * seconds, 3) if math.isfinite(seconds) else "can't compile it"
        for name, seconds in trial.items()
    }
