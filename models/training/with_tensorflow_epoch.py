"""TensorFlow at its best: the whole epoch in one compiled function, data resident, one read an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from models.training.epochs import run_epochs
from models.training.layout import HALF, gathered, laid_out
from models.training.recipe import Recipe
from models.training.trainer import Between, Parameters, Run, Score
from models.training.with_tensorflow import place, refuse

LEVELS = 1 << 32
"""A unit is dropped if 32 random bits fall below rate x 2^32."""
FORMS = {"default": "xla", "xla": "xla", "graph": "graph"}

Tensors = list[tf.Tensor]
"""In the order of :func:`models.training.layout.laid_out`."""


class TensorFlowEpoch:
    """Whole batches in a loop on the device, the smaller last one in a step after it."""

    name = "tf-epoch"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("graph", "xla"))
        recipe, data = run.recipe, run.data
        tf.config.experimental.enable_tensor_float_32_execution(recipe.precision == "tf32")
        self.dtype = tf.float64 if recipe.precision == "float64" else tf.float32
        self.form, self.device = FORMS[recipe.execution], place(run.device)
        self.generator = np.random.default_rng(recipe.seed)
        self.steps = 0
        with tf.device(self.device):
            self.weights = [tf.constant(array, self.dtype) for array in laid_out(run.initial).values()]
            self.means = [tf.zeros_like(weight) for weight in self.weights]
            self.squares = [tf.zeros_like(weight) for weight in self.weights]
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
            "dropout": "32 hashed bits a unit" if recipe.dropout_rate else "none",
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
            self.weights, self.means, self.squares, sums = self.epoch_function(
                self.weights,
                self.means,
                self.squares,
                images[:trained],
                labels[:trained],
                tf.constant(rates, self.dtype),
                self._key(),
            )
        self.steps += steps
        loss, right = sums.numpy().tolist()
        return loss / trained, right / trained

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images, in one batch."""
        with tf.device(self.device):
            sums = self.evaluation_function(
                self.weights, self.validation_images, self.validation_labels, self._key()
            )
        loss, right = sums.numpy().tolist()
        samples = len(self.run.data.validation_labels)
        return loss / samples, right / samples

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        drop = training or self.run.recipe.dropout_at_evaluation
        with tf.device(self.device):
            batch = tf.constant(images, self.dtype)
            keep = self._keep(len(images), self._key()) if drop else None
            return tf.nn.softmax(self._layers(self.weights, batch, keep)[1]).numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        return gathered(
            {name: w.numpy() for name, w in zip(laid_out(self.run.initial), self.weights, strict=True)}
        )

    def _key(self) -> tf.Tensor:
        """Thirty-two fresh bits from the recipe's seed, the start of a mask's numbers."""
        return tf.constant(self.generator.integers(LEVELS, dtype=np.uint32))

    def _epoch(
        self,
        weights: Tensors,
        means: Tensors,
        squares: Tensors,
        images: tf.Tensor,
        labels: tf.Tensor,
        rates: tf.Tensor,
        key: tf.Tensor,
    ) -> tuple[Tensors, Tensors, Tensors, tf.Tensor]:
        """All steps of an epoch; the sums of losses and right answers stay on the device until the end."""
        size = self.run.recipe.batch_size
        whole, rest = divmod(images.shape[0], size)

        def step(number: Any, state: Any, samples: int) -> Any:
            weights, means, squares, sums = state
            start = number * size
            batch = tf.slice(images, [start, 0], [samples, images.shape[1]])
            classes = tf.slice(labels, [start], [samples])
            # each step takes the next batch's worth of numbers, so that no two masks share any
            keep = self._keep(samples, key + tf.cast(start, tf.uint32) * tf.constant(512, tf.uint32))
            gradients, batch_sums = self._gradients(weights, batch, classes, keep)
            moved = adam(self.run.recipe, rates[number], (weights, means, squares), gradients)
            return *moved, sums + batch_sums

        def body(number: tf.Tensor, state: Any) -> Any:
            return number + 1, step(number, state, size)

        state = (weights, means, squares, tf.zeros([2], self.dtype))
        if whole:
            start = (tf.constant(0), state)
            _, state = tf.while_loop(lambda n, _: n < whole, body, start, maximum_iterations=whole)
        return step(tf.constant(whole), state, rest) if rest else state

    def _gradients(
        self, weights: Tensors, images: tf.Tensor, labels: tf.Tensor, keep: tf.Tensor | None
    ) -> tuple[Tensors, tf.Tensor]:
        """Gradients of the mean loss, derived as in :func:`models.training.with_numpy.gradients_of`."""
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
        self, weights: Tensors, images: tf.Tensor, labels: tf.Tensor, key: tf.Tensor
    ) -> tf.Tensor:
        keep = self._keep(images.shape[0], key) if self.run.recipe.dropout_at_evaluation else None
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

    def _keep(self, samples: int, key: tf.Tensor) -> tf.Tensor | None:
        """Which units of each sample stay [samples, 512]; None if the recipe drops none."""
        rate = self.run.recipe.dropout_rate
        if not rate:
            return None
        return hashed_bits(samples, 512, key) >= tf.constant(round(rate * LEVELS), tf.uint32)


def learning_rates(recipe: Recipe, done: int, steps: int) -> np.ndarray:
    """Adam's rates of the next steps, both bias corrections in them, in float64 [steps]."""
    step = np.arange(done + 1, done + steps + 1, dtype=np.float64)
    return recipe.learning_rate * np.sqrt(1 - recipe.beta_2**step) / (1 - recipe.beta_1**step)


def adam(
    recipe: Recipe, rate: tf.Tensor, state: tuple[Tensors, Tensors, Tensors], gradients: Tensors
) -> tuple[Tensors, Tensors, Tensors]:
    """One step by the formula of :mod:`models.training.trainer`; weights, means, squares."""
    weights, means, squares = state
    dtype = rate.dtype
    share_1, share_2 = tf.constant(1 - recipe.beta_1, dtype), tf.constant(1 - recipe.beta_2, dtype)
    epsilon = tf.constant(recipe.epsilon, dtype)
    means = [m + share_1 * (g - m) for m, g in zip(means, gradients, strict=True)]
    squares = [v + share_2 * (g * g - v) for v, g in zip(squares, gradients, strict=True)]
    triples = zip(weights, means, squares, strict=True)
    return [w - rate * m / (tf.sqrt(v) + epsilon) for w, m, v in triples], means, squares


def hashed_bits(rows: int, columns: int, key: tf.Tensor) -> tf.Tensor:
    """Random bits [rows, columns] of uint32: the numbers from ``key`` on, mixed.

    The mixing is Chris Wellons's lowbias32 (hash-prospector, 2018), which XLA fuses into what uses it;
    a counter-based generator (Philox) costs more than the step's products.
    """
    numbers = tf.cast(tf.reshape(tf.range(rows * columns), [rows, columns]), tf.uint32) + key
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        numbers = _folded(numbers, shift) * tf.constant(factor, tf.uint32)
    return _folded(numbers, 16)


def _folded(numbers: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, tf.constant(shift, tf.uint32)))
