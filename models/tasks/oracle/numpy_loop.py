"""A network in plain NumPy under training: batches and updates. In float64 the oracle of a proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Between, Run, Score, Weights
from likeforlike.models.loops.parts.epoch_loop import run_epochs
from likeforlike.models.loops.parts.optimizers import adam_rates, clipped, learning_rates
from likeforlike.models.tasks.oracle.arithmetic import Arrays, in_precision, score_sums, softmax
from likeforlike.models.tasks.oracle.network import Oracle

_WORDS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}


class Update:
    """A recipe's optimizer in place, by the formulas of :mod:`likeforlike.models.loops.parts.optimizers`."""

    def __init__(self, recipe: Recipe, weights: Mapping[str, np.ndarray], total: int) -> None:
        self.recipe, self.total = recipe, total
        self.step = 0
        self.means = {name: np.zeros_like(array) for name, array in weights.items()}
        self.squares = {name: np.zeros_like(array) for name, array in weights.items()}

    def update(self, weights: Arrays, gradients: Arrays) -> None:
        """One step, changing ``weights``; ``gradients`` is used up."""
        rates = learning_rates(self.recipe, self.total, self.step, 1)
        gradients = clipped(gradients, self.recipe.clip_norm)
        if self.recipe.optimizer == "sgd":
            self._descend(weights, gradients, float(rates[0]))
        else:
            for name in weights if self.recipe.weight_decay else ():
                weights[name] *= float(1 - rates[0] * self.recipe.weight_decay)
            self._adam(weights, gradients, float(adam_rates(self.recipe, rates, self.step)[0]))
        self.step += 1

    def _descend(self, weights: Arrays, gradients: Arrays, rate: float) -> None:
        for name, gradient in gradients.items():
            velocity = self.means[name]
            velocity *= self.recipe.momentum
            gradient *= rate
            velocity -= gradient
            weights[name] += velocity

    def _adam(self, weights: Arrays, gradients: Arrays, rate: float) -> None:
        recipe = self.recipe
        for name, gradient in gradients.items():
            mean, square = self.means[name], self.squares[name]
            mean *= recipe.beta_1
            mean += (1 - recipe.beta_1) * gradient
            gradient *= gradient
            square *= recipe.beta_2
            square += (1 - recipe.beta_2) * gradient
            change = np.sqrt(square, out=gradient)
            change += recipe.epsilon
            np.divide(mean, change, out=change)
            change *= rate
            weights[name] -= change


class OracleLoop:
    """A plain loop over batches; the recipe's precision is its dtype."""

    name = "numpy-loop"

    def __init__(self, run: Run, oracle: Oracle) -> None:
        recipe = run.recipe
        _refuse(self.name, run)
        self.oracle = oracle
        self.run = run
        self.dtype = np.dtype(recipe.precision)
        self.weights = {name: array.astype(self.dtype) for name, array in run.initial.named().items()}
        self.optimizer = Update(recipe, self.weights, recipe.total_steps(len(run.data.train_labels)))
        self.generator = np.random.default_rng(recipe.seed)
        self.train_images = in_precision(run.data.train_images, self.dtype)
        self.validation_images = in_precision(run.data.validation_images, self.dtype)

    @property
    def terms(self) -> Mapping[str, object]:
        """What it resolved by itself."""
        return {
            "execution": "eager",
            "jit_compile": False,
            "steps_per_execution": 1,
            "optimizer": f"{_WORDS[self.run.recipe.optimizer]} by hand, in place",
            "gradients": "by hand",
            "shuffle": "one permutation an epoch" if self.run.recipe.shuffle == "every-epoch" else "none",
            "dropout": "numpy Generator.random, float32" if self.run.recipe.dropout_rate else "none",
            "residence": "host memory, batches gathered each step",
            "remainder": self.run.recipe.remainder,
            "validation_batch_size": len(self.run.data.validation_labels),
        }

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs."""
        run_epochs(self.run, self, between)

    def train_epoch(self) -> Score:
        """One pass over the training images."""
        loss, right, samples = 0.0, 0.0, 0
        for rows in self._batches():
            images, labels = self.train_images[rows], self.run.data.train_labels[rows]
            gradients, batch_loss, batch_right = self.oracle.gradients(
                self.weights, images, labels, self._scale(len(labels))
            )
            self.optimizer.update(self.weights, gradients)
            loss, right, samples = loss + batch_loss, right + batch_right, samples + len(labels)
        return loss / samples, right / samples

    def evaluate(self) -> Score:
        """Loss and accuracy over the validation images."""
        labels = self.run.data.validation_labels
        loss, right = score_sums(self._logits(self.validation_images, training=False), labels)
        return loss / len(labels), right / len(labels)

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, ..., classes]."""
        return softmax(self._logits(in_precision(images, self.dtype), training))

    def parameters(self) -> Weights:
        """The current weights, copied."""
        return self.oracle.wrap({name: array.copy() for name, array in self.weights.items()})

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.optimizer.step

    def _logits(self, images: np.ndarray, training: bool) -> np.ndarray:
        drop = training or self.run.recipe.dropout_at_evaluation
        scale = self._scale(len(images)) if drop else None
        return self.oracle.dropped_logits(self.weights, images, scale)

    def _batches(self) -> Iterator[np.ndarray | slice]:
        recipe, samples = self.run.recipe, len(self.train_images)
        shuffled = recipe.shuffle == "every-epoch"
        order = self.generator.permutation(samples) if shuffled else None
        for step in range(recipe.steps(samples)):
            rows = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
            yield rows if order is None else order[rows]

    def _scale(self, samples: int) -> np.ndarray | None:
        rate = self.run.recipe.dropout_rate
        return self.oracle.dropout_mask(self.generator, samples, rate, self.dtype) if rate else None


def _refuse(name: str, run: Run) -> None:
    recipe = run.recipe
    if recipe.execution not in ("default", "eager"):
        raise RecipeRefused(name, "execution", recipe.execution, "NumPy runs eagerly alone")
    if recipe.precision not in ("float32", "float64"):
        raise RecipeRefused(name, "precision", recipe.precision, "NumPy has float32 and float64")
    if run.device != "cpu:0":
        raise ValueError(f"{name} runs on cpu:0, not on {run.device}")
