"""``keras-fit-tuned`` for the notebook's network: its dropout from fewer random bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.loops import keras_fit_tuned
from likeforlike.models.tasks.mlp.dropout_bits import threshold


class CheapDropout(keras.layers.Layer):
    """Dropout from 16 random bits a unit.

    Keras's own draws a 32-bit float a unit from a stateless generator, which XLA makes the better part
    of a step on a CPU.
    """

    def __init__(self, rate: float, always_on: bool, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.always_on = rate, always_on
        self.bits = tf.random.Generator.from_seed(seed, alg="philox")

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Drop units in training, or always."""
        if not (training or self.always_on) or self.rate == 0:
            return inputs
        shape = (tf.shape(inputs)[0], inputs.shape[1] // 2)
        words = self.bits.uniform(shape, minval=None, maxval=None, dtype=tf.uint32)
        low = tf.bitwise.bitwise_and(words, tf.constant(0xFFFF, tf.uint32))
        high = tf.bitwise.right_shift(words, tf.constant(16, tf.uint32))
        kept = tf.concat([low, high], axis=1) >= tf.constant(threshold(self.rate), tf.uint32)
        return tf.where(kept, inputs * (1 / (1 - self.rate)), tf.zeros([], inputs.dtype))


class KerasFitTuned(keras_fit_tuned.KerasFitTuned):
    """``fit`` from batches gathered once an epoch, with cheap dropout."""

    @property
    def terms(self) -> Mapping[str, object]:
        """What was resolved."""
        cheap = "16 random bits a unit, tf.random.Generator" if self.run.recipe.dropout_rate else "none"
        return {**super().terms, "dropout": cheap}

    def dropout(self, recipe: Recipe, options: Mapping[str, str]) -> Any:
        """The cheap layer."""
        return CheapDropout(
            recipe.dropout_rate, recipe.dropout_at_evaluation, recipe.seed, name="dropout", **options
        )
