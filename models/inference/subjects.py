"""The networks whose inference is measured, an entry each. Imports no framework."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.inference.own.rows import Question
from likeforlike.models.kernels.precision_modes import UNIT_ROUNDOFF
from likeforlike.models.tasks.oracle.network import Oracle, vectors_drawn

Named = Mapping[str, np.ndarray]
_DEVIATIONS = 4.0


@dataclass(frozen=True)
class Subject:
    """A task's network, as inference needs it."""

    oracle: str
    """``module:attribute`` of its :class:`~likeforlike.models.tasks.oracle.network.Oracle`."""
    networks: str
    """The package that holds the network for each family: ``with_keras``, ``with_torch``, ``with_jax``."""
    flop: float
    """Operations of products and convolutions for one input, two for each product of two numbers."""
    longest_sum: int
    """Terms of the longest sum on the way from an input to its logits."""
    roundings: int
    """Operations on that way, each of whose results is rounded."""
    between: int
    """Numbers that one input needs at most, from there to logits, all kept: for the memory of the proof."""

    def network(self, family: str) -> Network:
        """The network in one framework's terms; imports that framework."""
        return _attribute(f"{self.networks}.with_{family}:NETWORK")

    def weights(self) -> dict[str, np.ndarray]:
        """By canonical name, float32: what the task starts from, biases and scales moved by up to 0.1.

        A bias of 0 that is forgotten would not be missed.
        """
        return vectors_drawn(self._oracle.initial(MATCHED).named())

    def logits(self, weights: Named, inputs: np.ndarray) -> np.ndarray:
        """NumPy's logits [n, ..., classes], in the precision of the weights."""
        return self._oracle.dropped_logits(dict(weights), inputs, None)

    @property
    def _oracle(self) -> Oracle:
        return _attribute(self.oracle)


_TASKS = "likeforlike.models.tasks"
_BLOCK = 28 * 64 * (4 * 64 + 2 * 28 + 2 * 256)
"""Products of two numbers in a block of the transformer: projections, scores and values, the dense layers."""

SUBJECTS: Mapping[str, Subject] = {
    "mlp": Subject(
        oracle=f"{_TASKS}.mlp.loops.numpy_loop:ORACLE",
        networks=f"{_TASKS}.mlp.networks",
        flop=2.0 * (784 * 512 + 512 * 10),
        longest_sum=784,
        roundings=4,  # two layers: the product, the bias added
        between=784 + 2 * 512 + 10,
    ),
    "convnet": Subject(
        oracle=f"{_TASKS}.convnet.oracle:ORACLE",
        networks=f"{_TASKS}.convnet",
        flop=2.0 * (784 * 9 * 16 + 196 * 9 * 16 * 32 + 1568 * 64 + 64 * 10),
        longest_sum=1568,
        roundings=8,  # four layers
        between=784 * (10 + 2 * 16) + 196 * (9 * 16 + 3 * 32) + 2 * 1568,
    ),
    "transformer": Subject(
        oracle=f"{_TASKS}.transformer.oracle:ORACLE",
        networks=f"{_TASKS}.transformer",
        flop=2.0 * (28 * 28 * 64 + 2 * _BLOCK + 64 * 10),
        longest_sum=256,
        # the mean, a normalisation of 4, the last layer of 2. The 51 before them are each row's own: the mean
        # of 28 rows, nearly as large as one (0.95 here), has a 28th of their squares, as much as 2
        roundings=9,
        between=28 * 64 * 60 + 2 * (3 * 4 * 28 * 28 + 4 * 28 * 256),
    ),
}


def tolerance_of(subject: Subject, dtype: str) -> float:
    """The largest honest error of a network's logits for one input, relative to their norm.

    A result rounded to unit roundoff u is off by u / √3 of itself in the root mean square, with a random
    sign; of a layer's outputs together that is so much of their norm, and further layers, whose weights have
    random signs, hand on norms as they are. So R roundings one after the other make u √(R / 3). A sum of n
    terms of random sign, added one by one in float32 at least, has n / 2 roundings of partial sums, which
    grow from 0 to the sum. Four such deviations, and for float64 twice that: the reference has them too.
    """
    adding = min(UNIT_ROUNDOFF["float32"], UNIT_ROUNDOFF[dtype])
    squares = subject.roundings * (UNIT_ROUNDOFF[dtype] ** 2 + subject.longest_sum / 2 * adding**2)
    return _DEVIATIONS * math.sqrt(squares / 3)


@cache
def weight_names(network: str) -> tuple[str, ...]:
    """The canonical names of a network's weights, in the order of a problem's operands."""
    return tuple(SUBJECTS[network].weights())


@cache
def weight_count(network: str) -> int:
    """How many numbers they are."""
    return sum(math.prod(array.shape) for array in SUBJECTS[network].weights().values())


def network_in(problem: Problem, family: str) -> tuple[Network, Named]:
    """What a problem asks, built-in or brought, in a framework's terms, and its weights by canonical name."""
    if isinstance(problem, Question):
        return problem.network(), problem.weights
    name = problem.axes["network"]
    return SUBJECTS[name].network(family), dict(zip(weight_names(name), problem.operands[1:], strict=True))


def _attribute(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
