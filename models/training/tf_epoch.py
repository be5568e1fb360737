"""TensorFlow at its best: a whole epoch in one compiled function, data and weights on the device.

Two ways to compile it, chosen by the recipe's ``execution``: ``xla`` carries weights and Adam's state
through the loop as values, so that XLA fuses them; ``graph`` keeps them in variables and leaves Adam to
TensorFlow's own fused kernel. Gradients are derived by hand in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from models.training.dropout_bits import lane_seeds, threshold
from models.training.epochs import run_epochs
from models.training.recipe import Recipe
from models.training.trainer import Between, Parameters, Run, Score
from models.training.with_tensorflow import SummaryFile, place, refuse

Tensors = dict[str, tf.Tensor]


class TfEpoch:
    """One call and one read an epoch."""

    name = "tf-epoch"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("xla", "graph"))
        recipe, data = run.recipe, run.data
        self.execution = "xla" if recipe.execution == "default" else recipe.execution
        tf.config.experimental.enable_tensor_float_32_execution(recipe.precision == "tf32")
        tf.random.set_seed(recipe.seed)
        self.dtype = tf.float64 if recipe.precision == "float64" else tf.float32
        self.device, self.passes = place(run.device), 0
        with tf.device(self.device):
            self.images = tf.constant(data.train_images, self.dtype)
            self.labels = tf.constant(data.train_labels)
            self.validation = tf.constant(data.validation_images, self.dtype), tf.constant(data.validation_labels)
            self.network = Network(recipe, run.initial, self.dtype)
        self.epoch = self.score = None

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe, xla = self.run.recipe, self.execution == "xla"
        return {
            "execution": self.execution,
            "jit_compile": xla,
            "steps_per_execution": recipe.steps(len(self.labels)),
            "optimizer": "Adam by hand, fused by XLA" if xla else "tf.raw_ops.ResourceApplyAdam",
            "gradients": "by hand",
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "16 random bits a unit, xorshift32" if recipe.dropout_rate else "none",
            "residence": "on the device, gathered once an epoch",
            "remainder": recipe.remainder,
            "validation_batch_size": len(self.validation[1]),
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between, SummaryFile)

    def train_epoch(self) -> Score:
        """One pass over the training images in one call."""
        recipe, samples = self.run.recipe, len(self.labels)
        with tf.device(self.device):
            order = tf.range(samples)
            if recipe.shuffle == "every-epoch":  # drawn here: XLA ignores the seed of a stateful shuffle
                order = tf.random.shuffle(order, recipe.seed)
            self.epoch = self.epoch or self._compiled(self._epoch, order)
            sums = self.epoch(order)
        used = recipe.steps(samples) * recipe.batch_size if recipe.remainder == "drop" else samples
        return _read(sums, used)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images in one call."""
        lanes = self._lanes(len(self.validation[1]))
        arguments = self.validation if lanes is None else (*self.validation, lanes)
        with tf.device(self.device):
            self.score = self.score or self._compiled(self._score, *arguments)
            return _read(self.score(*arguments), len(self.validation[1]))

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        with tf.device(self.device):
            batch = tf.constant(images, self.dtype)
            _, logits = self.network.forward(self.network.values(), batch, self._lanes(len(images), training))
            return tf.nn.softmax(logits).numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        return Parameters.of({name: variable.numpy() for name, variable in self.network.weights.items()})

    def _lanes(self, samples: int, training: bool = False) -> tf.Tensor | None:
        """Generators for one pass; None for one without dropout."""
        recipe = self.run.recipe
        if recipe.dropout_rate == 0 or not (training or recipe.dropout_at_evaluation):
            return None
        self.passes += 1
        return tf.constant(lane_seeds(recipe.seed + self.passes, samples))

    def _compiled(self, function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> Callable[..., tf.Tensor]:
        """The function traced for these arguments; XLA compiles it at the first call."""
        options = {"jit_compile": self.execution == "xla", "autograph": False}
        return tf.function(function, **options).get_concrete_function(*arguments)

    def _score(self, images: tf.Tensor, labels: tf.Tensor, lanes: tf.Tensor | None = None) -> tf.Tensor:
        _, logits = self.network.forward(self.network.values(), images, lanes)
        return sums_of(losses_of(logits, labels)[0], logits, labels)

    def _epoch(self, order: tf.Tensor) -> tf.Tensor:
        recipe, images, labels = self.run.recipe, tf.gather(self.images, order), tf.gather(self.labels, order)
        samples, size = len(self.labels), recipe.batch_size
        whole = samples // size
        rows = whole * size
        batches = tf.reshape(images[:rows], (whole, size, 784)), tf.reshape(labels[:rows], (whole, size))
        run = self._in_values if self.execution == "xla" else self._in_variables
        rest = (images[rows:], labels[rows:]) if rows < samples and recipe.remainder == "keep" else None
        return run(whole, batches, rest)

    def _in_values(self, whole: int, batches: tuple, rest: tuple | None) -> tf.Tensor:
        """The epoch with everything that changes carried through the loop."""
        network = self.network

        def body(index: tf.Tensor, state: tuple, sums: tf.Tensor) -> tuple:
            state, added = network.step(state, batches[0][index], batches[1][index])
            return index + 1, state, sums + added

        zero = tf.zeros(2, self.dtype)
        state, sums = network.state(), zero
        if whole:
            _, state, sums = tf.while_loop(lambda index, *_: index < whole, body, (0, state, zero))
        if rest is not None:
            state, added = network.step(state, *rest)
            sums += added
        network.assign(state)
        return sums

    def _in_variables(self, whole: int, batches: tuple, rest: tuple | None) -> tf.Tensor:
        """The epoch with everything that changes in variables, updated in place."""
        network = self.network

        def body(index: tf.Tensor, sums: tf.Tensor) -> tuple:
            return index + 1, sums + network.step_in_place(batches[0][index], batches[1][index])

        sums = tf.zeros(2, self.dtype)
        if whole:
            _, sums = tf.while_loop(lambda index, _: index < whole, body, (0, sums), parallel_iterations=1)
        if rest is not None:
            with tf.control_dependencies([sums]):
                sums += network.step_in_place(*rest)
        return sums


class Network:
    """Weights, Adam's state and dropout's generators, and what one step makes of them."""

    def __init__(self, recipe: Recipe, initial: Parameters, dtype: tf.DType) -> None:
        named = initial.named()
        self.recipe, self.dtype = recipe, dtype
        self.weights = {name: tf.Variable(array, dtype=dtype) for name, array in named.items()}
        self.means = {name: tf.Variable(tf.zeros(array.shape, dtype)) for name, array in named.items()}
        self.squares = {name: tf.Variable(tf.zeros(array.shape, dtype)) for name, array in named.items()}
        self.count = tf.Variable(tf.zeros([], dtype))
        self.lanes = tf.Variable(lane_seeds(recipe.seed, recipe.batch_size))

    def values(self) -> Tensors:
        """The weights as they are now."""
        return {name: variable.read_value() for name, variable in self.weights.items()}

    def state(self) -> tuple[Any, ...]:
        """Everything that a step changes, as values."""
        read = tf.nest.map_structure(lambda v: v.read_value(), (self.weights, self.means, self.squares))
        return (*read, self.count.read_value(), self.lanes.read_value())

    def assign(self, state: tuple[Any, ...]) -> None:
        """Keep what the steps made of it."""
        variables = (self.weights, self.means, self.squares, self.count, self.lanes)
        tf.nest.map_structure(lambda variable, value: variable.assign(value), variables, state)

    def step(self, state: tuple[Any, ...], images: tf.Tensor, labels: tf.Tensor) -> tuple[tuple, tf.Tensor]:
        """One batch: the new state and the sums of losses and right answers."""
        weights, means, squares, count, lanes = state
        rows = None
        if self.recipe.dropout_rate:
            rows = xorshift(lanes[: labels.shape[0]])
            lanes = rows if labels.shape[0] == lanes.shape[0] else tf.concat([rows, lanes[labels.shape[0] :]], axis=0)
        gradients, sums = self.gradients(weights, images, labels, rows)
        recipe, count = self.recipe, count + 1
        one = tf.ones([], self.dtype)
        rate = recipe.learning_rate * tf.sqrt(one - recipe.beta_2**count) / (one - recipe.beta_1**count)
        means = {n: m + (1 - recipe.beta_1) * (gradients[n] - m) for n, m in means.items()}
        squares = {n: v + (1 - recipe.beta_2) * (gradients[n] * gradients[n] - v) for n, v in squares.items()}
        weights = {n: w - rate * means[n] / (tf.sqrt(squares[n]) + recipe.epsilon) for n, w in weights.items()}
        return (weights, means, squares, count, lanes), sums

    def step_in_place(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """One batch, the variables updated by TensorFlow's fused Adam, which has Keras's formula."""
        recipe, rows = self.recipe, None
        if recipe.dropout_rate:
            rows = xorshift(self.lanes.read_value()[: labels.shape[0]])
        gradients, sums = self.gradients(self.values(), images, labels, rows)
        updates = [sums]
        if rows is not None:
            updates.append(self.lanes[: labels.shape[0]].assign(rows))
        count = self.count.assign_add(1)
        powers = recipe.beta_1**count, recipe.beta_2**count
        for name, gradient in gradients.items():
            update = tf.raw_ops.ResourceApplyAdam(
                var=self.weights[name].handle,
                m=self.means[name].handle,
                v=self.squares[name].handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=tf.constant(recipe.learning_rate, self.dtype),
                beta1=tf.constant(recipe.beta_1, self.dtype),
                beta2=tf.constant(recipe.beta_2, self.dtype),
                epsilon=tf.constant(recipe.epsilon, self.dtype),
                grad=gradient,
            )
            updates.append(update)
        with tf.control_dependencies(updates):
            return tf.identity(sums)

    def forward(
        self, weights: Tensors, images: tf.Tensor, lanes: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Hidden units after dropout [n, 512] and logits [n, 10]."""
        hidden = tf.matmul(images, weights["hidden_kernel"])
        hidden = tf.nn.relu(hidden + weights["hidden_bias"] if self.recipe.bias else hidden)
        if lanes is not None:
            hidden *= self.scale(lanes)
        logits = tf.matmul(hidden, weights["output_kernel"])
        return hidden, logits + weights["output_bias"] if self.recipe.bias else logits

    def gradients(
        self, weights: Tensors, images: tf.Tensor, labels: tf.Tensor, lanes: tf.Tensor | None
    ) -> tuple[Tensors, tf.Tensor]:
        """Gradients of the mean loss by the chain rule, and the sums of losses and right answers."""
        hidden, logits = self.forward(weights, images, lanes)
        losses, chosen = losses_of(logits, labels)
        d_logits = (tf.nn.softmax(logits) - chosen) / labels.shape[0]
        d_hidden = tf.matmul(d_logits, weights["output_kernel"], transpose_b=True)
        # a unit that was dropped is 0 as well, so that of the mask the scaling alone is left
        kept = 1.0 if lanes is None else 1 / (1 - self.recipe.dropout_rate)
        d_hidden = tf.where(hidden > 0, d_hidden * kept, tf.zeros([], self.dtype))
        gradients = {"hidden_kernel": tf.matmul(images, d_hidden, transpose_a=True)}
        if self.recipe.bias:
            gradients["hidden_bias"] = tf.reduce_sum(d_hidden, axis=0)
        gradients["output_kernel"] = tf.matmul(hidden, d_logits, transpose_a=True)
        if self.recipe.bias:
            gradients["output_bias"] = tf.reduce_sum(d_logits, axis=0)
        return gradients, sums_of(losses, logits, labels)

    def scale(self, lanes: tf.Tensor) -> tf.Tensor:
        """0 for a dropped unit, 1 / (1 - rate) for a kept one, [n, 512]."""
        rate = self.recipe.dropout_rate
        bits = tf.concat([tf.bitwise.bitwise_and(lanes, _word(0xFFFF)), tf.bitwise.right_shift(lanes, _word(16))], axis=1)
        one, none = tf.constant(1 / (1 - rate), self.dtype), tf.zeros([], self.dtype)
        return tf.where(bits >= _word(threshold(rate)), one, none)


def losses_of(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Each sample's loss, and the labels as one-hot rows."""
    chosen = tf.one_hot(labels, 10, dtype=logits.dtype)
    return tf.reduce_logsumexp(logits, axis=1) - tf.reduce_sum(logits * chosen, axis=1), chosen


def sums_of(losses: tf.Tensor, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Sum of losses and number of right answers, [2]."""
    right = tf.equal(tf.argmax(logits, axis=1, output_type=labels.dtype), labels)
    return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, losses.dtype))])


def xorshift(lanes: tf.Tensor) -> tf.Tensor:
    """Every generator one step on."""
    lanes = tf.bitwise.bitwise_xor(lanes, tf.bitwise.left_shift(lanes, _word(13)))
    lanes = tf.bitwise.bitwise_xor(lanes, tf.bitwise.right_shift(lanes, _word(17)))
    return tf.bitwise.bitwise_xor(lanes, tf.bitwise.left_shift(lanes, _word(5)))


def _word(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _read(sums: tf.Tensor, samples: int) -> Score:
    tf.test.experimental.sync_devices()
    loss, right = sums.numpy().tolist()
    return loss / samples, right / samples
