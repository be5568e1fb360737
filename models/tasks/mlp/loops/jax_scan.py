"""JAX at its best: the whole epoch in one ``lax.scan``, data and weights on the device throughout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from likeforlike.models.contract.training.recipe import (
    OPTIMIZING,
    Recipe,
    RecipeRefused,
    refuse_changed,
    refuse_precision,
)
from likeforlike.models.contract.training.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.tasks.mlp.dropout_bits import lane_seeds, threshold
from likeforlike.models.tasks.mlp.weight_layout import HALF, gathered, laid_out

Weights = dict[str, jax.Array]


class State(NamedTuple):
    """What a step changes; all of it stays on the device."""

    weights: Weights
    means: Weights
    squares: Weights
    step: jax.Array
    lanes: jax.Array


class JaxScan:
    """One compiled call an epoch, one read an epoch."""

    name = "jax-scan"

    def __init__(self, run: Run) -> None:
        self.run = run
        recipe, data = run.recipe, run.data
        _refuse(run)
        jax.config.update("jax_enable_x64", recipe.precision == "float64")
        jax.config.update(
            "jax_default_matmul_precision", "tensorfloat32" if recipe.precision == "tf32" else "highest"
        )
        dtype = np.dtype("float64" if recipe.precision == "float64" else "float32")
        put = partial(jax.device_put, device=place(run.device))
        self.images, self.labels = put(data.train_images.astype(dtype)), put(data.train_labels)
        self.validation = put(data.validation_images.astype(dtype)), put(data.validation_labels)
        weights = {name: put(array.astype(dtype)) for name, array in laid_out(run.initial).items()}
        zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
        lanes = put(lane_seeds(recipe.seed, recipe.batch_size))
        self.state = State(weights, zeros[0], zeros[1], put(np.zeros((), np.int32)), lanes)
        self.generator = np.random.default_rng(recipe.seed)
        self.dtype, self.passes = dtype, 0
        self.epoch = jax.jit(partial(train_epoch, recipe), donate_argnums=0)
        self.score = jax.jit(partial(score, recipe))
        self.logits = jax.jit(partial(logits_of, recipe))

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": "xla",
            "jit_compile": True,
            "steps_per_execution": recipe.steps(len(self.labels)),
            "optimizer": "Adam by hand, fused by XLA",
            "gradients": "by hand",
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "16 random bits a unit, xorshift32" if recipe.dropout_rate else "none",
            "residence": "on the device, gathered once an epoch",
            "remainder": recipe.remainder,
            "validation_batch_size": len(self.validation[1]),
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training images in one call."""
        recipe, samples = self.run.recipe, len(self.labels)
        order = None
        if recipe.shuffle == "every-epoch":
            order = self.generator.permutation(samples).astype(np.int32)
        self.state, sums = self.epoch(self.state, order, self.images, self.labels)
        used = recipe.steps(samples) * recipe.batch_size if recipe.remainder == "drop" else samples
        return self._read(sums, used)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images in one call."""
        images, labels = self.validation
        sums = self.score(self.state.weights, images, labels, self._lanes(len(labels)))
        return self._read(sums, len(labels))

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        batch = jax.device_put(images.astype(self.dtype), place(self.run.device))
        lanes = self._lanes(len(images), training)
        return np.asarray(jax.nn.softmax(self.logits(self.state.weights, batch, lanes)))

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        return gathered({name: np.asarray(array) for name, array in self.state.weights.items()})

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return int(self.state.step)

    def _lanes(self, samples: int, training: bool = False) -> jax.Array | None:
        """Generators for one pass; None for one without dropout."""
        recipe = self.run.recipe
        if recipe.dropout_rate == 0 or not (training or recipe.dropout_at_evaluation):
            return None
        self.passes += 1
        return jax.device_put(lane_seeds(recipe.seed + self.passes, samples), place(self.run.device))

    @staticmethod
    def _read(sums: jax.Array, samples: int) -> Score:
        loss, right = np.asarray(jax.block_until_ready(sums)).tolist()
        return loss / samples, right / samples


def train_epoch(
    recipe: Recipe, state: State, order: jax.Array | None, images: jax.Array, labels: jax.Array
) -> tuple[State, jax.Array]:
    """All steps of an epoch, the images in that order; new state, sums of losses and right answers."""
    samples = labels.shape[0]
    if order is not None:
        images, labels = images[order], labels[order]
    whole = samples // recipe.batch_size
    rows = whole * recipe.batch_size
    batches = (
        images[:rows].reshape(whole, recipe.batch_size, images.shape[1]),
        labels[:rows].reshape(whole, recipe.batch_size),
    )

    def body(carry: tuple[State, jax.Array], batch: tuple[jax.Array, jax.Array]) -> tuple:
        state, sums = train_step(recipe, carry[0], *batch)
        return (state, carry[1] + sums), None

    (state, sums), _ = lax.scan(body, (state, jnp.zeros(2, images.dtype)), batches)
    if rows < samples and recipe.remainder == "keep":
        state, last = train_step(recipe, state, images[rows:], labels[rows:])
        sums += last
    return state, sums


def train_step(recipe: Recipe, state: State, images: jax.Array, labels: jax.Array) -> tuple[State, jax.Array]:
    """One batch: forward, backward by hand, Adam."""
    weights, lanes, kept = state.weights, state.lanes, None
    if recipe.dropout_rate:
        rows = xorshift(lanes[: len(labels)])
        lanes, kept = lax.dynamic_update_slice(lanes, rows, (0, 0)), kept_units(recipe, rows)
    hidden = hidden_layer(recipe, weights, images, kept)
    logits = output_layer(weights, hidden)
    losses, chosen = losses_of(logits, labels)
    d_logits = (jax.nn.softmax(logits) - chosen) / len(labels)
    d_hidden = d_logits @ weights["output"]
    # a dropped unit is 0, as one that ReLU cuts off: one comparison serves both
    d_hidden = jnp.where(hidden > 0, d_hidden * (1 / (1 - recipe.dropout_rate)), 0)
    halves = {"upper": images[:, :HALF], "lower": images[:, HALF:]}
    gradients = {name: half.T @ d_hidden for name, half in halves.items()}
    gradients["output"] = d_logits.T @ hidden
    if recipe.bias:
        gradients |= {"hidden_bias": d_hidden.sum(axis=0), "output_bias": d_logits.sum(axis=0)}
    return adam(recipe, state._replace(lanes=lanes), gradients), sums_of(losses, logits, labels)


def adam(recipe: Recipe, state: State, gradients: Weights) -> State:
    """Adam as Keras has it, see :mod:`likeforlike.models.contract.training.trainer`."""
    step = state.step + 1
    power = step.astype(gradients["output"].dtype)
    rate = recipe.learning_rate * jnp.sqrt(1 - recipe.beta_2**power) / (1 - recipe.beta_1**power)
    means = jax.tree.map(lambda m, g: m + (1 - recipe.beta_1) * (g - m), state.means, gradients)
    squares = jax.tree.map(lambda v, g: v + (1 - recipe.beta_2) * (g * g - v), state.squares, gradients)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + recipe.epsilon), state.weights, means, squares
    )
    return State(weights, means, squares, step, state.lanes)


def score(
    recipe: Recipe, weights: Weights, images: jax.Array, labels: jax.Array, lanes: jax.Array | None
) -> jax.Array:
    """Sums of losses and right answers."""
    logits = logits_of(recipe, weights, images, lanes)
    return sums_of(losses_of(logits, labels)[0], logits, labels)


def logits_of(recipe: Recipe, weights: Weights, images: jax.Array, lanes: jax.Array | None) -> jax.Array:
    """Logits [n, 10]; dropout from ``lanes``, or none."""
    kept = None if lanes is None else kept_units(recipe, xorshift(lanes))
    return output_layer(weights, hidden_layer(recipe, weights, images, kept))


def hidden_layer(recipe: Recipe, weights: Weights, images: jax.Array, kept: jax.Array | None) -> jax.Array:
    """ReLU units after dropout [n, 512]."""
    sums = images[:, :HALF] @ weights["upper"] + images[:, HALF:] @ weights["lower"]
    units = jax.nn.relu(sums + weights.get("hidden_bias", 0))
    return units if kept is None else jnp.where(kept, units * (1 / (1 - recipe.dropout_rate)), 0)


def output_layer(weights: Weights, hidden: jax.Array) -> jax.Array:
    """Logits [n, 10]."""
    return hidden @ weights["output"].T + weights.get("output_bias", 0)


def losses_of(logits: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Each sample's loss, and the labels as one-hot rows; no gather, which XLA does one by one."""
    chosen = (labels[:, None] == jnp.arange(logits.shape[1])).astype(logits.dtype)
    return jax.nn.logsumexp(logits, axis=1) - (logits * chosen).sum(axis=1), chosen


def sums_of(losses: jax.Array, logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Sum of losses and number of right answers, [2]."""
    right = (logits.argmax(axis=1) == labels).sum().astype(losses.dtype)
    return jnp.stack([losses.sum(), right])


def xorshift(lanes: jax.Array) -> jax.Array:
    """Every generator one step on."""
    lanes ^= lanes << 13
    lanes ^= lanes >> 17
    return lanes ^ (lanes << 5)


def kept_units(recipe: Recipe, lanes: jax.Array) -> jax.Array:
    """Which units dropout keeps, bool [n, 512]."""
    low = jnp.asarray(threshold(recipe.dropout_rate), jnp.uint32)
    return jnp.concatenate([(lanes & 0xFFFF) >= low, (lanes >> 16) >= low], axis=1)


def place(device: str) -> jax.Device:
    """JAX's device for ``cpu:0`` or ``gpu:0``. Raises ValueError if it has no such device."""
    kind, _, index = device.partition(":")
    try:
        return jax.devices("cuda" if kind == "gpu" else kind)[int(index or 0)]
    except (IndexError, RuntimeError):
        raise ValueError(f"JAX sees no device {device}") from None


def _refuse(run: Run) -> None:
    recipe = run.recipe
    if recipe.execution not in ("default", "xla"):
        raise RecipeRefused("jax-scan", "execution", recipe.execution, "it runs as one XLA program an epoch")
    refuse_precision("jax-scan", recipe, run.device)
    refuse_changed("jax-scan", recipe, OPTIMIZING, "it takes Adam's steps at one rate")
