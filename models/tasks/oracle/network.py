"""A network in NumPy, and the small problems on which trainers are held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset, Weights
from likeforlike.models.tasks.oracle.arithmetic import Arrays

GATES = 10
GATE_WEIGHT = 4.0


@dataclass(frozen=True)
class Oracle:
    """One network by hand, whole in what it is given: float64 arrays make it the oracle.

    It ends in units [n, width], dropout, and a dense layer to logits; or in as many at several places.
    """

    initial: Callable[[Recipe], Weights]
    """The starting weights of a recipe, float32."""
    wrap: Callable[[Mapping[str, np.ndarray]], Weights]
    """From arrays by name to what ``initial`` returns."""
    width: int
    """Units that dropout acts on."""
    units: Callable[[Arrays, np.ndarray], np.ndarray]
    """``units(weights, inputs)``: before dropout, [n, *targets, width]."""
    logits: Callable[[Arrays, np.ndarray], np.ndarray]
    """``logits(weights, units)`` of the units after dropout, [n, *targets, classes]."""
    gradients: Callable[[Arrays, np.ndarray, np.ndarray, np.ndarray | None], tuple[Arrays, float, float]]
    """``gradients(weights, inputs, labels, scale)``: of the mean loss, with the sum of the losses and of the
    shares of right answers; ``scale`` is the dropout mask over 1 - rate, or None."""
    graded: Callable[[int], Dataset]
    """Of a batch size: some batches and a part of one, with gradients near Adam's epsilon among others."""
    proof_start: Callable[[Recipe], Weights]
    """The weights from which ``graded`` is trained on."""
    gate_input: np.ndarray
    """An input for which all units are 1 that ``gate_weights`` lead anywhere."""
    gate_weights: Callable[[Recipe], Weights]
    """Weights with which, for ``gate_input``, units 0 to 9 are 1 and lead to one class each by
    ``GATE_WEIGHT``; other units lead nowhere, and to classes beyond the tenth nothing leads."""
    kinked: tuple[str, ...] = ()
    """How names of weights begin whose units may fall on either side of ReLU's kink by rounding."""
    targets: tuple[int, ...] = ()
    """Shape of one sample's targets: none for a class, (places,) for one at each place."""
    classes: int = GATES

    def dropped_logits(self, weights: Arrays, inputs: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
        """Logits [n, *targets, classes] with that mask of dropout, or without."""
        units = self.units(weights, inputs)
        return self.logits(weights, units if scale is None else units * scale)

    def dropout_mask(
        self, random: np.random.Generator, samples: int, rate: float, dtype: np.dtype
    ) -> np.ndarray:
        """Which units are kept, over 1 - rate; [n, *targets, width]."""
        kept = random.random((samples, *self.targets, self.width), dtype=np.float32) >= rate
        return kept * dtype.type(1 / (1 - rate))


def gate_output(width: int, bias: bool, prefix: str = "output", classes: int = GATES) -> Arrays:
    """The last layer of ``gate_weights``."""
    kernel = np.zeros((width, classes), np.float32)
    kernel[np.arange(GATES), np.arange(GATES)] = GATE_WEIGHT
    arrays = {f"{prefix}_kernel": kernel}
    return arrays | {f"{prefix}_bias": np.zeros(classes, np.float32)} if bias else arrays


def graded_images(batch_size: int, grade: np.ndarray, seed: int = 7) -> Dataset:
    """Three batches and a half of uniform noise times ``grade`` [784]; labels by chance."""
    generator = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    for samples in (3 * batch_size + (batch_size + 1) // 2, batch_size + 3):
        parts.append(generator.random((samples, len(grade)), dtype=np.float32) * grade)
        parts.append(generator.integers(10, size=samples, dtype=np.int32))
    return Dataset("graded", "generated", *parts)


def vectors_drawn(weights: Arrays, seed: int = 11) -> Arrays:
    """The same weights, to which biases and scales of normalisations have up to 0.1 added or taken away."""
    generator = np.random.default_rng(seed)
    return {
        name: array + generator.uniform(-0.1, 0.1, array.shape).astype(np.float32)
        if array.ndim == 1
        else array
        for name, array in weights.items()
    }
