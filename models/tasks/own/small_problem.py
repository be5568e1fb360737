"""The small problem of a proof: the first samples, in small batches, by the recipes that were asked for."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

from likeforlike.models.contract.training.recipe import OF_OPTIMIZERS, OPTIMIZING, Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.given import Asked, ModelTold

STEPS = 10
BATCH_SIZE = 16
"""Of the proof: small, so that it is quick for large models too."""


def proof_data(data: Dataset, batch_size: int = BATCH_SIZE) -> Dataset:
    """The first samples: four batches and a half, where there are so many, and a few more to validate on."""
    count = _no_batch_of_one(min(len(data.train_images), 4 * batch_size + (batch_size + 1) // 2), batch_size)
    few = min(len(data.validation_images), batch_size + 3)
    parts = data.train_images[:count], data.train_labels[:count]
    return Dataset(data.name, data.source, *parts, data.validation_images[:few], data.validation_labels[:few])


def _no_batch_of_one(count: int, batch_size: int) -> int:
    """So many samples, or fewer where the last batch would be of one alone.

    PyTorch's batch normalisation refuses that one, others make zeros of it, and the user's own batches may
    have none. A last batch of half the size takes its place or, after a single whole one, none.
    """
    whole, rest = divmod(count, batch_size)
    if rest != 1 or not whole:
        return count
    half = batch_size // 2
    return (whole - 1) * batch_size + half if whole > 1 and half > 1 else count - 1


def proof_epochs(samples: int, batch_size: int = BATCH_SIZE) -> int:
    """Epochs that come to :data:`STEPS` steps at least."""
    return max(2, math.ceil(STEPS / math.ceil(samples / batch_size)))


SHAPING = ("learning_rate", "beta_1", "beta_2", "epsilon", *OPTIMIZING)
"""Fields of a recipe that shape a step; recipes alike in these have one reference."""


def shaping(recipe: Recipe) -> tuple[Any, ...]:
    """The values of those fields."""
    return tuple(getattr(recipe, name) for name in SHAPING)


SGD_RATE = 0.05
"""Of the plain descent that a loop is held against where its Adam can't be."""


def tables_of(told: ModelTold) -> tuple[str, ...]:
    """Layers of Keras that look rows up: its Adam on TensorFlow treats those otherwise than other weights."""
    if told.family != "keras":
        return ()
    return tuple(layer.name for layer in told.layers if layer.kind == "Embedding")


def with_sgd(asked: Asked) -> Asked:
    """The recipes, and after them the plain one by sgd."""
    return replace(asked, recipes=(*asked.recipes, asdict(plain_by_sgd(asked))))


def plain_by_sgd(asked: Asked) -> Recipe:
    """The first recipe with plain gradient descent."""
    return by_sgd(Recipe(**asked.recipes[0]))


def by_sgd(recipe: Recipe) -> Recipe:
    """A recipe with plain gradient descent; its clipping and its schedule stay."""
    defaults = Recipe("plain")
    own = {name for names in OF_OPTIMIZERS.values() for name in names}
    plain = {name: getattr(defaults, name) for name in own}
    name = f"{recipe.name} by sgd"
    return replace(recipe, name=name, optimizer="sgd", learning_rate=SGD_RATE, **plain)


def proof_recipe(recipe: Recipe, samples: int, epochs: int | None = None) -> Recipe:
    """The recipe as a proof trains by it: small batches in the data's own order."""
    return replace(
        recipe,
        batch_size=BATCH_SIZE,
        shuffle="none",
        remainder="keep",
        logging="none",
        epochs=epochs or proof_epochs(samples),
    )


def proof_recipes(asked: Asked, samples: int) -> list[Recipe]:
    """The recipes as a proof on so many samples trains by them."""
    return [proof_recipe(Recipe(**fields), samples) for fields in asked.recipes]
