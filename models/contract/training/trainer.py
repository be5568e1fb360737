"""The contract between the harness and a trainer.

A trainer's factory is called once in the worker, ``factory(run) -> Trainer``, and raises
``contract.training.recipe.RecipeRefused`` for a field of the recipe that it can't honour.

What every trainer of a built-in task computes, whatever the network:

- Loss: crossentropy of the softmax, taken from the logits (``logsumexp(z) - z[label]``), mean over a
  batch. Keras does the same behind the scenes for a softmax layer; clipping probabilities is another loss.
- Dropout: inverted. A unit is kept with probability 1 - rate and then scaled by 1 / (1 - rate).
- Adam as Keras has it (Kingma and Ba 2014, end of section 2): ``m += (1 - b1)(g - m)``,
  ``v += (1 - b2)(g^2 - v)``, ``w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)``. Epsilon
  meets the uncorrected ``v``; PyTorch and Optax add it to the corrected one, which is another epsilon.
  The other optimizers, clipping and schedules: :mod:`likeforlike.models.loops.parts.optimizers`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets on the host, one a row; called images and labels after the first of them.

    Fashion-MNIST: images of 784 pixels in [0, 1] as float32, labels 0 to 9 as int32.
    """

    name: str
    source: str
    train_images: np.ndarray
    train_labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray


class Weights(Protocol):
    """A network's weights on the host."""

    def named(self) -> dict[str, np.ndarray]:
        """The arrays by canonical name, in a fixed order."""
        ...


@dataclass(frozen=True)
class Parameters:
    """Weights of 784-512-10 on the host, [784, 512] and [512, 10]; biases None where the recipe has none."""

    hidden_kernel: np.ndarray
    hidden_bias: np.ndarray | None
    output_kernel: np.ndarray
    output_bias: np.ndarray | None

    def named(self) -> dict[str, np.ndarray]:
        """The arrays that are there, by field name, in the order of the fields."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: array for name, array in pairs if array is not None}

    @classmethod
    def of(cls, named: Mapping[str, np.ndarray]) -> Parameters:
        """The reverse of :meth:`named`; a bias that is not there is None."""
        return cls(
            np.asarray(named["hidden_kernel"]),
            np.asarray(named["hidden_bias"]) if "hidden_bias" in named else None,
            np.asarray(named["output_kernel"]),
            np.asarray(named["output_bias"]) if "output_bias" in named else None,
        )


@dataclass(frozen=True)
class Epoch:
    """What one epoch yielded. Times are of that epoch alone; waiting for a turn is in none of them."""

    epoch: int
    """Counted from 1."""
    train_seconds: float
    evaluation_seconds: float
    logging_seconds: float
    loss: float | None
    """Mean over the epoch's training samples, dropout on, each taken before its batch's update.

    None, like the other three, where nothing is trained (a floor).
    """
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None


Score = tuple[float, float | None]
"""Mean loss and accuracy over samples; no accuracy where the targets are no class numbers."""

Between = Callable[[Epoch], bool]
"""Called after each epoch; returns when the trainer may go on, with False when it must stop."""


@dataclass(frozen=True)
class Run:
    """Everything a trainer is given; two trainers given the same run start from the same weights."""

    recipe: Recipe
    data: Dataset
    initial: Any
    """:class:`Weights`: those of 784-512-10 are :class:`Parameters`, any other network's ``NamedWeights``."""
    device: str
    """The device as the worker sees it: ``cpu:0``, ``cpu:1`` or ``gpu:0``."""
    log_dir: Path | None = None
    """Event files go to ``train`` and ``validation`` below it, if the recipe logs."""
    clock: Callable[[], float] = time.perf_counter
    network: Network | None = None
    """What a loop trains; None for a trainer that brings its own."""

    def __post_init__(self) -> None:
        """Raises ValueError for a recipe that leaves no batch to train on."""
        samples = len(self.data.train_images)
        if self.recipe.steps(samples) == 0:
            raise ValueError(
                f"recipe {self.recipe.name}: batch_size={self.recipe.batch_size}, "
                f"remainder={self.recipe.remainder!r} leave no batch of {samples} images"
            )


class Trainer(Protocol):
    """One way to train the network.

    A trainer should offer ``steps_taken() -> int`` besides: its optimizer's own count of steps since it was
    made, best the count that its update reads. After each epoch it is held against the recipe; without it
    timed epochs are reported as *not proven*.
    """

    @property
    def terms(self) -> Mapping[str, object]:
        """What the trainer resolved by itself and a reader should know: execution, jit_compile, ..."""
        ...

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs, calling ``between`` after each; stop early when it says False."""
        ...

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, classes] of inputs [n, ...], by the current weights, which it leaves alone.

        With ``training``, dropout is on; without, it is on only if the recipe leaves it on at
        evaluation. Evaluation computes the same.
        """
        ...

    def parameters(self) -> Weights:
        """The current weights, copied to the host, under the names of the starting ones."""
        ...


class Phases:
    """Seconds of one epoch, apart: train, evaluation, logging."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds = {"train": 0.0, "evaluation": 0.0, "logging": 0.0}

    def epoch(self, number: int, training: Score | None, validation: Score | None) -> Epoch:
        """The epoch with these seconds; a score is (mean loss, accuracy)."""
        loss, accuracy = training or (None, None)
        val_loss, val_accuracy = validation or (None, None)
        seconds = self.seconds
        return Epoch(
            number,
            seconds["train"],
            seconds["evaluation"],
            seconds["logging"],
            loss,
            accuracy,
            val_loss,
            val_accuracy,
        )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of the block to one phase; the block ends synchronised with the device."""
        start = self.clock()
        yield
        self.seconds[name] += self.clock() - start
