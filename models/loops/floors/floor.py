"""A candidate for the floor of any network: its traced products and convolutions, timed like a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from likeforlike.models.contract.problem import Verification
from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Between, Phases, Run, Weights
from likeforlike.models.loops.floors.ways import Way, Ways

TOLERANCES = {"float32": 1e-4, "float64": 1e-10, "tf32": 1e-2, "bfloat16": 3e-2, "mixed": 3e-2}
"""Relative to the largest number of a product."""


class TracedFloor(ABC):
    """Products of a training step as a library traces them, forward and backward, over random numbers.

    No loss, no accuracy: nothing is trained. Of the recipe it takes what shapes products: batch size,
    remainder, epochs, precision. The operands of every batch are the same arrays, which may be warm in a
    processor's caches: a trainer's are not always.
    """

    name: ClassVar[str]
    library: ClassVar[str]

    def __init__(self, run: Run) -> None:
        recipe = run.recipe
        if recipe.execution != "default":
            why = "products alone have no other way to run"
            raise RecipeRefused(self.name, "execution", recipe.execution, why)
        self.run = run
        samples = len(run.data.train_labels)
        self.whole, rest = divmod(samples, recipe.batch_size)
        self.rest = rest if recipe.remainder == "keep" else 0
        self.prepare()
        self.ways = Ways(self.make_ways(), run.clock)

    @abstractmethod
    def prepare(self) -> None:
        """Build the network, refuse what can't be done, trace."""

    @abstractmethod
    def make_ways(self) -> Sequence[Way]:
        """The ways in which the library does an epoch's products."""

    @property
    @abstractmethod
    def products(self) -> Sequence[str]:
        """The products of a whole batch, in words."""

    @abstractmethod
    def flop(self, samples: int) -> float:
        """Operations of the products of one batch of so many samples, two for each product of two numbers.

        Values beyond an edge, by which a convolution multiplies nothing, are counted.
        """

    @abstractmethod
    def errors(self) -> Sequence[float]:
        """Of every product of a whole batch, relative to its largest number, against NumPy in float64."""

    @property
    def epoch_flop(self) -> float:
        """Operations of an epoch."""
        last = self.flop(self.rest) if self.rest else 0.0
        return (self.whole * self.flop(self.run.recipe.batch_size) if self.whole else 0.0) + last

    @property
    def terms(self) -> Mapping[str, object]:
        """The library, what was multiplied, and the median microseconds a batch of every way timed."""
        return {
            "execution": "products and convolutions alone",
            "library": self.library,
            **self.ways.told(self.whole + (self.rest > 0)),
            "products_per_batch": len(self.products),
            "flop_per_epoch": self.epoch_flop,
            "shuffle": "none",
            "residence": "on the device",
            "remainder": self.run.recipe.remainder,
        }

    def train(self, between: Between) -> None:
        """Multiply for the recipe's epochs; the seconds of an epoch are those of the fastest way in it."""
        for number in range(1, self.run.recipe.epochs + 1):
            phases = Phases(self.run.clock)
            phases.seconds["train"] = self.ways.turn(number)
            if not between(phases.epoch(number, None, None)):
                break

    def parameters(self) -> Weights:
        """The weights it was given: nothing learns."""
        return self.run.initial

    def prove(self) -> Verification:
        """Every product of a whole batch against NumPy in float64."""
        return Verification(max(self.errors(), default=0.0), TOLERANCES[self.run.recipe.precision])

    @abstractmethod
    def forward(self, images: np.ndarray, training: bool) -> np.ndarray:
        """Class probabilities by the weights it was given; wakes the library's threads."""


def drawn(shape: Sequence[int], number: int) -> np.ndarray:
    """Numbers between -1 and 1, float64; another draw for each ``number``."""
    return np.random.default_rng(number).uniform(-1, 1, tuple(shape))
