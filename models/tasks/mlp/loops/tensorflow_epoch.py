"""TensorFlow at its best: the whole epoch in one compiled function, data resident, one read an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.training.recipe import OPTIMIZING, Recipe, refuse_changed
from likeforlike.models.contract.training.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.loops.tensorflow_loop import place, refuse
from likeforlike.models.tasks.mlp.dropout_bits import lane_seeds, threshold
from likeforlike.models.tasks.mlp.weight_layout import HALF, gathered, laid_out

FORMS = {"default": "xla", "xla": "xla", "graph": "graph"}

Tensors = list[tf.Tensor]
"""In the order of :func:`likeforlike.models.tasks.mlp.weight_layout.laid_out`."""


class TensorFlowEpoch:
    """Whole batches in a loop on the device, the smaller last one in a step after it."""

    name = "tf-epoch"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("graph", "xla"))
        refuse_changed(self.name, run.recipe, OPTIMIZING, "it takes Adam's steps at one rate")
        recipe, data = run.recipe, run.data
        tf.config.experimental.enable_tensor_float_32_execution(recipe.precision == "tf32")
        self.dtype = tf.float64 if recipe.precision == "float64" else tf.float32
        self.form, self.device = FORMS[recipe.execution], place(run.device)
        self.generator = np.random.default_rng(recipe.seed)
        self.steps = self.passes = 0
        with tf.device(self.device):
            self.weights = [tf.constant(array, self.dtype) for array in laid_out(run.initial).values()]
            self.means = [tf.zeros_like(weight) for weight in self.weights]
            self.squares = [tf.zeros_like(weight) for weight in self.weights]
            self.lanes = tf.constant(lane_seeds(recipe.seed, recipe.batch_size))
            self.images = tf.constant(data.train_images, self.dtype)
            self.labels = tf.constant(data.train_labels, tf.int32)
            self.validation_images = tf.constant(data.validation_images, self.dtype)
            self.validation_labels = tf.constant(data.validation_labels, tf.int32)
        xla = self.form == "xla"
        self.epoch_function = tf.function(self._epoch, jit_compile=xla)
        self.evaluation_function = tf.function(self._evaluation, jit_compile=xla)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": self.form,
            "jit_compile": self.form == "xla",
            "steps_per_execution": recipe.steps(len(self.run.data.train_labels)),
            "optimizer": "Adam by hand, fused" if self.form == "xla" else "Adam by hand",
            "gradients": "by hand",
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "16 random bits a unit, xorshift32" if recipe.dropout_rate else "none",
            "residence": "on the device, gathered once an epoch",
            "remainder": recipe.remainder,
            "validation_batch_size": len(self.run.data.validation_labels),
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training images, read once at its end."""
        recipe, samples = self.run.recipe, len(self.run.data.train_labels)
        steps = recipe.steps(samples)
        trained = min(samples, steps * recipe.batch_size)
        rates = learning_rates(recipe, self.steps, steps)
        with tf.device(self.device):
            images, labels = self.images, self.labels
            if recipe.shuffle == "every-epoch":
                order = tf.constant(self.generator.permutation(samples)[:trained].astype(np.int32))
                images, labels = tf.gather(images, order), tf.gather(labels, order)
            self.weights, self.means, self.squares, self.lanes, sums = self.epoch_function(
                self.weights,
                self.means,
                self.squares,
                self.lanes,
                images[:trained],
                labels[:trained],
                tf.constant(rates, self.dtype),
            )
        self.steps += steps
        loss, right = sums.numpy().tolist()
        return loss / trained, right / trained

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images, in one batch."""
        samples = len(self.run.data.validation_labels)
        with tf.device(self.device):
            lanes = self._fresh_lanes(samples) if self.run.recipe.dropout_at_evaluation else None
            sums = self.evaluation_function(
                self.weights, self.validation_images, self.validation_labels, lanes
            )
        loss, right = sums.numpy().tolist()
        return loss / samples, right / samples

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        drop = training or self.run.recipe.dropout_at_evaluation
        with tf.device(self.device):
            batch = tf.constant(images, self.dtype)
            keep = self._keep(self._fresh_lanes(len(images)))[1] if drop else None
            return tf.nn.softmax(self._layers(self.weights, batch, keep)[1]).numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        return gathered(
            {name: w.numpy() for name, w in zip(laid_out(self.run.initial), self.weights, strict=True)}
        )

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.steps

    def _fresh_lanes(self, samples: int) -> tf.Tensor:
        """Generators for one pass over so many samples."""
        self.passes += 1
        return tf.constant(lane_seeds(self.run.recipe.seed + self.passes, samples))

    def _epoch(
        self,
        weights: Tensors,
        means: Tensors,
        squares: Tensors,
        lanes: tf.Tensor,
        images: tf.Tensor,
        labels: tf.Tensor,
        rates: tf.Tensor,
    ) -> tuple[Tensors, Tensors, Tensors, tf.Tensor, tf.Tensor]:
        """All steps of an epoch; the sums of losses and right answers stay on the device until the end."""
        size = self.run.recipe.batch_size
        whole, rest = divmod(images.shape[0], size)

        def step(number: Any, state: Any, samples: int) -> Any:
            weights, means, squares, lanes, sums = state
            start = number * size
            batch = tf.slice(images, [start, 0], [samples, images.shape[1]])
            classes = tf.slice(labels, [start], [samples])
            rows, keep = self._keep(lanes[:samples])
            gradients, batch_sums = self._gradients(weights, batch, classes, keep)
            moved = adam(self.run.recipe, rates[number], (weights, means, squares), gradients)
            return *moved, tf.concat([rows, lanes[samples:]], axis=0), sums + batch_sums

        def body(number: tf.Tensor, state: Any) -> Any:
            return number + 1, step(number, state, size)

        state = (weights, means, squares, lanes, tf.zeros([2], self.dtype))
        if whole:
            start = (tf.constant(0), state)
            _, state = tf.while_loop(lambda n, _: n < whole, body, start, maximum_iterations=whole)
        return step(tf.constant(whole), state, rest) if rest else state

    def _gradients(
        self, weights: Tensors, images: tf.Tensor, labels: tf.Tensor, keep: tf.Tensor | None
    ) -> tuple[Tensors, tf.Tensor]:
        """Gradients of the mean loss, derived as in ``numpy_loop.gradients_of``."""
        hidden, logits = self._layers(weights, images, keep)
        own = tf.one_hot(labels, logits.shape[1], dtype=self.dtype)
        d_logits = (tf.nn.softmax(logits) - own) / images.shape[0]
        # a dropped unit is 0, as one that ReLU cuts off: one comparison serves both
        d_units = tf.matmul(d_logits, weights[2]) * self._scale(keep)
        d_hidden = tf.where(hidden > 0, d_units, tf.zeros([], self.dtype))
        halves = (images[:, :HALF], images[:, HALF:])
        gradients = [tf.matmul(half, d_hidden, transpose_a=True) for half in halves]
        gradients.append(tf.matmul(d_logits, hidden, transpose_a=True))
        if self.run.recipe.bias:
            gradients += [tf.reduce_sum(d_hidden, axis=0), tf.reduce_sum(d_logits, axis=0)]
        return gradients, self._sums(logits, labels)

    def _evaluation(
        self, weights: Tensors, images: tf.Tensor, labels: tf.Tensor, lanes: tf.Tensor | None
    ) -> tf.Tensor:
        keep = None if lanes is None else self._keep(lanes)[1]
        return self._sums(self._layers(weights, images, keep)[1], labels)

    def _layers(
        self, weights: Tensors, images: tf.Tensor, keep: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Hidden units after dropout [n, 512] and logits [n, 10]."""
        upper, lower, output, *biases = weights
        hidden = tf.matmul(images[:, :HALF], upper) + tf.matmul(images[:, HALF:], lower)
        hidden = tf.nn.relu(hidden + biases[0] if biases else hidden)
        if keep is not None:
            hidden = tf.where(keep, hidden * self._scale(keep), tf.zeros([], self.dtype))
        logits = tf.matmul(hidden, output, transpose_b=True)
        return hidden, logits + biases[1] if biases else logits

    def _sums(self, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Sum of losses and number of right answers, [2]."""
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, self.dtype))])

    def _scale(self, keep: tf.Tensor | None) -> tf.Tensor:
        rate = 0.0 if keep is None else self.run.recipe.dropout_rate
        return tf.constant(1 / (1 - rate), self.dtype)

    def _keep(self, lanes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The generators one step on, and the units of each sample that stay [n, 512]; None if all do."""
        rate = self.run.recipe.dropout_rate
        if not rate:
            return lanes, None
        lanes, low = xorshift(lanes), tf.constant(threshold(rate), tf.uint32)
        words = tf.bitwise.bitwise_and(lanes, tf.constant(0xFFFF, tf.uint32)), _right(lanes, 16)
        return lanes, tf.concat([word >= low for word in words], axis=1)


def learning_rates(recipe: Recipe, done: int, steps: int) -> np.ndarray:
    """Adam's rates of the next steps, both bias corrections in them, in float64 [steps]."""
    step = np.arange(done + 1, done + steps + 1, dtype=np.float64)
    return recipe.learning_rate * np.sqrt(1 - recipe.beta_2**step) / (1 - recipe.beta_1**step)


def adam(
    recipe: Recipe, rate: tf.Tensor, state: tuple[Tensors, Tensors, Tensors], gradients: Tensors
) -> tuple[Tensors, Tensors, Tensors]:
    """One step by the formula of ``models.contract.training.trainer``; weights, means, squares."""
    weights, means, squares = state
    dtype = rate.dtype
    share_1, share_2 = tf.constant(1 - recipe.beta_1, dtype), tf.constant(1 - recipe.beta_2, dtype)
    epsilon = tf.constant(recipe.epsilon, dtype)
    means = [m + share_1 * (g - m) for m, g in zip(means, gradients, strict=True)]
    squares = [v + share_2 * (g * g - v) for v, g in zip(squares, gradients, strict=True)]
    triples = zip(weights, means, squares, strict=True)
    return [w - rate * m / (tf.sqrt(v) + epsilon) for w, m, v in triples], means, squares


def xorshift(lanes: tf.Tensor) -> tf.Tensor:
    """Every generator of :mod:`likeforlike.models.tasks.mlp.dropout_bits` one step on."""
    lanes = tf.bitwise.bitwise_xor(lanes, _left(lanes, 13))
    lanes = tf.bitwise.bitwise_xor(lanes, _right(lanes, 17))
    return tf.bitwise.bitwise_xor(lanes, _left(lanes, 5))


def _left(numbers: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.left_shift(numbers, tf.constant(bits, tf.uint32))


def _right(numbers: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.bitwise.right_shift(numbers, tf.constant(bits, tf.uint32))
