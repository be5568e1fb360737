"""The float64 oracle against numerical differentiation and Adam as published; the proof against mutants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MANUAL_2020, MATCHED, Recipe
from likeforlike.models.contract.training.trainer import Dataset, Run
from likeforlike.models.tasks.mlp.counts import parameter_count
from likeforlike.models.tasks.mlp.loops.numpy_loop import NumpyLoop, gradients_of
from likeforlike.models.tasks.mlp.proof import initial_parameters, verify

EXACT = replace(MATCHED, dropout_rate=0.0, shuffle="none", precision="float64")
PARITY = replace(MATCHED, dropout_rate=0.0)
"""Proven by parity alone: a mutant must be caught by the half that it concerns."""


def images(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.random((count, 784)), draw.integers(10, size=count).astype(np.int32)


def mean_loss(weights: dict[str, np.ndarray], pixels: np.ndarray, labels: np.ndarray) -> float:
    """Crossentropy of the softmax, written from its definition."""
    hidden = np.maximum(pixels @ weights["hidden_kernel"] + weights.get("hidden_bias", 0.0), 0.0)
    logits = hidden @ weights["output_kernel"] + weights.get("output_bias", 0.0)
    powers = np.exp(logits)
    return float(-np.log(powers[np.arange(len(labels)), labels] / powers.sum(axis=1)).mean())


@pytest.mark.parametrize("bias", [True, False])
def test_gradients_by_hand_are_those_of_central_differences(bias: bool) -> None:
    pixels, labels = images(5)
    weights = {
        k: v.astype(np.float64) for k, v in initial_parameters(replace(EXACT, bias=bias)).named().items()
    }
    gradients, loss, _ = gradients_of(weights, pixels, labels, None)
    assert loss / 5 == pytest.approx(mean_loss(weights, pixels, labels), rel=1e-12)
    assert gradients.keys() == weights.keys()
    draw = np.random.default_rng(2)
    for name, array in weights.items():
        for _ in range(6):
            place = tuple(draw.integers(size) for size in array.shape)
            step = 1e-6
            losses = []
            for sign in (1, -1):
                moved = {k: v.copy() for k, v in weights.items()}
                moved[name][place] += sign * step
                losses.append(mean_loss(moved, pixels, labels))
            numerical = (losses[0] - losses[1]) / (2 * step)
            assert gradients[name][place] == pytest.approx(numerical, rel=1e-4, abs=1e-9)


def test_adam_is_keras_s_formula() -> None:
    """Three steps written out: m and v uncorrected, the correction in the rate, epsilon beside sqrt(v)."""
    pixels, labels = images(32)
    recipe = replace(EXACT, batch_size=32, epochs=3)
    data = Dataset("t", "t", pixels.astype(np.float32), labels, pixels[:4].astype(np.float32), labels[:4])
    trainer = NumpyLoop(Run(recipe, data, initial_parameters(recipe), "cpu:0"))
    trainer.train(lambda epoch: True)
    weights = {k: v.astype(np.float64) for k, v in initial_parameters(recipe).named().items()}
    m = {k: np.zeros_like(v) for k, v in weights.items()}
    v = {k: np.zeros_like(w) for k, w in weights.items()}
    for t in (1, 2, 3):
        gradients, _, _ = gradients_of(weights, data.train_images.astype(np.float64), labels, None)
        for name, g in gradients.items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            rate = 1e-3 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            weights[name] = weights[name] - rate * m[name] / (np.sqrt(v[name]) + 1e-7)
    for name, array in trainer.parameters().named().items():
        np.testing.assert_allclose(array, weights[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("bias", "count"), [(True, 407_050), (False, 406_528)])
def test_parameters_are_counted(bias: bool, count: int) -> None:
    recipe = replace(MATCHED, bias=bias)
    assert parameter_count(recipe) == count
    assert sum(array.size for array in initial_parameters(recipe).named().values()) == count


def mutant(**change: Any) -> Callable[[Run], NumpyLoop]:
    """A trainer that trains under another recipe than the one it was given."""
    return lambda run: NumpyLoop(replace(run, recipe=replace(run.recipe, **change)))


class ForgetsItsBias(NumpyLoop):
    def train_epoch(self) -> tuple[float, float]:
        kept = {k: v.copy() for k, v in self.weights.items() if k.endswith("bias")}
        answer = super().train_epoch()
        self.weights |= kept
        return answer


class DropsWithoutScaling(NumpyLoop):
    def _scale(self, samples: int) -> np.ndarray | None:
        scale = super()._scale(samples)
        return None if scale is None else (scale > 0).astype(scale.dtype)


class DropsTooMuch(NumpyLoop):
    def _scale(self, samples: int) -> np.ndarray | None:
        if self.run.recipe.dropout_rate == 0:
            return None
        return (self.generator.random((samples, 512)) >= 0.5).astype(self.dtype) * self.dtype.type(2)


class SwapsHalves(NumpyLoop):
    """Trains on the right batches in the wrong order."""

    def _batches(self) -> Any:
        batches = list(super()._batches())
        return iter(batches[1:] + batches[:1])


def test_the_oracle_s_own_code_passes() -> None:
    for recipe in (MATCHED, MANUAL_2020):
        assert verify(NumpyLoop, recipe, "cpu:0").ok


@pytest.mark.parametrize(
    ("recipe", "wrong"),
    [
        (PARITY, mutant(epsilon=1e-4)),
        (PARITY, mutant(beta_2=0.99)),
        (PARITY, mutant(learning_rate=1.01e-3)),
        (PARITY, mutant(remainder="drop")),
        (PARITY, mutant(batch_size=63)),
        (MATCHED, mutant(dropout_rate=0.0)),
        (MATCHED, mutant(dropout_at_evaluation=True)),
        (MANUAL_2020, mutant(dropout_at_evaluation=False)),
        (PARITY, ForgetsItsBias),
        (MATCHED, DropsWithoutScaling),
        (MATCHED, DropsTooMuch),
        (PARITY, SwapsHalves),
    ],
)
def test_a_mutant_does_not(recipe: Recipe, wrong: Callable[[Run], NumpyLoop]) -> None:
    assert not verify(wrong, recipe, "cpu:0").ok
