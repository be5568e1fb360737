"""The recipe's optimizer in PyTorch: ``torch.optim`` by Keras's formulas, and by hand to be compiled.

The formulas are those of :mod:`likeforlike.models.loops.parts.optimizers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.loops.parts.optimizers import adam_rates, learning_rates

Tensors = Sequence[torch.Tensor]


class Stepper:
    """``torch.optim``, step by step."""

    def __init__(self, recipe: Recipe, samples: int, weights: Sequence[torch.nn.Parameter]) -> None:
        """``samples``: of an epoch."""
        self.recipe, self.weights, self.steps = recipe, list(weights), 0
        self.total = recipe.total_steps(samples)
        betas = (recipe.beta_1, recipe.beta_2)
        self.optimizer: torch.optim.Optimizer
        if recipe.optimizer == "sgd":
            # PyTorch's momentum doesn't know the rate: with gradients that have it in them, it does
            self.optimizer = torch.optim.SGD(self.weights, 1.0, recipe.momentum)
        elif recipe.optimizer == "adamw":
            self.optimizer = torch.optim.AdamW(
                self.weights, recipe.learning_rate, betas, weight_decay=recipe.weight_decay
            )
        else:
            self.optimizer = torch.optim.Adam(self.weights, recipe.learning_rate, betas)

    @property
    def told(self) -> str:
        """What it is, in words for a trainer's terms."""
        kind = type(self.optimizer).__name__
        how = {"SGD": "the rate multiplied into the gradients"}
        return f"torch.optim.{kind}, {how.get(kind, 'eps set each step to meet the uncorrected variance')}"

    def step(self) -> None:
        """One step by the gradients that the weights have."""
        recipe = self.recipe
        (rate,) = learning_rates(recipe, self.total, self.steps, 1)
        self.steps += 1
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        if recipe.clip_norm is not None:
            # torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm
            norm = torch.nn.utils.get_total_norm(gradients)
            torch._foreach_mul_(gradients, recipe.clip_norm / norm.clamp(min=recipe.clip_norm))
        if recipe.optimizer == "sgd":
            torch._foreach_mul_(gradients, float(rate))
        else:
            # PyTorch adds eps to the corrected root, sqrt(v / (1 - b2^t))
            epsilon = recipe.epsilon / math.sqrt(1 - recipe.beta_2**self.steps)
            for group in self.optimizer.param_groups:
                group.update(lr=float(rate), eps=epsilon)
        self.optimizer.step()

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count where it keeps one: each weight's of its gradients."""
        states: list[dict[str, Any]] = list(self.optimizer.state.values())
        return max((int(state["step"]) for state in states if "step" in state), default=self.steps)


def zeros(recipe: Recipe, weights: Tensors) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What the update by hand remembers: means or velocities, and squares (none for sgd)."""
    first = [torch.zeros_like(weight) for weight in weights]
    return first, [] if recipe.optimizer == "sgd" else [torch.zeros_like(weight) for weight in weights]


def step_rates(recipe: Recipe, samples: int, first: int) -> torch.Tensor:
    """For each step of an epoch the rate, and the rate with Adam's corrections in it; float64 [steps, 2].

    ``first``: steps taken before the epoch.
    """
    rates = learning_rates(recipe, recipe.total_steps(samples), first, recipe.steps(samples))
    return torch.stack([torch.from_numpy(rates), torch.from_numpy(adam_rates(recipe, rates, first))], dim=1)


def update(
    recipe: Recipe, weights: Tensors, gradients: Tensors, first: Tensors, second: Tensors, rates: torch.Tensor
) -> None:
    """One step, changing weights and what is remembered in place; ``rates`` [2], see :func:`step_rates`."""
    rate, corrected = rates[0], rates[1]
    if recipe.clip_norm is not None:
        squares = torch.stack([(gradient * gradient).sum() for gradient in gradients]).sum()
        scale = recipe.clip_norm / squares.sqrt().clamp(min=recipe.clip_norm)
        gradients = [gradient * scale for gradient in gradients]
    if recipe.optimizer == "sgd":
        for weight, speed, gradient in zip(weights, first, gradients, strict=True):
            speed.mul_(recipe.momentum).sub_(rate * gradient)
            weight.add_(speed)
        return
    for weight, mean, square, gradient in zip(weights, first, second, gradients, strict=True):
        mean += (1 - recipe.beta_1) * (gradient - mean)
        square += (1 - recipe.beta_2) * (gradient * gradient - square)
        if recipe.optimizer == "adamw":
            weight *= 1 - rate * recipe.weight_decay
        weight -= corrected * mean / (square.sqrt() + recipe.epsilon)
