"""The contract between the harness and a trainer.

A trainer's factory is called once in the worker, ``factory(run) -> Trainer``, and raises
:class:`~models.training.recipe.RecipeRefused` for a field of the recipe that it can't honour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from models.training.recipe import Recipe


@dataclass(frozen=True)
class Dataset:
    """Images of 784 pixels in [0, 1] as float32, labels 0 to 9 as int32."""

    name: str
    source: str
    train_images: np.ndarray
    train_labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray


@dataclass(frozen=True)
class Parameters:
    """The network's weights on the host, [784, 512] and [512, 10]; biases None where the recipe has none."""

    hidden_kernel: np.ndarray
    hidden_bias: np.ndarray | None
    output_kernel: np.ndarray
    output_bias: np.ndarray | None


@dataclass(frozen=True)
class Epoch:
    """What one epoch yielded. Times are of that epoch alone; waiting for a turn is in none of them."""

    epoch: int
    """Counted from 1."""
    train_seconds: float
    evaluation_seconds: float
    logging_seconds: float
    loss: float
    """Mean over the epoch's training samples, dropout on, each taken before its batch's update."""
    accuracy: float
    val_loss: float
    val_accuracy: float


Between = Callable[[Epoch], bool]
"""Called after each epoch; returns when the trainer may go on, with False when it must stop."""


@dataclass(frozen=True)
class Run:
    """Everything a trainer is given; two trainers given the same run start from the same weights."""

    recipe: Recipe
    data: Dataset
    initial: Parameters
    device: str
    """The device as the worker sees it: ``cpu:0``, ``cpu:1`` or ``gpu:0``."""
    log_dir: Path | None = None
    """Event files go to ``train`` and ``validation`` below it, if the recipe logs."""
    clock: Callable[[], float] = time.perf_counter


class Trainer(Protocol):
    """One way to train the network."""

    @property
    def terms(self) -> Mapping[str, object]:
        """What the trainer resolved by itself and a reader should know: execution, jit_compile, ..."""
        ...

    def train(self, between: Between) -> None:
        """Train for the recipe's epochs, calling ``between`` after each; stop early when it says False."""
        ...

    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities [n, 10] of images [n, 784]; with ``training``, dropout is on.

        With the current weights, which it leaves alone. Evaluation calls the same code.
        """
        ...

    def parameters(self) -> Parameters:
        """The current weights, copied to the host."""
        ...


class Phases:
    """Seconds of one epoch, apart: train, evaluation, logging."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds = {"train": 0.0, "evaluation": 0.0, "logging": 0.0}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of the block to one phase; the block ends synchronised with the device."""
        start = self.clock()
        yield
        self.seconds[name] += self.clock() - start
