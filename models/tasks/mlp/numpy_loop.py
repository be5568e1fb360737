"""The network in plain NumPy: forward, backward and update by hand. In float64 it is the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from likeforlike.models.contract.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.trainer import Between, Parameters, Run, Score
from likeforlike.models.loops.epoch_loop import run_epochs
from likeforlike.models.loops.optimizers import adam_rates, clipped, learning_rates

Arrays = dict[str, np.ndarray]
_WORDS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}


def hidden_layer(weights: Arrays, images: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """ReLU units [n, 512]; ``scale`` is the dropout mask over 1 - rate, None for no dropout."""
    hidden = images @ weights["hidden_kernel"]
    if "hidden_bias" in weights:
        hidden += weights["hidden_bias"]
    np.maximum(hidden, 0, out=hidden)
    if scale is not None:
        hidden *= scale
    return hidden


def logits_of(weights: Arrays, hidden: np.ndarray) -> np.ndarray:
    """Logits [n, 10]."""
    logits = hidden @ weights["output_kernel"]
    if "output_bias" in weights:
        logits += weights["output_bias"]
    return logits


def inference(weights: Arrays, images: np.ndarray) -> np.ndarray:
    """Logits [n, 10] of images, without dropout."""
    return logits_of(weights, hidden_layer(weights, images, None))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities [n, 10]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def score_sums(logits: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """Sum of the losses and number of right answers."""
    top = logits.max(axis=1)
    losses = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(labels)), labels]
    return float(losses.sum()), int((logits.argmax(axis=1) == labels).sum())


def gradients_of(
    weights: Arrays, images: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, int]:
    """Gradients of the mean loss by the chain rule, the sum of losses and the right answers.

    d loss / d logits is (softmax - one-hot) / n; the rest is two transposed products and ReLU's mask.
    """
    hidden = hidden_layer(weights, images, scale)
    logits = logits_of(weights, hidden)
    loss, right = score_sums(logits, labels)
    d_logits = softmax(logits)
    d_logits[np.arange(len(labels)), labels] -= 1
    d_logits /= len(labels)
    d_hidden = d_logits @ weights["output_kernel"].T
    if scale is not None:
        d_hidden *= scale
    d_hidden *= hidden > 0
    gradients = {"hidden_kernel": images.T @ d_hidden, "output_kernel": hidden.T @ d_logits}
    if "hidden_bias" in weights:
        gradients |= {"hidden_bias": d_hidden.sum(axis=0), "output_bias": d_logits.sum(axis=0)}
    return gradients, loss, right


class Update:
    """A recipe's optimizer in place, by the formulas of :mod:`likeforlike.models.loops.optimizers`."""

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


class NumpyLoop:
    """A plain loop over batches; the recipe's precision is its dtype."""

    def __init__(self, run: Run) -> None:
        recipe = run.recipe
        _refuse(run)
        self.run = run
        self.dtype = np.dtype(recipe.precision)
        self.weights = {name: array.astype(self.dtype) for name, array in run.initial.named().items()}
        self.optimizer = Update(recipe, self.weights, recipe.total_steps(len(run.data.train_labels)))
        self.generator = np.random.default_rng(recipe.seed)
        self.train_images = run.data.train_images.astype(self.dtype, copy=False)
        self.validation_images = run.data.validation_images.astype(self.dtype, copy=False)

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
        loss, right, samples = 0.0, 0, 0
        for rows in self._batches():
            images, labels = self.train_images[rows], self.run.data.train_labels[rows]
            gradients, batch_loss, batch_right = gradients_of(
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
        """Class probabilities [n, 10]."""
        return softmax(self._logits(images.astype(self.dtype, copy=False), training))

    def parameters(self) -> Parameters:
        """The current weights, copied."""
        return Parameters.of({name: array.copy() for name, array in self.weights.items()})

    def steps_taken(self) -> int:
        """Steps of the optimizer, by its own count."""
        return self.optimizer.step

    def _logits(self, images: np.ndarray, training: bool) -> np.ndarray:
        drop = training or self.run.recipe.dropout_at_evaluation
        hidden = hidden_layer(self.weights, images, self._scale(len(images)) if drop else None)
        return logits_of(self.weights, hidden)

    def _batches(self) -> Iterator[np.ndarray | slice]:
        recipe, samples = self.run.recipe, len(self.train_images)
        shuffled = recipe.shuffle == "every-epoch"
        order = self.generator.permutation(samples) if shuffled else None
        for step in range(recipe.steps(samples)):
            rows = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
            yield rows if order is None else order[rows]

    def _scale(self, samples: int) -> np.ndarray | None:
        rate = self.run.recipe.dropout_rate
        if rate == 0:
            return None
        kept = self.generator.random((samples, 512), dtype=np.float32) >= rate
        return kept * self.dtype.type(1 / (1 - rate))


def _refuse(run: Run) -> None:
    recipe = run.recipe
    if recipe.execution not in ("default", "eager"):
        raise RecipeRefused("numpy-loop", "execution", recipe.execution, "NumPy runs eagerly alone")
    if recipe.precision not in ("float32", "float64"):
        raise RecipeRefused("numpy-loop", "precision", recipe.precision, "NumPy has float32 and float64")
    if run.device != "cpu:0":
        raise ValueError(f"numpy-loop runs on cpu:0, not on {run.device}")
