"""Layers by hand in TensorFlow, for the networks of several tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.recipe import Recipe

_COMPUTED = {"float64": tf.float64, "bfloat16": tf.bfloat16, "mixed": tf.bfloat16}
"""In what layers compute by precision; float32 for all others."""


class HandWritten:
    """A network of named variables and a function of them; it holds no state beside."""

    def __init__(
        self,
        recipe: Recipe,
        initial: Mapping[str, np.ndarray],
        units: Callable[[Layers, tf.Tensor], tf.Tensor],
    ) -> None:
        """``units(layers, inputs)`` is all before dropout and the last layer, which is called ``output``."""
        dtype = tf.float64 if recipe.precision == "float64" else tf.float32
        self.trainable_variables = [
            tf.Variable(array, name=name, dtype=dtype) for name, array in initial.items()
        ]
        self.non_trainable_variables: list[tf.Variable] = []
        named = dict(zip(initial, self.trainable_variables, strict=True))
        self._layers = Layers(named, _COMPUTED.get(recipe.precision, tf.float32))
        self._recipe, self._units = recipe, units

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [n, ..., classes] of inputs [n, ...]."""
        units = self._units(self._layers, inputs)
        rate = self._recipe.dropout_rate
        if rate and (training or self._recipe.dropout_at_evaluation):
            units = tf.nn.dropout(units, rate)
        return self._layers.dense("output", units)


class Layers:
    """Layers by the names of their weights, in the precision of what they are given."""

    def __init__(self, variables: Mapping[str, tf.Variable], dtype: tf.DType) -> None:
        """``dtype``: of what whole numbers become, which have no precision of their own."""
        self._variables, self._dtype = variables, dtype

    def weight(self, name: str, like: tf.Tensor) -> tf.Tensor:
        """A weight in the precision of ``like``."""
        return tf.cast(self._variables[name], like.dtype)

    def with_bias(self, name: str, sums: tf.Tensor) -> tf.Tensor:
        """With the layer's bias added, if it has one."""
        bias = f"{name}_bias"
        return sums + self.weight(bias, sums) if bias in self._variables else sums

    def dense(self, name: str, inputs: tf.Tensor) -> tf.Tensor:
        """``inputs @ kernel + bias`` over the last axis."""
        kernel = self.weight(f"{name}_kernel", inputs)
        if inputs.shape.rank == 2:
            return self.with_bias(name, inputs @ kernel)
        rows = tf.reshape(inputs, [-1, kernel.shape[0]]) @ kernel  # one product, not one for each image
        shape = tf.concat([tf.shape(inputs)[:-1], [kernel.shape[1]]], axis=0)
        return self.with_bias(name, tf.reshape(rows, shape))

    def looked_up(self, name: str, numbers: tf.Tensor) -> tf.Tensor:
        """Rows of the kernel by their numbers, as a product with one-hot rows.

        The gradient of ``tf.gather`` is a list of slices, of which Keras's Adam squares each by itself.
        """
        rows = self._variables[f"{name}_kernel"].shape[0]
        return self.dense(name, tf.one_hot(numbers, rows, dtype=self._dtype))

    def convolution(self, name: str, maps: tf.Tensor) -> tf.Tensor:
        """Over [n, height, width, channels], to the same height and width."""
        return self.with_bias(name, tf.nn.conv2d(maps, self.weight(f"{name}_kernel", maps), 1, "SAME"))

    def norm(self, name: str, inputs: tf.Tensor, epsilon: float) -> tf.Tensor:
        """Normalised over the last axis, scaled and shifted."""
        mean, variance = tf.nn.moments(inputs, axes=[-1], keepdims=True)
        outputs = (inputs - mean) * tf.math.rsqrt(variance + epsilon) * self.weight(f"{name}_scale", inputs)
        return self.with_bias(name, outputs)
