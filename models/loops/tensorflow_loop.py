"""Hand-written TensorFlow: the loop of the 2020 notebook, and the same with its step compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.network import NETWORK_FIELDS, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused, refuse_precision
from likeforlike.models.contract.training.trainer import Between, Run, Score, Weights
from likeforlike.models.loops.on_keras.network import inputs_of
from likeforlike.models.loops.on_keras.notebook import KERAS_NOTEBOOK
from likeforlike.models.loops.on_keras.optimizers import keras_optimizer, refuse_lost_moments, told
from likeforlike.models.loops.on_tensorflow.feeding import batches
from likeforlike.models.loops.on_tensorflow.metrics import KerasMetrics, SumsByHand
from likeforlike.models.loops.on_tensorflow.network import LoadedNetwork, Sums
from likeforlike.models.loops.parts.epoch_loop import run_epochs


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
        """All weights, in the order of :class:`~likeforlike.models.contract.training.trainer.Parameters`."""
        return self.hidden.variables + self.output.variables

    def __call__(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        """Logits [n, 10]."""
        hidden = self.hidden(images)
        if (training or self.always_drops) and self.dropout_rate:
            hidden = tf.nn.dropout(hidden, self.dropout_rate)
        return self.output(hidden)


NOTEBOOK = Network("784-512-10", "tensorflow", NotebookNetwork, takes=NETWORK_FIELDS)
FED = {
    "tf.data": "tf.data from tensors on the host",
    "arrays": "Keras's dataset of the arrays",
    "arrays-untuned": "Keras's dataset of the arrays, not autotuned",
    "gathered": "tf.data, gathered once an epoch, not autotuned",
}
SHUFFLED = {
    "tf.data": "tf.data, buffer of all images",
    "arrays": "tf.data, every epoch, unseeded",
    "arrays-untuned": "tf.data, every epoch, unseeded",
    "gathered": "one permutation an epoch",
}
"""Where batches come from, and who draws their order, by a recipe's feeding."""


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
            by_itself = KERAS_NOTEBOOK if recipe.layers == "keras" else NOTEBOOK
            self.network = LoadedNetwork(self.name, run, run.network or by_itself)
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
        losses, outputs = self._update(images, labels)
        return self.network.sums(losses, outputs, labels)

    def _update(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step; each sample's loss, and the outputs."""
        network = self.network
        with tf.GradientTape() as tape:
            outputs = network.outputs(images, training=True)
            losses = network.losses(labels, outputs)
            loss = tf.reduce_mean(losses)
        self._apply(tape.gradient(loss, network.trainable))
        return losses, outputs

    def _apply(self, gradients: Sequence[tf.Tensor]) -> None:
        """The optimizer's update of all trained weights."""
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable, strict=True))

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
        with tf.device(self.device):
            self.metrics = (KerasMetrics if run.recipe.metrics == "keras" else SumsByHand)(self.network)
        self.training, self.validation = self._datasets()
        self.train_step, self.evaluation_step = self.compiled()

    def compiled(self) -> tuple[Any, Any]:
        """The steps as they will be called."""
        return self._measured_step, self._measured_evaluation

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        shuffled = recipe.shuffle == "every-epoch"
        return {
            "execution": self.execution,
            "jit_compile": False,
            "steps_per_execution": recipe.steps_in_call(len(self.run.data.train_labels)),
            "shuffle": SHUFFLED.get(recipe.feeding, SHUFFLED["tf.data"]) if shuffled else "none",
            "residence": FED.get(recipe.feeding, FED["tf.data"]),
            "logs_read": "each-step" if recipe.logs_read == "each-step" else "each-epoch",
            "metrics": self.metrics.told,
            "validation_batch_size": recipe.batch_size,
            **super().terms,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between, SummaryFile)

    def train_epoch(self) -> Score:
        """One pass over the training images; what the metrics hold is read once, or as the recipe says."""
        samples = self.run.recipe.trained_samples(len(self.run.data.train_labels))
        return self._pass(self.training, self.train_step, samples)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        return self._pass(self.validation, self.evaluation_step, len(self.run.data.validation_labels))

    def _datasets(self) -> tuple[tf.data.Dataset, tf.data.Dataset]:
        recipe, data = self.run.recipe, self.run.data
        feeding = "tf.data" if recipe.feeding == "default" else recipe.feeding
        with tf.device("/CPU:0"):
            inputs = self.network.as_inputs(data.train_images)
            given = inputs_of(data.train_images, recipe.precision) if feeding.startswith("arrays") else inputs
            training = batches(self.name, feeding, given, data.train_labels, recipe)
            validation = tf.data.Dataset.from_tensor_slices(
                (self.network.as_inputs(data.validation_images), data.validation_labels)
            )
        found = training.element_spec[0].dtype
        if found != inputs.dtype:
            why = f"Keras's dataset has {found.name}, the network takes {inputs.dtype.name}"
            raise RecipeRefused(self.name, "feeding", recipe.feeding, why)
        if feeding.startswith("arrays"):
            tf.random.set_seed(recipe.seed)  # under which Keras's dataset can't have been made
        return training, validation.batch(recipe.batch_size)

    def _measured_step(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        losses, outputs = self._update(images, labels)
        return self.metrics.of_batch(losses, outputs, labels)

    def _measured_evaluation(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        outputs = self.network.outputs(images, training=False)
        return self.metrics.of_batch(self.network.losses(labels, outputs), outputs, labels)

    def _pass(self, batches: tf.data.Dataset, step: Any, samples: int) -> Score:
        metrics, read = self.metrics, self.run.recipe.logs_read == "each-step"
        with tf.device(self.device):
            metrics.begin()
            for images, labels in batches:
                metrics.add(step(images, labels), read)
            tf.test.experimental.sync_devices()
            return metrics.score(samples)


class GraphLoop(EagerLoop):
    """The same loop with its step compiled by ``tf.function``, or several of them as one function."""

    name = "graph-loop"
    execution = "graph"
    executions = ("graph",)

    def compiled(self) -> tuple[Any, Any]:
        """Both steps as graphs; a smaller last batch traces a second one."""
        return tf.function(self._measured_step), tf.function(self._measured_evaluation)

    def train_epoch(self) -> Score:
        """As many calls as it takes, of one step each or of as many as the recipe says."""
        samples = len(self.run.data.train_labels)
        at_once, left = self.run.recipe.steps_in_call(samples), self.run.recipe.steps(samples)
        if at_once == 1:
            return super().train_epoch()
        metrics, read = self.metrics, self.run.recipe.logs_read == "each-step"
        with tf.device(self.device):
            metrics.begin()
            iterator = iter(self.training)
            while left:
                count = min(at_once, left)
                metrics.add(self.several_steps(iterator, tf.constant(count)), read)
                left -= count
            tf.test.experimental.sync_devices()
            return metrics.score(self.run.recipe.trained_samples(samples))

    @cached_property
    def several_steps(self) -> Any:
        """Takes an iterator and a count: so many steps, and what the metrics say of them."""

        def steps(iterator: Any, count: tf.Tensor) -> Sums:
            def body(number: tf.Tensor, *noted: tf.Tensor) -> tuple[tf.Tensor, ...]:
                found = self._measured_step(*iterator.get_next())
                return number + 1, *self.metrics.joined((noted[0], noted[1]), found)

            zero = tf.zeros([], self.network.loss_dtype)
            start = (tf.constant(0), zero, zero)
            _, loss, right = tf.while_loop(lambda n, *_: n < count, body, start, parallel_iterations=1)
            return loss, right

        return tf.function(steps)


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
