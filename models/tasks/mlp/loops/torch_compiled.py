"""PyTorch at its best: data resident, gradients by hand, each step one function of ``torch.compile``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from likeforlike.models.contract.training.recipe import OPTIMIZING, Recipe, refuse_changed
from likeforlike.models.contract.training.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.on_torch.network import place, refuse, score
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.tasks.mlp.dropout_bits import threshold

Tensors = list[torch.Tensor]
"""Kernel, bias, kernel, bias; or the two kernels alone."""


class TorchCompiled:
    """One permutation, one gather and one read an epoch; a smaller last batch is compiled apart."""

    name = "torch-compiled"

    def __init__(self, run: Run) -> None:
        self.run = run
        refuse(self.name, run, ("graph",), ("float32", "float64", "tf32"))
        refuse_changed(self.name, run.recipe, OPTIMIZING, "it takes Adam's steps at one rate")
        recipe, data = run.recipe, run.data
        self.device, self.dtype = place(run)
        # means that fade to denormals slow a step fourfold; TensorFlow flushes them too
        torch.set_flush_denormal(True)
        options: dict[str, Any] = {"device": self.device, "dtype": self.dtype}
        self.weights = [torch.tensor(array, **options) for array in run.initial.named().values()]
        self.means = [torch.zeros_like(weight) for weight in self.weights]
        self.squares = [torch.zeros_like(weight) for weight in self.weights]
        self.images = torch.tensor(data.train_images, **options)
        # a fresh buffer each epoch would cost as much in page faults as the gather itself
        self.shuffled = torch.empty_like(self.images)
        self.labels = torch.tensor(data.train_labels, dtype=torch.int64, device=self.device)
        self.validation_images = torch.tensor(data.validation_images, **options)
        self.validation_labels = torch.tensor(data.validation_labels, dtype=torch.int64, device=self.device)
        self.random = torch.Generator(self.device).manual_seed(recipe.seed)
        self.steps = 0
        torch.compiler.reset()  # after eight recompilations for other recipes it would run eagerly, unasked
        self.step = torch.compile(train_step, dynamic=False)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        recipe = self.run.recipe
        return {
            "execution": "graph",
            "jit_compile": "torch.compile",
            "steps_per_execution": 1,
            "optimizer": "Adam by hand, fused by torch.compile",
            "gradients": "by hand",
            "shuffle": "one permutation an epoch" if recipe.shuffle == "every-epoch" else "none",
            "dropout": "16 random bits a unit, Tensor.random_" if recipe.dropout_rate else "none",
            "residence": "on the device, gathered once an epoch",
            "remainder": recipe.remainder,
            "validation_batch_size": len(self.validation_labels),
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training images; the sums stay on the device until the end."""
        recipe, samples = self.run.recipe, len(self.labels)
        images, labels = self.images, self.labels
        if recipe.shuffle == "every-epoch":
            order = torch.randperm(samples, generator=self.random, device=self.device)
            images = torch.index_select(images, 0, order, out=self.shuffled)
            labels = labels[order]
        used = recipe.steps(samples) * recipe.batch_size if recipe.remainder == "drop" else samples
        total = torch.zeros(2, dtype=self.dtype, device=self.device)
        rates = torch.tensor(self._rates(recipe.steps(samples)), dtype=self.dtype, device=self.device)
        kept = kept_units(recipe, used, self.random)
        size, batches = recipe.batch_size, [images[:used], labels[:used], kept]
        parts = zip(*(tensor.split(size) for tensor in batches), rates.split(1), strict=True)
        with torch.no_grad():
            for batch, classes, keep, rate in parts:
                self.step(recipe, self.weights, self.means, self.squares, batch, classes, keep, rate, total)
        return score(total, used)

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        labels = self.validation_labels
        with torch.no_grad():
            logits = self._logits(self.validation_images, training=False)
            loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
            right = (logits.argmax(dim=1) == labels).sum()
        return score(torch.stack([loss, right.to(self.dtype)]), len(labels))

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10]."""
        with torch.no_grad():
            batch = torch.as_tensor(images, dtype=self.dtype, device=self.device)
            return torch.softmax(self._logits(batch, training), dim=1).cpu().numpy()

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        arrays = (weight.cpu().numpy().copy() for weight in self.weights)
        return Parameters.of(dict(zip(self.run.initial.named(), arrays, strict=True)))

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.steps

    def _logits(self, images: torch.Tensor, training: bool) -> torch.Tensor:
        recipe = self.run.recipe
        kept = None
        if recipe.dropout_rate and (training or recipe.dropout_at_evaluation):
            kept = kept_units(recipe, len(images), self.random)
        return network(recipe, self.weights, images, kept)[1]

    def _rates(self, steps: int) -> list[float]:
        """Adam's step sizes of the epoch with both bias corrections (see ``contract.training.trainer``)."""
        recipe, first = self.run.recipe, self.steps + 1
        self.steps += steps
        roots = ((math.sqrt(1 - recipe.beta_2**t), 1 - recipe.beta_1**t) for t in range(first, first + steps))
        return [recipe.learning_rate * root / correction for root, correction in roots]


def kept_units(recipe: Recipe, samples: int, random: torch.Generator) -> torch.Tensor:
    """Which hidden units dropout keeps, from 16 random bits each: bool [n, 512]; empty without dropout."""
    if recipe.dropout_rate == 0:
        return torch.empty(samples, 0, dtype=torch.bool, device=random.device)
    words = torch.empty(samples, 128, dtype=torch.int64, device=random.device)
    words.random_(-(2**63), None, generator=random)
    # signed halves: the threshold moves with them
    return words.view(torch.int16) >= threshold(recipe.dropout_rate) - 2**15


def network(
    recipe: Recipe, weights: Tensors, images: torch.Tensor, kept: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden units after dropout [n, 512] and logits [n, 10]."""
    # no addmm: its copy of the bias costs more than the sum, which is fused into what follows
    sums = images @ weights[0]
    hidden = torch.relu(sums + weights[1] if recipe.bias else sums)
    if kept is not None:
        hidden = torch.where(kept, hidden * (1 / (1 - recipe.dropout_rate)), 0.0)
    logits = hidden @ weights[2] + weights[3] if recipe.bias else hidden @ weights[1]
    return hidden, logits


def train_step(
    recipe: Recipe,
    weights: Tensors,
    means: Tensors,
    squares: Tensors,
    images: torch.Tensor,
    labels: torch.Tensor,
    kept: torch.Tensor,
    rate: torch.Tensor,
    total: torch.Tensor,
) -> None:
    """One batch: forward, backward by hand, Adam; changes weights, Adam's state and the sums in place."""
    drops = recipe.dropout_rate > 0
    hidden, logits = network(recipe, weights, images, kept if drops else None)
    log_sum = torch.logsumexp(logits, dim=1, keepdim=True)
    chosen = (labels[:, None] == torch.arange(10, device=labels.device)).to(logits.dtype)
    d_logits = (torch.exp(logits - log_sum) - chosen) / len(labels)
    d_hidden = d_logits @ weights[2 if recipe.bias else 1].T
    # a unit that was dropped is 0 as well, so that of the mask the scaling alone is left
    d_hidden = torch.where(hidden > 0, d_hidden * (1 / (1 - recipe.dropout_rate)), 0.0)
    gradients = [images.T @ d_hidden, hidden.T @ d_logits]
    if recipe.bias:
        gradients = [gradients[0], d_hidden.sum(0), gradients[1], d_logits.sum(0)]
    right = (logits.argmax(dim=1) == labels).sum().to(logits.dtype)
    total += torch.stack([(log_sum[:, 0] - (logits * chosen).sum(1)).sum(), right])
    for weight, mean, square, gradient in zip(weights, means, squares, gradients, strict=True):
        mean += (1 - recipe.beta_1) * (gradient - mean)
        square += (1 - recipe.beta_2) * (gradient * gradient - square)
        weight -= rate * mean / (square.sqrt() + recipe.epsilon)
