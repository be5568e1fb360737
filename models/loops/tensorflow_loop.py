"""Hand-written TensorFlow: the loop of the 2020 notebook, and the same with its step compiled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.recipe import RecipeRefused, refuse_precision
from likeforlike.models.contract.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.epoch_loop import run_epochs
from likeforlike.models.loops.keras_optimizers import keras_optimizer, told

Sums = tuple[tf.Tensor, tf.Tensor]
"""Sum of the losses and number of right answers, on the device."""


class SummaryFile:
    """An event file written by ``tf.summary``, as a TensorFlow user writes one."""

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, step: int, scalars: Mapping[str, float], histograms: Mapping[str, Any]) -> None:
        """Append values of one step and flush them."""
        with self._writer.as_default():
            for tag, value in scalars.items():
                tf.summary.scalar(tag, value, step)
            for tag, values in histograms.items():
                tf.summary.histogram(tag, values, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


class Dense:
    """A hand-written layer: product, bias where there is one, ReLU where asked for."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray | None, relu: bool, dtype: str) -> None:
        self.kernel = tf.Variable(kernel, dtype=dtype)
        self.bias = None if bias is None else tf.Variable(bias, dtype=dtype)
        self.relu = relu

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """The layer's output [n, units]."""
        outputs = tf.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs += self.bias
        return tf.nn.relu(outputs) if self.relu else outputs

    @property
    def variables(self) -> list[tf.Variable]:
        """Kernel and, where there is one, bias."""
        return [self.kernel] if self.bias is None else [self.kernel, self.bias]


class EagerLoop:
    """The notebook's loop: hand-written layers and metrics, GradientTape, tf.data, each step eager."""

    name = "eager-loop"
    execution = "eager"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, (self.execution,))
        recipe, initial = run.recipe, run.initial
        tf.config.experimental.enable_tensor_float_32_execution(recipe.precision == "tf32")
        tf.random.set_seed(recipe.seed)
        self.dtype = "float64" if recipe.precision == "float64" else "float32"
        self.device = place(run.device)
        with tf.device(self.device):
            self.hidden = Dense(initial.hidden_kernel, initial.hidden_bias, True, self.dtype)
            self.output = Dense(initial.output_kernel, initial.output_bias, False, self.dtype)
            self.optimizer = keras_optimizer(recipe, len(run.data.train_labels))
            self.optimizer.build(self.variables)
        self.training, self.validation = self._datasets()
        self.train_step, self.evaluation_step = self.compiled()

    def compiled(self) -> tuple[Any, Any]:
        """The steps as they will be called."""
        return self._train_step, self._evaluation_step

    @property
    def variables(self) -> list[tf.Variable]:
        """All weights, in the order of :class:`Parameters`."""
        return self.hidden.variables + self.output.variables

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": self.execution,
            "jit_compile": False,
            "steps_per_execution": 1,
            "optimizer": told(self.optimizer),
            "gradients": "tf.GradientTape",
            "shuffle": "tf.data, buffer of all images" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "tf.nn.dropout" if recipe.dropout_rate else "none",
            "residence": "tf.data from tensors on the host",
            "remainder": recipe.remainder,
            "validation_batch_size": recipe.batch_size,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between, SummaryFile)

    def train_epoch(self) -> Score:
        """One pass over the training images, metrics summed on the device and read once."""
        return self._pass(self.training, self.train_step)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        return self._pass(self.validation, self.evaluation_step)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        with tf.device(self.device):
            return tf.nn.softmax(self._logits(tf.constant(images, self.dtype), training)).numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        names = self.run.initial.named()
        return Parameters.of({name: v.numpy() for name, v in zip(names, self.variables, strict=True)})

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(self.optimizer.iterations.numpy())

    def _datasets(self) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        recipe, data = self.run.recipe, self.run.data
        with tf.device("/CPU:0"):
            training = tf.data.Dataset.from_tensor_slices(
                (tf.constant(data.train_images, self.dtype), data.train_labels)
            )
            if recipe.shuffle == "every-epoch":
                training = training.shuffle(
                    len(data.train_labels), recipe.seed, reshuffle_each_iteration=True
                )
            training = training.batch(recipe.batch_size, drop_remainder=recipe.remainder == "drop")
            validation = tf.data.Dataset.from_tensor_slices(
                (tf.constant(data.validation_images, self.dtype), data.validation_labels)
            )
        return training, validation.batch(recipe.batch_size)

    def _logits(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        hidden = self.hidden(images)
        if (training or self.run.recipe.dropout_at_evaluation) and self.run.recipe.dropout_rate:
            hidden = tf.nn.dropout(hidden, self.run.recipe.dropout_rate)
        return self.output(hidden)

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        with tf.GradientTape() as tape:
            logits = self._logits(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self.variables)
        self.optimizer.apply_gradients(zip(gradients, self.variables, strict=True))
        return self._sums(losses, logits, labels)

    def _evaluation_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        logits = self._logits(images, training=False)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        return self._sums(losses, logits, labels)

    def _sums(self, losses: tf.Tensor, logits: tf.Tensor, labels: tf.Tensor) -> Sums:
        right = tf.equal(tf.argmax(logits, axis=1, output_type=labels.dtype), labels)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, self.dtype))

    def _pass(self, batches: tf.data.Dataset, step: Any) -> Score:
        with tf.device(self.device):
            loss, right, samples = tf.zeros([], self.dtype), tf.zeros([], self.dtype), 0
            for images, labels in batches:
                batch_loss, batch_right = step(images, labels)
                loss, right, samples = loss + batch_loss, right + batch_right, samples + len(labels)
            tf.test.experimental.sync_devices()
            return float(loss) / samples, float(right) / samples


class GraphLoop(EagerLoop):
    """The same loop with its step compiled by ``tf.function``."""

    name = "graph-loop"
    execution = "graph"

    def compiled(self) -> tuple[Any, Any]:
        """Both steps as graphs; a smaller last batch traces a second one."""
        return tf.function(self._train_step), tf.function(self._evaluation_step)


def refuse(name: str, run: Run, executions: tuple[str, ...]) -> None:
    """Raise :class:`RecipeRefused` for an execution or a precision that the trainer can't do."""
    recipe = run.recipe
    if recipe.execution not in ("default", *executions):
        why = f"it runs as {' or '.join(executions)}"
        raise RecipeRefused(name, "execution", recipe.execution, why)
    refuse_precision(name, recipe, run.device)


def place(device: str) -> str:
    """TensorFlow's name for ``cpu:0`` or ``gpu:0``. Raises ValueError if it has no such device."""
    kind, _, index = device.partition(":")
    if int(index or 0) >= len(tf.config.list_logical_devices(kind.upper())):
        raise ValueError(f"TensorFlow sees no device {device}")
    return f"/{kind.upper()}:{index or 0}"
