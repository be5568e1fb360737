"""Recipes: everything that shapes a training run and could be unequal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from likeforlike.models.contract.implementation import missing


class RecipeRefused(Exception):
    """A trainer can't honour a field of the recipe, and says so instead of ignoring it."""

    def __init__(self, trainer: str, field: str, value: object, why: str) -> None:
        super().__init__(f"{trainer} refuses {field}={value!r}: {why}")
        self.field = field


OPTIMIZING = ("optimizer", "momentum", "weight_decay", "clip_norm", "schedule", "warmup_steps")
"""Fields of an update beside Adam's own; a trainer that always does plain Adam refuses them."""

OF_OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "adam": ("beta_1", "beta_2", "epsilon"),
    "adamw": ("beta_1", "beta_2", "epsilon", "weight_decay"),
    "sgd": ("momentum",),
}
"""Fields that shape one optimizer's update and not each one's."""


@dataclass(frozen=True)
class Recipe:
    """One way to train, frozen; two runs under one recipe are meant to be equal.

    Raises ValueError for a value that has no meaning or, with the recipe's optimizer, no effect. The
    formulas of an update are those of :mod:`likeforlike.models.loops.parts.optimizers`.
    """

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
    precision: Literal["float32", "float64", "tf32", "bfloat16", "mixed"] = "float32"
    """bfloat16: weights, activations and the optimizer's state; the loss is taken of the logits in float32.
    mixed: weights, optimizer and loss in float32, layers in bfloat16. That has float32's exponents, so that
    no gradient vanishes and no loss is scaled; float16, which needs it, is not offered."""
    published_with: str | None = None
    """The implementation that a published recipe was published with."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    momentum: float = 0.0
    """Of sgd; without Nesterov's step ahead."""
    weight_decay: float = 0.0
    """Of adamw: each step takes this times the learning rate off every trained weight, biases too."""
    clip_norm: float | None = None
    """The most that the norm over all gradients together may be; larger ones are scaled down to it."""
    schedule: Literal["constant", "cosine"] = "constant"
    """cosine: from the learning rate to 0 over the steps of the whole training that follow the warm-up."""
    warmup_steps: int = 0
    """Steps in which the rate rises in a line from 0, which the first step has, to the learning rate."""
    feeding: Literal[
        "default", "arrays", "arrays-untuned", "tf.data", "gathered", "numpy", "loader", "workers"
    ] = "default"
    """How batches come to the steps; of this and the following ``default`` is the loop's own way, see
    ``contract.training.ways``. arrays: in memory, as ``fit`` takes them, on TensorFlow through
    the ``tf.data`` that Keras makes of them; arrays-untuned: that without its autotuner. tf.data: slices,
    shuffled and batched one by one. gathered: once an epoch all in its order, then slices. numpy: indexed on
    the host, batch by batch. loader, workers: PyTorch's ``DataLoader``, in the process or two beside it."""
    steps_per_call: str = "default"
    """Steps that one call of a compiled function takes: a number, or ``epoch`` for all of an epoch."""
    logs_read: Literal["default", "in-background", "each-step", "each-epoch"] = "default"
    """When loss and metrics come to the host: after each call, by the thread that then goes on to the next or
    by another one; or once, at the epoch's end."""
    metrics: Literal["default", "keras", "sums", "none"] = "default"
    """Who computes an epoch's accuracy: Keras's metric objects, sums by hand on the device, or nobody, in
    evaluation neither."""
    layers: Literal["default", "keras", "by-hand"] = "default"
    """Whose layers a loop of TensorFlow trains: Keras's, or the network written out by hand."""

    def __post_init__(self) -> None:
        """Raises ValueError, see above."""
        for name, (holds, expected) in _LIMITS.items():
            value = getattr(self, name)
            if not holds(value):
                raise ValueError(f"recipe {self.name}: {name}={value!r}, expected {expected}")
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        own = OF_OPTIMIZERS[self.optimizer]
        defaults = {field.name: field.default for field in fields(self)}
        for name in dict.fromkeys(name for names in OF_OPTIMIZERS.values() for name in names):
            value = getattr(self, name)
            if name not in own and value != defaults[name]:
                owners = " or ".join(other for other, names in OF_OPTIMIZERS.items() if name in names)
                raise ValueError(
                    f"recipe {self.name}: {name}={value!r} has no effect with optimizer="
                    f"{self.optimizer!r}, only with {owners}"
                )
        if self.optimizer == "adamw" and self.weight_decay == 0:
            raise ValueError(
                f"recipe {self.name}: optimizer='adamw' without weight_decay is adam; "
                "give a weight_decay above 0, such as Keras's 0.004"
            )

    @property
    def arithmetic(self) -> str:
        """The precision of products, in which operations are counted and ceilings told."""
        return "bfloat16" if self.precision == "mixed" else self.precision

    def total_steps(self, samples: int) -> int:
        """Steps of the whole training over that many samples an epoch."""
        return self.epochs * self.steps(samples)

    def steps(self, samples: int) -> int:
        """Batches in an epoch over that many samples."""
        whole, rest = divmod(samples, self.batch_size)
        return whole + (1 if rest and self.remainder == "keep" else 0)

    def steps_in_call(self, samples: int) -> int:
        """Steps that one call takes of an epoch over that many samples; 1 where the recipe leaves it open."""
        asked, steps = self.steps_per_call, self.steps(samples)
        return 1 if asked == "default" else steps if asked == "epoch" else min(int(asked), steps)

    def trained_samples(self, samples: int) -> int:
        """Samples that an epoch over that many trains on: all, or those in whole batches."""
        return samples if self.remainder == "keep" else self.steps(samples) * self.batch_size

    def differences(self, other: Recipe) -> dict[str, tuple[Any, Any]]:
        """Fields other than the labels in which two recipes differ, as ``{field: (mine, theirs)}``."""
        labels = {"name", "published_with"}
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return {name: pair for name, pair in pairs.items() if name not in labels and pair[0] != pair[1]}


def _above_zero(value: Any) -> bool:
    return bool(0 < value < float("inf"))


def _share(value: Any) -> bool:
    return bool(0 <= value < 1)


_LIMITS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "batch_size": (lambda value: value >= 1, "at least 1"),
    "epochs": (lambda value: value >= 1, "at least 1"),
    "dropout_rate": (_share, "0 or more and below 1"),
    "learning_rate": (_above_zero, "a number above 0"),
    "beta_1": (_share, "0 or more and below 1"),
    "beta_2": (_share, "0 or more and below 1"),
    "epsilon": (_above_zero, "a number above 0"),
    "momentum": (_share, "0 or more and below 1"),
    "weight_decay": (_share, "0 or more and below 1"),
    "clip_norm": (lambda value: value is None or _above_zero(value), "a number above 0, or None"),
    "warmup_steps": (lambda value: value >= 0, "0 or more"),
    "optimizer": (lambda value: value in OF_OPTIMIZERS, f"one of {', '.join(OF_OPTIMIZERS)}"),
    "steps_per_call": (
        lambda value: value in ("default", "epoch") or (value.isdecimal() and value[0] != "0"),
        "default, epoch or a whole number of at least 1",
    ),
}
"""What a number must be, field by field."""


def refuse_changed(trainer: str, recipe: Recipe, names: Sequence[str], why: str) -> None:
    """Raise :class:`RecipeRefused` for the first of these fields that a plain recipe has otherwise."""
    defaults = {field.name: field.default for field in fields(recipe)}
    for name in names:
        if getattr(recipe, name) != defaults[name]:
            raise RecipeRefused(trainer, name, getattr(recipe, name), why)


def refuse_precision(
    trainer: str, recipe: Recipe, device: str, can: Sequence[str] = ("float32", "float64", "tf32")
) -> None:
    """Raise :class:`RecipeRefused` for a precision that the device or the trainer doesn't have."""
    if recipe.precision == "tf32" and device.startswith("cpu"):
        raise RecipeRefused(trainer, "precision", "tf32", "a CPU has no TF32")
    if recipe.precision not in can:
        raise RecipeRefused(trainer, "precision", recipe.precision, f"it has {', '.join(can)}")


def refuse_dropped(trainer: str, recipe: Recipe) -> None:
    """Raise :class:`RecipeRefused` where the last batch is to be dropped of the dataset that Keras makes."""
    if recipe.remainder == "drop":
        why = f"the dataset that Keras makes of arrays (feeding={recipe.feeding!r}) keeps the last batch"
        raise RecipeRefused(trainer, "remainder", recipe.remainder, why)


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
