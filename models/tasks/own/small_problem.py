"""The small problem of a proof: the first samples, in small batches, by the recipes that were asked for."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from likeforlike.models.contract.training.recipe import OPTIMIZING, Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.given import Asked

STEPS = 10
BATCH_SIZE = 16
"""Of the proof: small, so that it is quick for large models too."""


def proof_data(data: Dataset, batch_size: int = BATCH_SIZE) -> Dataset:
    """The first samples: four batches and a half, where there are so many, and a few more to validate on."""
    count = min(len(data.train_images), 4 * batch_size + (batch_size + 1) // 2)
    few = min(len(data.validation_images), batch_size + 3)
    parts = data.train_images[:count], data.train_labels[:count]
    return Dataset(data.name, data.source, *parts, data.validation_images[:few], data.validation_labels[:few])


def proof_epochs(samples: int, batch_size: int = BATCH_SIZE) -> int:
    """Epochs that come to :data:`STEPS` steps at least."""
    return max(2, math.ceil(STEPS / math.ceil(samples / batch_size)))


SHAPING = ("learning_rate", "beta_1", "beta_2", "epsilon", *OPTIMIZING)
"""Fields of a recipe that shape a step; recipes alike in these have one reference."""


def shaping(recipe: Recipe) -> tuple[Any, ...]:
    """The values of those fields."""
    return tuple(getattr(recipe, name) for name in SHAPING)


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
