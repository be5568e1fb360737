"""Batches by ``tf.data`` in the ways that a recipe's ``feeding`` names, for every loop that takes a dataset.

Each is one pass over the samples, begun anew each epoch with a fresh order, and tells how many batches it
has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from likeforlike.models.contract.training.recipe import Recipe, refuse_dropped
from likeforlike.models.loops.on_keras.backends import seed_orders


def batches(trainer: str, feeding: str, inputs: Any, targets: Any, recipe: Recipe) -> tf.data.Dataset:
    """The dataset of a way, of arrays or tensors on the host. Raises RecipeRefused.

    Of arrays Keras always keeps the last batch, so that ``remainder="drop"`` is refused there.
    """
    if feeding.startswith("arrays"):
        refuse_dropped(trainer, recipe)
    return DATASETS[feeding](inputs, targets, recipe)


def of_arrays(inputs: Any, targets: Any, recipe: Recipe) -> tf.data.Dataset:
    """The dataset that Keras makes of arrays."""
    return keras_dataset(inputs, targets, recipe.batch_size, recipe.shuffle == "every-epoch")


def of_arrays_untuned(inputs: Any, targets: Any, recipe: Recipe) -> tf.data.Dataset:
    """The same without ``tf.data``'s autotuner."""
    return untuned(inputs, targets, recipe.batch_size, recipe.shuffle == "every-epoch")


def shuffled(inputs: Any, targets: Any, recipe: Recipe) -> tf.data.Dataset:
    """Slices through a buffer of all of them, batched one by one, as ``tf.data``'s guide has it."""
    with tf.device("/CPU:0"):
        samples = tf.data.Dataset.from_tensor_slices((inputs, targets))
        if recipe.shuffle == "every-epoch":
            samples = samples.shuffle(len(targets), recipe.seed, reshuffle_each_iteration=True)
        return samples.batch(recipe.batch_size, drop_remainder=recipe.remainder == "drop")


def gathered(inputs: Any, targets: Any, recipe: Recipe) -> tf.data.Dataset:
    """Batches sliced from samples that were put in the epoch's order at once; not autotuned."""
    with tf.device("/CPU:0"):
        images, labels = tf.constant(inputs), tf.constant(targets)
    samples, size = len(labels), recipe.batch_size
    rows = samples - samples % size

    def in_batches(array: tf.Tensor) -> tf.Tensor:
        return tf.reshape(array[:rows], (rows // size, size, *array.shape[1:]))

    def epoch(drawn: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(samples)
        if recipe.shuffle == "every-epoch":
            order = tf.random.experimental.stateless_shuffle(order, [recipe.seed, drawn])
        ordered = tf.gather(images, order), tf.gather(labels, order)
        found = tf.data.Dataset.from_tensor_slices(tuple(map(in_batches, ordered)))
        if rows < samples and recipe.remainder == "keep":
            found = found.concatenate(tf.data.Dataset.from_tensors((ordered[0][rows:], ordered[1][rows:])))
        return found

    # a seeded shuffle would begin anew with each epoch's iterator; this source of numbers goes on
    numbers = tf.data.Dataset.random(recipe.seed, rerandomize_each_iteration=True)
    found = _without_autotuner(numbers.take(1).flat_map(epoch))
    return found.apply(tf.data.experimental.assert_cardinality(recipe.steps(samples)))


DATASETS: Mapping[str, Callable[[Any, Any, Recipe], tf.data.Dataset]] = {
    "arrays": of_arrays,
    "arrays-untuned": of_arrays_untuned,
    "tf.data": shuffled,
    "gathered": gathered,
}
"""By a recipe's ``feeding``."""


def keras_dataset(inputs: Any, targets: Any, batch: int, in_fresh_orders: bool) -> tf.data.Dataset:
    """The dataset that Keras makes of arrays: a pass over them, each time gone through in another order.

    It doesn't know its own length. ``fit`` then takes the batch that it missed at the end of the first epoch
    for one more, and later epochs run out; so it is told, which ``fit`` of arrays knows by itself. Seeds of
    TensorFlow that were set before are gone afterwards: with one, every pass would have the first's order.
    """
    # Keras has no public name for it
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    seed_orders(0)
    made = ArrayDataAdapter(inputs, targets, batch_size=batch, shuffle=in_fresh_orders).get_tf_dataset()
    return made.apply(tf.data.experimental.assert_cardinality(-(-len(targets) // batch)))


def untuned(inputs: Any, targets: Any, batch: int, in_fresh_orders: bool) -> tf.data.Dataset:
    """The same without ``tf.data``'s autotuner."""
    return _without_autotuner(keras_dataset(inputs, targets, batch, in_fresh_orders))


def _without_autotuner(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """It holds up whole epochs for seconds: ``bench.studies.long_epochs``."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
