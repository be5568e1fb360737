"""Hand-written TensorFlow: the loop of the 2020 notebook, and the same with its step compiled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.network import NETWORK_FIELDS, Network
from likeforlike.models.contract.recipe import Recipe, RecipeRefused, refuse_precision
from likeforlike.models.contract.trainer import Between, Run, Score, Weights
from likeforlike.models.loops.epoch_loop import run_epochs
from likeforlike.models.loops.on_keras.optimizers import keras_optimizer, refuse_lost_moments, told
from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork, Sums


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
    """A hand-written layer: product, bias where there is one, and what is done to the sums."""

    def __init__(
        self, name: str, inputs: int, units: int, bias: bool, dtype: str, activation: Any = tf.identity
    ) -> None:
        self.kernel = tf.Variable(tf.zeros([inputs, units], dtype), name=f"{name}_kernel")
        self.bias = tf.Variable(tf.zeros([units], dtype), name=f"{name}_bias") if bias else None
        self.activation = activation

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """The layer's output [n, units]."""
        outputs = tf.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs += self.bias
        return outputs if self.activation is tf.identity else self.activation(outputs)

    @property
    def variables(self) -> list[tf.Variable]:
        """Kernel and, where there is one, bias."""
        return [self.kernel] if self.bias is None else [self.kernel, self.bias]


class NotebookNetwork:
    """784-512-dropout-10 by hand, untrained, as loops take a network."""

    def __init__(self, recipe: Recipe) -> None:
        dtype = "float64" if recipe.precision == "float64" else "float32"
        self.hidden = Dense("hidden", 784, 512, recipe.bias, dtype, tf.nn.relu)
        self.output = Dense("output", 512, 10, recipe.bias, dtype)
        self.dropout_rate, self.always_drops = recipe.dropout_rate, recipe.dropout_at_evaluation

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """All weights, in the order of :class:`~likeforlike.models.contract.trainer.Parameters`."""
        return self.hidden.variables + self.output.variables

    def __call__(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        """Logits [n, 10]."""
        hidden = self.hidden(images)
        if (training or self.always_drops) and self.dropout_rate:
            hidden = tf.nn.dropout(hidden, self.dropout_rate)
        return self.output(hidden)


NOTEBOOK = Network("784-512-10", "tensorflow", NotebookNetwork, takes=NETWORK_FIELDS)


class NetworkLoop:
    """What all hand-written loops do alike: the steps of any network, its weights, its optimizer."""

    name: str
    executions: tuple[str, ...]

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, self.executions, PLAIN if run.network is None else ALL)
        refuse_lost_moments(self.name, run.recipe)
        recipe = run.recipe
        tf.config.experimental.enable_tensor_float_32_execution(recipe.precision == "tf32")
        tf.random.set_seed(recipe.seed)
        self.device = place(run.device)
        with tf.device(self.device):
            self.network = LoadedNetwork(self.name, run, run.network or NOTEBOOK)
            self.optimizer = keras_optimizer(recipe, len(run.data.train_labels))
            self.optimizer.build(self.network.trainable)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself, but for how it runs and is fed."""
        recipe = self.run.recipe
        scaling = {"loss_scaling": "none: bfloat16 has float32's exponents"}
        return {
            "optimizer": told(self.optimizer),
            "gradients": "tf.GradientTape",
            "dropout": self.network.dropout,
            "remainder": recipe.remainder,
            **(scaling if recipe.precision == "mixed" else {}),
        }

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes]; where the loss is another one, the outputs as they are."""
        with tf.device(self.device):
            return self.network.answers(self.network.as_inputs(images), training)

    def parameters(self) -> Weights:
        """The current weights, state included, copied to the host."""
        return self.network.parameters()

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(self.optimizer.iterations.numpy())

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        network = self.network
        with tf.GradientTape() as tape:
            outputs = network.outputs(images, training=True)
            losses = network.losses(labels, outputs)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, network.trainable)
        self.optimizer.apply_gradients(zip(gradients, network.trainable, strict=True))
        return network.sums(losses, outputs, labels)

    def _evaluation_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        outputs = self.network.outputs(images, training=False)
        return self.network.sums(self.network.losses(labels, outputs), outputs, labels)

    def score(self, loss: float, right: float, samples: int) -> Score:
        """Means of sums over so many samples; no accuracy where the targets are no classes."""
        return loss / samples, right / samples if self.network.classes else None


class EagerLoop(NetworkLoop):
    """The notebook's loop: hand-written layers and metrics, GradientTape, tf.data, each step eager.

    It trains the run's network, or the notebook's where it is given none.
    """

    name = "eager-loop"
    execution = "eager"
    executions = ("eager",)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.training, self.validation = self._datasets()
        self.train_step, self.evaluation_step = self.compiled()

    def compiled(self) -> tuple[Any, Any]:
        """The steps as they will be called."""
        return self._train_step, self._evaluation_step

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": self.execution,
            "jit_compile": False,
            "steps_per_execution": 1,
            "shuffle": "tf.data, buffer of all images" if recipe.shuffle == "every-epoch" else "none",
            "residence": "tf.data from tensors on the host",
            "validation_batch_size": recipe.batch_size,
            **super().terms,
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

    def _datasets(self) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        recipe, data = self.run.recipe, self.run.data
        with tf.device("/CPU:0"):
            training = tf.data.Dataset.from_tensor_slices(
                (self.network.as_inputs(data.train_images), data.train_labels)
            )
            if recipe.shuffle == "every-epoch":
                training = training.shuffle(
                    len(data.train_labels), recipe.seed, reshuffle_each_iteration=True
                )
            training = training.batch(recipe.batch_size, drop_remainder=recipe.remainder == "drop")
            validation = tf.data.Dataset.from_tensor_slices(
                (self.network.as_inputs(data.validation_images), data.validation_labels)
            )
        return training, validation.batch(recipe.batch_size)

    def _pass(self, batches: tf.data.Dataset, step: Any) -> Score:
        dtype = self.network.loss_dtype
        with tf.device(self.device):
            loss, right, samples = tf.zeros([], dtype), tf.zeros([], dtype), 0
            for images, labels in batches:
                batch_loss, batch_right = step(images, labels)
                loss, right, samples = loss + batch_loss, right + batch_right, samples + len(labels)
            tf.test.experimental.sync_devices()
            return self.score(float(loss), float(right), samples)


class GraphLoop(EagerLoop):
    """The same loop with its step compiled by ``tf.function``."""

    name = "graph-loop"
    execution = "graph"
    executions = ("graph",)

    def compiled(self) -> tuple[Any, Any]:
        """Both steps as graphs; a smaller last batch traces a second one."""
        return tf.function(self._train_step), tf.function(self._evaluation_step)


PLAIN = ("float32", "float64", "tf32")
ALL = (*PLAIN, "bfloat16", "mixed")
"""Precisions of the notebook's network, which has no proof in fewer bits, and of any other."""


def refuse(name: str, run: Run, executions: tuple[str, ...], precisions: tuple[str, ...] = PLAIN) -> None:
    """Raise :class:`RecipeRefused` for an execution or a precision that the trainer can't do."""
    refuse_execution(name, run, executions)
    refuse_precision(name, run.recipe, run.device, precisions)


def refuse_execution(name: str, run: Run, executions: tuple[str, ...]) -> None:
    """Raise :class:`RecipeRefused` for a way to run that the trainer doesn't have."""
    recipe = run.recipe
    if recipe.execution not in ("default", *executions):
        why = f"it runs as {' or '.join(executions)}"
        raise RecipeRefused(name, "execution", recipe.execution, why)


def place(device: str) -> str:
    """TensorFlow's name for ``cpu:0`` or ``gpu:0``. Raises ValueError if it has no such device."""
    kind, _, index = device.partition(":")
    if int(index or 0) >= len(tf.config.list_logical_devices(kind.upper())):
        raise ValueError(f"TensorFlow sees no device {device}")
    return f"/{kind.upper()}:{index or 0}"
