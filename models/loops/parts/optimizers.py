"""What an update is, in plain NumPy: rates, clipping, and one step of each optimizer. The reference of all.

Where frameworks differ the formulas are Keras's, and a trainer that uses another library's optimizer sees
to it that the same weights come out:

- Adam (Kingma and Ba 2014, end of section 2): epsilon meets the uncorrected second moment; PyTorch and
  Optax add it to the corrected one.
- AdamW (Loshchilov and Hutter 2019, algorithm 2, decay times the learning rate as Keras, PyTorch and Optax
  have it): first ``w -= rate decay w``, then Adam's step. All trained weights decay, biases too, but
  in PyTorch and on TensorFlow not those that no loss depends on.
- SGD: ``v = momentum v - rate g``, ``w += v``. PyTorch has ``v = momentum v + g``, ``w -= rate v``, which is
  the same only while the rate stays.
- Clipping by the global norm (Pascanu, Mikolov and Bengio 2013, algorithm 1), before all else:
  ``g *= clip / max(norm, clip)``; PyTorch adds 1e-6 to the norm.
- Rates: steps count from 0. ``rate = peak t / warmup`` for t < warmup, so that the first step has 0; then
  ``peak`` or ``peak (1 + cos(pi (t - warmup) / (total - warmup))) / 2`` (Loshchilov and Hutter 2017, eq. 5,
  without restarts; ``keras.optimizers.schedules.CosineDecay`` with alpha 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe

Arrays = Mapping[str, np.ndarray]


def learning_rates(recipe: Recipe, total: int, first: int = 0, count: int | None = None) -> np.ndarray:
    """The rates of ``count`` steps from step ``first``, counted from 0, float64 [count].

    ``total``: steps of the whole training (:meth:`Recipe.total_steps`); count: all that are left by default.
    """
    step = np.arange(first, total if count is None else first + count, dtype=np.float64)
    if recipe.schedule == "cosine":
        done = np.clip((step - recipe.warmup_steps) / max(1, total - recipe.warmup_steps), 0.0, 1.0)
        rates = recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * done))
    else:
        rates = np.full(len(step), recipe.learning_rate)
    if recipe.warmup_steps:
        rising = step < recipe.warmup_steps
        rates[rising] = recipe.learning_rate * step[rising] / recipe.warmup_steps
    return rates


def adam_rates(recipe: Recipe, rates: np.ndarray, first: int = 0) -> np.ndarray:
    """Rates with both bias corrections of Adam in them, ``rate sqrt(1 - b2^t) / (1 - b1^t)``, t from 1."""
    step = np.arange(first + 1, first + len(rates) + 1, dtype=np.float64)
    return rates * np.sqrt(1 - recipe.beta_2**step) / (1 - recipe.beta_1**step)


def clipped(gradients: Arrays, clip_norm: float | None) -> dict[str, np.ndarray]:
    """The gradients, scaled down so that their norm over all of them is at most ``clip_norm``."""
    if clip_norm is None:
        return dict(gradients)
    norm = np.sqrt(sum(float(np.sum(np.square(gradient))) for gradient in gradients.values()))
    scale = clip_norm / max(norm, clip_norm)
    return {name: gradient * scale for name, gradient in gradients.items()}


@dataclass(frozen=True)
class UpdateState:
    """What an optimizer remembers between two steps; nothing before the first."""

    steps: int = 0
    first: Arrays = field(default_factory=dict)
    """Adam's mean of the gradients; the velocity of sgd."""
    second: Arrays = field(default_factory=dict)
    """Adam's mean of their squares."""


def update(
    recipe: Recipe, total: int, weights: Arrays, gradients: Arrays, state: UpdateState
) -> tuple[dict[str, np.ndarray], UpdateState]:
    """The weights after one step, and what to remember; the arrays given are left as they are.

    ``gradients``: of the mean loss, for each trained weight by its name; ``total``: see
    :func:`learning_rates`.
    """
    (rate,) = learning_rates(recipe, total, state.steps, 1)
    gradients = clipped(gradients, recipe.clip_norm)
    past = {name: state.first.get(name, np.zeros_like(gradient)) for name, gradient in gradients.items()}
    if recipe.optimizer == "sgd":
        speed = {name: recipe.momentum * past[name] - rate * g for name, g in gradients.items()}
        moved = {name: weights[name] + v for name, v in speed.items()}
        return dict(weights) | moved, UpdateState(state.steps + 1, speed)
    squares = {name: state.second.get(name, np.zeros_like(gradient)) for name, gradient in gradients.items()}
    means = {n: past[n] + (1 - recipe.beta_1) * (g - past[n]) for n, g in gradients.items()}
    squares = {n: squares[n] + (1 - recipe.beta_2) * (g * g - squares[n]) for n, g in gradients.items()}
    (corrected,) = adam_rates(recipe, np.array([rate]), state.steps)
    kept = 1 - rate * recipe.weight_decay  # 1 but for adamw
    moved = {
        name: weights[name] * kept - corrected * means[name] / (np.sqrt(squares[name]) + recipe.epsilon)
        for name in gradients
    }
    return dict(weights) | moved, UpdateState(state.steps + 1, means, squares)
