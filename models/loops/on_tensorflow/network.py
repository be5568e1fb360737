"""Any network of TensorFlow's, a Keras model or one by hand, as hand-written loops call it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, Network
from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Run, Weights
from likeforlike.models.loops.on_keras.backends import set_floats
from likeforlike.models.loops.on_keras.network import as_given, built, dropout_of, on_host, unique
from likeforlike.models.loops.parts.naming import Naming, are_classes

Sums = tuple[tf.Tensor, tf.Tensor]
"""Sum of the losses and of the right answers' shares, on the device."""

_LAYERS = {"float64": tf.float64, "bfloat16": tf.bfloat16, "mixed": tf.bfloat16}
_VARIABLES = {"float64": tf.float64, "bfloat16": tf.bfloat16}
"""By precision; float32 for all others."""


class LoadedNetwork:
    """A network with its starting weights; calling it and taking its loss is the same for both families."""

    def __init__(self, trainer: str, run: Run, network: Network) -> None:
        """Raises RecipeRefused for what the network can't honour."""
        precision = run.recipe.precision
        set_floats(precision)
        self.network, self._initial = network, run.initial
        self.loss_dtype = tf.float64 if precision == "float64" else tf.float32
        keras_model = network.family == "keras"
        if keras_model:
            made = built(trainer, run, network)
            self.call: Any = made.model
            self.naming = made.naming
            self.dropout = dropout_of(made.model)
        else:
            self.call, self.naming = by_hand(trainer, run, network)
            named = "tf.nn.dropout" if run.network is None else "the network's own"
            self.dropout = named if run.recipe.dropout_rate else "none"
        self.input_dtype = self.loss_dtype if keras_model else _LAYERS.get(precision, tf.float32)
        """Keras casts what it is given itself; a network by hand computes in its inputs' precision."""
        self._further = (lambda: list(self.call.losses)) if keras_model else list
        self.trainable = list(self.call.trainable_variables)
        if not keras_model and self.input_dtype == tf.bfloat16 != self._traced(run).dtype:
            why = f"{network.name} has outputs in {self._traced(run).dtype.name}, as it was written"
            raise RecipeRefused(trainer, "precision", precision, why)
        self.classes = (
            run.recipe.metrics != "none"
            and are_classes(run.data.train_labels)
            and (network.loss == SPARSE_CROSSENTROPY or self._is_class_each(run))
        )

    def _is_class_each(self, run: Run) -> bool:
        """Whether there is an output for each class."""
        shape = self._traced(run).shape
        return shape.rank == run.data.train_labels.ndim + 1 and (shape[-1] or 0) > 1

    def _traced(self, run: Run) -> Any:
        """The outputs' dtype and shape; a graph is traced for it, nothing computed."""
        inputs = run.data.train_images
        dtype = self.input_dtype if inputs.dtype.kind == "f" else tf.as_dtype(inputs.dtype)
        given = tf.TensorSpec((None, *inputs.shape[1:]), dtype)
        traced = tf.function(lambda images: self.call(images, training=False)).get_concrete_function(given)
        return traced.structured_outputs

    def as_inputs(self, array: np.ndarray) -> tf.Tensor:
        """Inputs on the device, real numbers in the precision in which they are taken."""
        tensor = tf.constant(array)
        return tf.cast(tensor, self.input_dtype) if tensor.dtype.is_floating else tensor

    def outputs(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """Outputs, in the precision in which losses are taken."""
        return tf.cast(self.call(inputs, training=training), self.loss_dtype)

    def losses(self, targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """Each sample's loss [n], and what layers add to the mean in it."""
        if self.network.loss == SPARSE_CROSSENTROPY:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(class_numbers(targets), outputs)
        else:
            losses = tf.cast(self.network.loss(targets, outputs), self.loss_dtype)  # type: ignore[operator]
        if losses.shape.rank != 1:  # several targets a sample
            losses = tf.reduce_mean(losses, axis=tf.range(1, tf.rank(losses)))
        further = self._further()
        return losses + tf.add_n([tf.cast(loss, self.loss_dtype) for loss in further]) if further else losses

    def sums(self, losses: tf.Tensor, outputs: tf.Tensor, targets: tf.Tensor) -> Sums:
        """Sums over a batch; where targets are no classes, nothing is right."""
        if not self.classes:
            return tf.reduce_sum(losses), tf.zeros([], self.loss_dtype)
        targets = class_numbers(targets)
        right = tf.cast(
            tf.equal(tf.argmax(outputs, axis=-1, output_type=targets.dtype), targets), self.loss_dtype
        )
        if right.shape.rank != 1:
            right = tf.reduce_mean(right, axis=tf.range(1, tf.rank(right)))
        return tf.reduce_sum(losses), tf.reduce_sum(right)

    def answers(self, inputs: tf.Tensor, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]; where the loss is another one, the outputs as they are."""
        outputs = self.outputs(inputs, training)
        return np.asarray(tf.nn.softmax(outputs) if self.network.loss == SPARSE_CROSSENTROPY else outputs)

    def parameters(self) -> Weights:
        """The current weights, state included, copied to the host."""
        own = {name: on_host(variable) for name, variable in named_variables(self.call)}
        return as_given(self._initial, self.naming.canonical(own))


def class_numbers(targets: tf.Tensor) -> tf.Tensor:
    """Targets in a width that TensorFlow takes for classes."""
    return targets if targets.dtype in (tf.int32, tf.int64) else tf.cast(targets, tf.int32)


def by_hand(trainer: str, run: Run, network: Network) -> tuple[Any, Naming]:
    """A network without Keras, with the run's weights. Raises RecipeRefused, ValueError."""
    network.check(run.recipe)
    call: Any = network.build(run.recipe)
    dtype = _VARIABLES.get(run.recipe.precision, tf.float32)
    for variable in call.trainable_variables:
        if variable.dtype != dtype:
            why = f"{variable.name} of {network.name} is {variable.dtype.name} as it was built"
            raise RecipeRefused(trainer, "precision", run.recipe.precision, why)
    pairs = named_variables(call)
    unique([name for name, _ in pairs], network)
    trained = [name for name, v in pairs if any(v is other for other in call.trainable_variables)]
    naming = Naming(network, run.initial, {name: tuple(v.shape) for name, v in pairs}, trained)
    for name, variable in pairs:
        if name in naming.initial:
            variable.assign(tf.cast(naming.initial[name], variable.dtype))
    return call, naming


def named_variables(call: Any) -> list[tuple[str, Any]]:
    """All variables with their own names: Keras's by path, TensorFlow's without ``:0``."""
    if isinstance(call, keras.Model):
        return [(variable.path, variable) for variable in call.weights]
    variables = [*call.trainable_variables, *getattr(call, "non_trainable_variables", ())]
    return [(variable.name.partition(":")[0], variable) for variable in variables]
