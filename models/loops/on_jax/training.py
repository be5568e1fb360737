"""One step and one evaluation of a network of JAX, as functions of arrays that a loop compiles its way."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.loops.on_jax.network import Arrays, JaxNetwork
from likeforlike.models.loops.parts.optimizers import adam_rates, learning_rates


class State(NamedTuple):
    """What a step changes; all of it stays on the device."""

    weights: Arrays
    state: Arrays
    """Of the network, moved by no gradient."""
    first: Arrays
    """Adam's means of the gradients, the velocities of sgd."""
    second: Arrays
    """Adam's means of their squares; empty for sgd."""
    step: jax.Array
    sums: jax.Array
    """Of losses and right answers since the epoch began, [2]."""


def start_state(network: JaxNetwork, recipe: Recipe) -> State:
    """Before the first step."""

    def zeros() -> Arrays:
        return {name: jnp.zeros_like(weight) for name, weight in network.weights.items()}

    second = {} if recipe.optimizer == "sgd" else zeros()
    sums, step = jnp.zeros(2, network.loss_dtype), jnp.zeros((), jnp.int32)
    # copies, which a loop may donate
    weights, state = jax.tree.map(jnp.copy, (network.weights, network.state))
    return jax.device_put(State(weights, state, zeros(), second, step, sums), network.device)


def train_step(
    network: JaxNetwork, state: State, key: jax.Array, inputs: jax.Array, targets: jax.Array, rates: jax.Array
) -> State:
    """One batch: forward, backward, update. ``rates`` [2]: see :func:`step_rates`."""
    own_key = jax.random.fold_in(key, state.step)

    def mean_loss(weights: Arrays) -> tuple[jax.Array, tuple[jax.Array, Arrays]]:
        outputs, after = network.outputs(weights, state.state, inputs, True, own_key)
        losses = network.losses(targets, outputs)
        return losses.mean(), (network.sums(losses, targets, outputs), after)

    gradients, (sums, after) = jax.grad(mean_loss, has_aux=True)(state.weights)
    moved = updated(network.run.recipe, state, gradients, rates)
    return moved._replace(state=after, step=state.step + 1, sums=state.sums + sums)


def updated(recipe: Recipe, state: State, gradients: Arrays, rates: jax.Array) -> State:
    """The step of the recipe's optimizer, by the formulas of ``models.loops.parts.optimizers``."""
    if recipe.clip_norm is not None:
        squares = sum(jnp.square(gradient).sum() for gradient in gradients.values())
        scale = recipe.clip_norm / jnp.maximum(jnp.sqrt(squares), recipe.clip_norm)
        gradients = {name: gradient * scale for name, gradient in gradients.items()}
    weights: Arrays = {}
    first: Arrays = {}
    second: Arrays = {}
    for name, gradient in gradients.items():
        weight = state.weights[name]
        rate, corrected = rates.astype(weight.dtype)
        if recipe.optimizer == "sgd":
            first[name] = recipe.momentum * state.first[name] - rate * gradient
            weights[name] = weight + first[name]
            continue
        mean, square = state.first[name], state.second[name]
        mean += (1 - recipe.beta_1) * (gradient - mean)
        square += (1 - recipe.beta_2) * (gradient * gradient - square)
        if recipe.optimizer == "adamw":
            weight = weight * (1 - rate * recipe.weight_decay)
        weights[name] = weight - corrected * mean / (jnp.sqrt(square) + recipe.epsilon)
        first[name], second[name] = mean, square
    return state._replace(weights=weights, first=first, second=second)


def step_rates(recipe: Recipe, samples: int, first: int, dtype: np.dtype) -> np.ndarray:
    """For each step of an epoch the rate, and the rate with Adam's corrections in it; [steps, 2].

    ``first``: steps taken before the epoch.
    """
    rates = learning_rates(recipe, recipe.total_steps(samples), first, recipe.steps(samples))
    return np.stack([rates, adam_rates(recipe, rates, first)], axis=1).astype(dtype)


def evaluation_sums(
    network: JaxNetwork,
    weights: Arrays,
    state: Arrays,
    key: jax.Array,
    inputs: jax.Array,
    targets: jax.Array,
) -> jax.Array:
    """Sums of losses and right answers of some samples, [2]."""
    outputs, _ = network.outputs(weights, state, inputs, False, key)
    return network.sums(network.losses(targets, outputs), targets, outputs)
