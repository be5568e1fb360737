"""The small network in Keras, functional and subclassed, and in TensorFlow by hand, and a plain loop over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from small_network import CHANNELS, CLASSES, EPSILON, MOMENTUM, SIDE, images, weights

from likeforlike.models.contract.training.network import Match, Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.loops.parts.optimizers import UpdateState, update

TRAINED = ("conv_kernel", "norm_scale", "norm_shift", "dense_kernel", "dense_bias")
TAKES = ("dropout_rate", "dropout_at_evaluation")


def functional(recipe: Recipe, regularizer: Any = None) -> Any:
    import keras

    inputs = keras.Input((SIDE, SIDE, 1))
    maps = keras.layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name="conv")(inputs)
    maps = keras.layers.BatchNormalization(momentum=1 - MOMENTUM, epsilon=EPSILON, name="norm")(maps)
    maps = keras.layers.MaxPooling2D()(keras.layers.ReLU()(maps))
    units = keras.layers.Dropout(recipe.dropout_rate)(keras.layers.Flatten()(maps))
    dense = keras.layers.Dense(CLASSES, name="dense", kernel_regularizer=regularizer)
    return keras.Model(inputs, dense(units), name="small")


def subclassed(recipe: Recipe) -> Any:
    import keras

    class Small(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="small")
            self.conv = keras.layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name="conv")
            self.norm = keras.layers.BatchNormalization(momentum=1 - MOMENTUM, epsilon=EPSILON, name="norm")
            self.pool = keras.layers.MaxPooling2D()
            self.flatten = keras.layers.Flatten()
            self.dropout = keras.layers.Dropout(recipe.dropout_rate)
            self.dense = keras.layers.Dense(CLASSES, name="dense")

        def call(self, inputs: Any, training: bool = False) -> Any:
            maps = keras.ops.relu(self.norm(self.conv(inputs), training=training))
            return self.dense(self.dropout(self.flatten(self.pool(maps)), training=training))

    return Small()


class ByHand:
    """As a TensorFlow user writes it: variables, operations, statistics assigned in training."""

    def __init__(self, recipe: Recipe) -> None:
        import tensorflow as tf

        dtype = {"float64": tf.float64, "bfloat16": tf.bfloat16}.get(recipe.precision, tf.float32)
        self.variables = {
            name: tf.Variable(tf.zeros(array.shape, dtype), name=name)
            for name, array in weights().named().items()
        }
        self.trainable_variables = [self.variables[name] for name in TRAINED]
        self.non_trainable_variables = [v for n, v in self.variables.items() if n not in TRAINED]
        self.rate = recipe.dropout_rate

    def __call__(self, inputs: Any, training: bool) -> Any:
        import tensorflow as tf

        of = {name: tf.cast(variable, inputs.dtype) for name, variable in self.variables.items()}
        maps = tf.nn.conv2d(inputs, of["conv_kernel"], 1, "SAME")
        mean, variance = of["norm_mean"], of["norm_variance"]
        if training:
            mean, variance = tf.nn.moments(maps, [0, 1, 2])
            for name, value in (("norm_mean", mean), ("norm_variance", variance)):
                kept = self.variables[name]
                kept.assign((1 - MOMENTUM) * kept + MOMENTUM * tf.cast(value, kept.dtype))
        maps = (maps - mean) * tf.math.rsqrt(variance + EPSILON) * of["norm_scale"] + of["norm_shift"]
        maps = tf.nn.max_pool2d(tf.nn.relu(maps), 2, 2, "VALID")
        units = tf.reshape(maps, [-1, (SIDE // 2) ** 2 * CHANNELS])
        if training and self.rate:
            units = tf.nn.dropout(units, self.rate)
        return units @ of["dense_kernel"] + of["dense_bias"]


def _keras_matches(prefix: str = "") -> tuple[Match, ...]:
    return (
        Match("conv_kernel", f"{prefix}conv/kernel"),
        Match("norm_scale", f"{prefix}norm/gamma"),
        Match("norm_shift", f"{prefix}norm/beta"),
        Match("norm_mean", f"{prefix}norm/moving_mean"),
        Match("norm_variance", f"{prefix}norm/moving_variance"),
        Match("dense_kernel", f"{prefix}dense/kernel"),
        Match("dense_bias", f"{prefix}dense/bias"),
    )


NETWORKS = {
    "functional": Network("small", "keras", functional, _keras_matches(), TAKES),
    "subclassed": Network("small-subclassed", "keras", subclassed, _keras_matches("small/"), TAKES),
    "by hand": Network("small-by-hand", "tensorflow", ByHand, takes=TAKES),
}


def plainly(recipe: Recipe, network: Network, data: Dataset | None = None) -> dict[str, Any]:
    """Weights, losses and accuracies of a training by plain tapes and the reference's updates in NumPy."""
    import keras
    import tensorflow as tf

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    data, call = data or images(), network.build(recipe)
    if network.family == "keras":
        call(np.zeros((1, SIDE, SIDE, 1)))
        variables = {match.name: v for match in network.matches for v in call.weights if v.path == match.own}
    else:
        variables = call.variables
    for name, array in weights().named().items():
        variables[name].assign(array.astype(np.float64))
    state, epochs = UpdateState(), []
    for _ in range(recipe.epochs):
        sums = [0.0, 0]
        trained = recipe.trained_samples(len(data.train_labels))
        for start in range(0, trained, recipe.batch_size):
            rows = slice(start, min(start + recipe.batch_size, trained))
            labels = data.train_labels[rows]
            with tf.GradientTape() as tape:
                logits = call(tf.constant(data.train_images[rows].astype(np.float64)), training=True)
                logs = tf.nn.log_softmax(logits)
                loss = -tf.reduce_mean(tf.gather(logs, labels, batch_dims=1))
            gradients = tape.gradient(loss, [variables[name] for name in TRAINED])
            before = {name: np.array(variables[name].numpy()) for name in TRAINED}
            named = {name: g.numpy() for name, g in zip(TRAINED, gradients, strict=True)}
            after, state = update(recipe, recipe.total_steps(len(data.train_labels)), before, named, state)
            for name, array in after.items():
                variables[name].assign(array)
            sums[0] += float(loss) * len(labels)
            sums[1] += int((logits.numpy().argmax(1) == labels).sum())
        logits = call(tf.constant(data.validation_images.astype(np.float64)), training=False).numpy()
        losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(logits)), data.validation_labels]
        right = float((logits.argmax(1) == data.validation_labels).mean())
        epochs.append((sums[0] / trained, sums[1] / trained, float(losses.mean()), right))
    arrays = {name: np.array(variable.numpy()) for name, variable in variables.items()}
    return {"weights": arrays, "epochs": epochs, "steps": state.steps}
