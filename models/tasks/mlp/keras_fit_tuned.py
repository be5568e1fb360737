"""``Model.fit`` at its best on TensorFlow: one execution an epoch, cheap dropout, XLA where it pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Dataset, Epoch, Parameters, Run
from likeforlike.models.loops.keras_fit import KerasFit
from likeforlike.models.tasks.mlp.dropout_bits import threshold

TRIAL_STEPS = 40


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


class KerasFitTuned(KerasFit):
    """``fit`` from batches gathered once an epoch; whether XLA compiles the step is decided by a trial."""

    name = "keras-fit-tuned"

    def __init__(self, run: Run) -> None:
        recipe = run.recipe
        if recipe.execution == "eager":
            raise RecipeRefused(self.name, "execution", recipe.execution, "it runs as graph or xla")
        self.trial: dict[str, float] = {}
        if recipe.execution == "default":
            self.trial = try_executions(trial_recipe(recipe), run.device)
        self.jit = self.trial["xla"] < self.trial["graph"] if self.trial else recipe.execution == "xla"
        super().__init__(run)

    @property
    def terms(self) -> Mapping[str, object]:
        """What was resolved, the trial's milliseconds a step among it."""
        recipe = self.run.recipe
        return {
            **super().terms,
            "jit_trial": {name: round(1e3 * seconds, 3) for name, seconds in self.trial.items()},
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "16 random bits a unit, tf.random.Generator" if recipe.dropout_rate else "none",
            "residence": "tf.data, gathered once an epoch",
        }

    def compile_options(self, recipe: Recipe) -> dict[str, Any]:
        """All steps of an epoch in one execution: ``fit`` then reads its logs once an epoch."""
        steps = recipe.steps(len(self.run.data.train_labels))
        return {"jit_compile": self.jit, "steps_per_execution": steps}

    def dropout(self, recipe: Recipe, options: Mapping[str, str]) -> Any:
        """The cheap layer."""
        return CheapDropout(
            recipe.dropout_rate, recipe.dropout_at_evaluation, recipe.seed, name="dropout", **options
        )

    def inputs(self) -> dict[str, Any]:
        """Batches sliced from images that were put in the epoch's order at once."""
        recipe, data = self.run.recipe, self.run.data
        with tf.device("/CPU:0"):
            images, labels = tf.constant(data.train_images, self.dtype), tf.constant(data.train_labels)
        samples, size = len(labels), recipe.batch_size
        rows = samples - samples % size

        def epoch(drawn: tf.Tensor) -> tf.data.Dataset:
            order = tf.range(samples)
            if recipe.shuffle == "every-epoch":
                order = tf.random.experimental.stateless_shuffle(order, [recipe.seed, drawn])
            ordered = tf.gather(images, order), tf.gather(labels, order)
            whole = tf.reshape(ordered[0][:rows], (-1, size, 784)), tf.reshape(ordered[1][:rows], (-1, size))
            batches = tf.data.Dataset.from_tensor_slices(whole)
            if rows < samples and recipe.remainder == "keep":
                batches = batches.concatenate(
                    tf.data.Dataset.from_tensors((ordered[0][rows:], ordered[1][rows:]))
                )
            return batches

        # a seeded shuffle would begin anew with each epoch's iterator; this source of numbers goes on
        numbers = tf.data.Dataset.random(recipe.seed, rerandomize_each_iteration=True)
        batches = numbers.take(1).flat_map(epoch)
        known = batches.apply(tf.data.experimental.assert_cardinality(recipe.steps(samples)))
        return {"x": known, "shuffle": False, "validation_batch_size": recipe.batch_size}


def trial_recipe(recipe: Recipe) -> Recipe:
    """What of a recipe can change which way to run is faster; runs that differ in the rest share a trial."""
    shape = replace(
        recipe, name="trial", published_with=None, epochs=3, logging="none", shuffle="none", seed=0
    )
    return replace(shape, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, remainder="drop")


@cache
def try_executions(recipe: Recipe, device: str) -> dict[str, float]:
    """Seconds a step of graph and xla, the better of two short epochs each, after one that compiles."""
    generator = np.random.default_rng(0)
    samples = TRIAL_STEPS * recipe.batch_size
    images = generator.random((samples, 784), dtype=np.float32)
    labels = generator.integers(10, size=samples, dtype=np.int32)
    few = recipe.batch_size
    data = Dataset("trial", "generated", images, labels, images[:few], labels[:few])
    hidden, output = np.zeros((784, 512), np.float32), np.zeros((512, 10), np.float32)
    hidden[:] = generator.uniform(-0.05, 0.05, (784, 512))
    output[:] = generator.uniform(-0.05, 0.05, (512, 10))
    biases = (np.zeros(512, np.float32), np.zeros(10, np.float32)) if recipe.bias else (None, None)
    initial = Parameters(hidden, biases[0], output, biases[1])
    seconds = {}
    for execution in ("graph", "xla"):
        run = Run(replace(recipe, execution=execution), data, initial, device)
        seconds[execution] = min(epoch_seconds(KerasFitTuned(run))[1:]) / TRIAL_STEPS
    return seconds


def epoch_seconds(trainer: KerasFit) -> list[float]:
    """Train to the end; the training seconds of each epoch."""
    seconds: list[float] = []

    def between(epoch: Epoch) -> bool:
        seconds.append(epoch.train_seconds)
        return True

    trainer.train(between)
    return seconds
