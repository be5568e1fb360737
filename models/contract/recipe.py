"""Recipes: everything that shapes a training run and could be unequal."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from likeforlike.models.contract.implementation import missing


class RecipeRefused(Exception):
    """A trainer can't honour a field of the recipe, and says so instead of ignoring it."""

    def __init__(self, trainer: str, field: str, value: object, why: str) -> None:
        super().__init__(f"{trainer} refuses {field}={value!r}: {why}")
        self.field = field


@dataclass(frozen=True)
class Recipe:
    """One way to train, frozen; two runs under one recipe are meant to be equal."""

    name: str
    batch_size: int = 64
    bias: bool = True
    dropout_rate: float = 0.2
    dropout_at_evaluation: bool = False
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    epochs: int = 7
    shuffle: Literal["every-epoch", "none"] = "every-epoch"
    """A fresh uniform permutation of the training images each epoch, or the data's own order."""
    remainder: Literal["keep", "drop"] = "keep"
    """What becomes of the last batch of an epoch when it is smaller than the others."""
    seed: int = 2020
    logging: Literal["none", "scalars", "histograms"] = "none"
    """TensorBoard: nothing, losses and accuracies each epoch, or all weights as histograms as well."""
    execution: Literal["default", "eager", "graph", "xla"] = "default"
    """How the steps run; ``default`` is the trainer's own way, which it records in its terms."""
    precision: Literal["float32", "float64", "tf32"] = "float32"
    published_with: str | None = None
    """The implementation that a published recipe was published with."""

    def steps(self, samples: int) -> int:
        """Batches in an epoch over that many samples."""
        whole, rest = divmod(samples, self.batch_size)
        return whole + (1 if rest and self.remainder == "keep" else 0)

    def trained_samples(self, samples: int) -> int:
        """Samples that an epoch over that many trains on: all, or those in whole batches."""
        return samples if self.remainder == "keep" else self.steps(samples) * self.batch_size

    def differences(self, other: Recipe) -> dict[str, tuple[Any, Any]]:
        """Fields other than the labels in which two recipes differ, as ``{field: (mine, theirs)}``."""
        labels = {"name", "published_with"}
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if name not in labels and pair[0] != pair[1]}


def why_not_logged(recipe: Recipe) -> str | None:
    """What a recipe's logging lacks here and how to install it; None if nothing. Imports nothing."""
    lacking = None if recipe.logging == "none" else missing(("tensorboard",))
    return lacking and f"logging={recipe.logging!r} writes TensorBoard's event files: {lacking}"


MATCHED = Recipe("matched")
KERAS_2020 = replace(
    MATCHED, name="keras-2020", batch_size=32, logging="histograms", epochs=70, published_with="keras-fit"
)
MANUAL_2020 = replace(
    MATCHED,
    name="manual-2020",
    bias=False,
    dropout_at_evaluation=True,
    logging="scalars",
    epochs=70,
    published_with="eager-loop",
)
RECIPES = {recipe.name: recipe for recipe in (KERAS_2020, MANUAL_2020, MATCHED)}
