"""The reference of an update against hand-made numbers, PyTorch's optimizers and Keras's schedule."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.loops.parts.optimizers import UpdateState, clipped, learning_rates, update

STEPS = 12


def trained(recipe: Recipe) -> dict[str, np.ndarray]:
    """The weights after the same pulls for every optimizer; a bowl, steeper along some axes."""
    weights, state = start(), UpdateState()
    for step in range(STEPS):
        gradients = {name: pull(name, array, step) for name, array in weights.items()}
        weights, state = update(recipe, STEPS, weights, gradients, state)
    assert state.steps == STEPS
    return weights


def start() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    return {"kernel": draw.normal(size=(4, 3)), "bias": draw.normal(size=3)}


def pull(name: str, weights: np.ndarray, step: int) -> np.ndarray:
    noise = np.random.default_rng([step, len(name)]).normal(size=weights.shape)
    return 2.0 * weights + noise


def by_torch(recipe: Recipe) -> dict[str, np.ndarray]:
    """PyTorch's own optimizers, at a rate that stays."""
    torch = pytest.importorskip("torch")
    parameters = {name: torch.nn.Parameter(torch.tensor(array)) for name, array in start().items()}
    made = {
        "sgd": lambda: torch.optim.SGD(parameters.values(), recipe.learning_rate, recipe.momentum),
        "adam": lambda: torch.optim.Adam(parameters.values(), recipe.learning_rate),
        "adamw": lambda: torch.optim.AdamW(
            parameters.values(), recipe.learning_rate, weight_decay=recipe.weight_decay
        ),
    }[recipe.optimizer]()
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(pull(name, parameter.detach().numpy(), step))
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), recipe.clip_norm)
        for group in made.param_groups:
            if "eps" in group:
                group["eps"] = recipe.epsilon / math.sqrt(1 - recipe.beta_2 ** (step + 1))
        made.step()
    return {name: parameter.detach().numpy() for name, parameter in parameters.items()}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clip_norm": 1.0},
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "sgd", "momentum": 0.9, "clip_norm": 0.5},
    ],
    ids=str,
)
def test_updates_are_those_of_pytorch_where_both_mean_the_same(changes):
    recipe = replace(MATCHED, learning_rate=0.05, **changes)
    mine, theirs = trained(recipe), by_torch(recipe)
    for name, array in mine.items():  # its clipping adds 1e-6 to the norm
        np.testing.assert_allclose(array, theirs[name], rtol=2e-5 if recipe.clip_norm else 1e-12)


def test_two_steps_of_sgd_by_hand():
    """v1 = -0.1 * 2 = -0.2; w1 = 0.8; v2 = 0.5 * -0.2 - 0.1 * 4 = -0.5; w2 = 0.3."""
    recipe = Recipe("hand", optimizer="sgd", momentum=0.5, learning_rate=0.1)
    weights, state = update(recipe, 2, {"w": np.array([1.0])}, {"w": np.array([2.0])}, UpdateState())
    np.testing.assert_allclose(weights["w"], [0.8])
    weights, state = update(recipe, 2, weights, {"w": np.array([4.0])}, state)
    np.testing.assert_allclose(weights["w"], [0.3])


def test_momentum_keeps_the_rate_that_a_pull_had():
    """Keras's way: half the rate in the second step leaves the velocity of the first as it is."""
    recipe = Recipe("hand", optimizer="sgd", momentum=1 / 2, learning_rate=0.1, schedule="cosine")
    weights, state = update(recipe, 2, {"w": np.array([1.0])}, {"w": np.array([2.0])}, UpdateState())
    weights, _ = update(recipe, 2, weights, {"w": np.array([4.0])}, state)
    np.testing.assert_allclose(weights["w"], [0.8 + 0.5 * -0.2 - 0.05 * 4.0])


def test_the_norm_is_over_all_gradients_together():
    gradients = {"kernel": np.array([3.0, 0.0]), "bias": np.array([4.0])}
    found = clipped(gradients, 1.0)
    np.testing.assert_allclose(found["kernel"], [0.6, 0.0])
    np.testing.assert_allclose(found["bias"], [0.8])
    assert all((clipped(gradients, clip)[n] == g).all() for clip in (None, 5.0) for n, g in gradients.items())


def test_rates_rise_in_a_line_and_fall_as_a_cosine():
    recipe = Recipe("hand", learning_rate=1.0, schedule="cosine", warmup_steps=2)
    np.testing.assert_allclose(
        learning_rates(recipe, 6), [0.0, 0.5, 1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]
    )
    np.testing.assert_allclose(learning_rates(recipe, 6, 3, 2), learning_rates(recipe, 6)[3:5])
    np.testing.assert_allclose(learning_rates(replace(recipe, schedule="constant"), 4), [0.0, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(learning_rates(replace(recipe, warmup_steps=0), 2), [1.0, 0.5])
    np.testing.assert_allclose(learning_rates(replace(recipe, warmup_steps=9), 3), [0.0, 1 / 9, 2 / 9])


def test_the_decay_is_taken_off_before_adam_s_step():
    recipe = Recipe("hand", optimizer="adamw", weight_decay=0.5, learning_rate=0.1, epsilon=1e-12)
    weights, _ = update(recipe, 1, {"w": np.array([2.0])}, {"w": np.array([3.0])}, UpdateState())
    np.testing.assert_allclose(weights["w"], [2.0 * 0.95 - 0.1])  # a first step of Adam has the rate's length
