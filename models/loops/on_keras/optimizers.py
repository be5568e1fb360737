"""A recipe's optimizer as Keras has it: clipping, decay and schedule by Keras's own switches."""

from __future__ import annotations

from typing import Any

import keras

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused

_LARGEST_BELOW_ONE = 1 - 2.0**-8
"""In bfloat16."""


def refuse_lost_moments(trainer: str, recipe: Recipe) -> None:
    """Raise :class:`RecipeRefused` for Adam in bfloat16 whose moments Keras loses.

    It takes the bias correction ``sqrt(1 - beta_2^t)`` in the weights' precision, where 0.999 is 1: every
    step is multiplied by 0, and no weight moves.
    """
    nearest_is_one = recipe.beta_2 >= (1 + _LARGEST_BELOW_ONE) / 2
    if recipe.precision == "bfloat16" and recipe.optimizer != "sgd" and nearest_is_one:
        why = (
            f"Keras's Adam takes beta_2={recipe.beta_2} for 1 in it, and no weight would move; ask for mixed"
        )
        raise RecipeRefused(trainer, "precision", recipe.precision, why)


def keras_optimizer(recipe: Recipe, samples: int) -> Any:
    """The optimizer for a training over ``samples`` an epoch; not yet built."""
    rate = learning_rate(recipe, recipe.total_steps(samples))
    clip: dict[str, Any] = {} if recipe.clip_norm is None else {"global_clipnorm": recipe.clip_norm}
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=recipe.momentum, **clip)
    moments = {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2, "epsilon": recipe.epsilon}
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **moments, **clip)
    return keras.optimizers.Adam(rate, **moments, **clip)


def learning_rate(recipe: Recipe, total: int) -> Any:
    """A number, or Keras's schedule over ``total`` steps."""
    warmup = recipe.warmup_steps
    if recipe.schedule == "cosine":
        first = 0.0 if warmup else recipe.learning_rate
        target = {"warmup_target": recipe.learning_rate, "warmup_steps": warmup} if warmup else {}
        return keras.optimizers.schedules.CosineDecay(first, max(1, total - warmup), **target)
    return WarmUp(recipe.learning_rate, warmup) if warmup else recipe.learning_rate


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """From 0 in a line, then constant; Keras has a warm-up before a cosine alone."""

    def __init__(self, peak: float, steps: int) -> None:
        super().__init__()
        self.peak, self.steps = peak, steps

    def __call__(self, step: Any) -> Any:
        """The rate of a step, counted from 0."""
        done = keras.ops.cast(step, keras.config.floatx()) / self.steps
        return self.peak * keras.ops.minimum(done, 1.0)

    def get_config(self) -> dict[str, Any]:
        """What it was made of, as Keras asks of a schedule."""
        return {"peak": self.peak, "steps": self.steps}


def told(optimizer: Any) -> str:
    """The optimizer in words, for a trainer's terms."""
    return f"keras.optimizers.{type(optimizer).__name__}"
