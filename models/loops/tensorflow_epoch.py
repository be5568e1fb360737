"""An epoch of any TensorFlow network in one compiled function, its data resident, read once at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.trainer import Between, Run, Score
from likeforlike.models.loops.on_tensorflow.network import Sums
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.loops.parts.trials import in_milliseconds, try_executions
from likeforlike.models.loops.tensorflow_loop import NetworkLoop, refuse_execution

EVALUATION_BATCH = 500
"""Samples evaluated at once: a convolution's maps of all of them would not fit the caches, or the memory."""


class TensorFlowEpoch(NetworkLoop):
    """Whole batches in a loop on the device, the smaller last one after it; XLA where a trial says so."""

    name = "tf-epoch"
    executions: tuple[str, ...] = ("graph", "xla")

    def __init__(self, run: Run) -> None:
        recipe, data = run.recipe, run.data
        refuse_execution(self.name, run, self.executions)  # before the trial
        asked = self.executions[0] if len(self.executions) == 1 else recipe.execution
        self.trial = try_executions(type(self), run) if asked == "default" else {}
        self.form = min(self.trial, key=self.trial.__getitem__) if self.trial else asked
        super().__init__(run)
        self.generator = np.random.default_rng(recipe.seed)
        with tf.device(self.device):
            self.images, self.labels = self._resident(data.train_images, data.train_labels)
            self.validation = self._resident(data.validation_images, data.validation_labels)
        xla = self.form == "xla"
        self.epoch_function = tf.function(self._epoch, jit_compile=xla)
        self.evaluation_function = tf.function(self._evaluation, jit_compile=xla)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself, the trial's milliseconds a step among it."""
        recipe, data = self.run.recipe, self.run.data
        return {
            "execution": self.form,
            "jit_compile": self.form == "xla",
            **({"jit_trial": in_milliseconds(self.trial)} if self.trial else {}),
            "steps_per_execution": recipe.steps(len(data.train_labels)),
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "residence": "on the device, gathered once an epoch",
            "validation_batch_size": min(EVALUATION_BATCH, len(data.validation_labels)),
            **super().terms,
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training samples, read once at its end."""
        recipe, samples = self.run.recipe, len(self.run.data.train_labels)
        trained = recipe.trained_samples(samples)
        with tf.device(self.device):
            images, labels = self.images, self.labels
            if recipe.shuffle == "every-epoch":
                order = tf.constant(self.generator.permutation(samples)[:trained].astype(np.int32))
                images, labels = tf.gather(images, order), tf.gather(labels, order)
            loss, right = self.epoch_function(images[:trained], labels[:trained])
        return self.score(float(loss), float(right), trained)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation samples."""
        with tf.device(self.device):
            loss, right = self.evaluation_function(*self.validation)
        return self.score(float(loss), float(right), len(self.run.data.validation_labels))

    def _resident(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        return self.network.as_inputs(inputs), tf.constant(targets)

    def _epoch(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        return self._in_batches(self._train_step, self.run.recipe.batch_size, images, labels)

    def _evaluation(self, images: tf.Tensor, labels: tf.Tensor) -> Sums:
        return self._in_batches(self._evaluation_step, EVALUATION_BATCH, images, labels)

    def _in_batches(
        self, step: Callable[[tf.Tensor, tf.Tensor], Sums], size: int, images: tf.Tensor, labels: tf.Tensor
    ) -> Sums:
        """A step for each batch in turn; the sums stay on the device until the end."""
        whole, rest = divmod(images.shape[0], size)

        def added(start: Any, samples: int, loss: tf.Tensor, right: tf.Tensor) -> Sums:
            some = [
                tf.slice(a, [start, *[0] * (a.shape.rank - 1)], [samples, *a.shape[1:]])
                for a in (images, labels)
            ]
            batch_loss, batch_right = step(*some)
            return loss + batch_loss, right + batch_right

        def body(number: tf.Tensor, loss: tf.Tensor, right: tf.Tensor) -> Any:
            return number + 1, *added(number * size, size, loss, right)

        sums: Sums = (tf.zeros([], self.network.loss_dtype), tf.zeros([], self.network.loss_dtype))
        if whole:
            _, *looped = tf.while_loop(
                lambda number, *_: number < whole, body, (tf.constant(0), *sums), maximum_iterations=whole
            )
            sums = (looped[0], looped[1])
        return added(whole * size, rest, *sums) if rest else sums
