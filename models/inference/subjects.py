"""The networks whose inference is measured: a line each. Imports no framework."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from likeforlike.models.contract.network import Network
from likeforlike.models.contract.recipe import MATCHED
from likeforlike.models.contract.task import Task

Named = Mapping[str, np.ndarray]
_SEED = 2020
_VECTORS = 0.1


@dataclass(frozen=True)
class Subject:
    """A task's network, as inference needs it."""

    task: str
    """``module:attribute`` of the :class:`~likeforlike.models.contract.task.Task`: its starting weights."""
    forward: str
    """``module:attribute`` of ``forward(weights, inputs)``: NumPy's logits, in the precision it is given."""
    networks: str
    """The package that holds the network for each family: ``with_keras``, ``with_torch``, ``with_jax``."""
    flop: float
    """Operations of products and convolutions for one image, two for each product of two numbers."""
    longest_sum: int
    """Terms of the longest sum on the way from an image to its logits."""
    roundings: int
    """Operations on that way, each of whose results is rounded."""
    between: int
    """Numbers that one image needs at most, from inputs to logits, all kept: for the memory of the proof."""

    def network(self, family: str) -> Network:
        """The network in one framework's terms; imports that framework."""
        return _attribute(f"{self.networks}.with_{family}:NETWORK")

    def weights(self) -> dict[str, np.ndarray]:
        """By canonical name, float32: what the task starts from, biases and scales moved by up to 0.1.

        A bias of 0 that is forgotten would not be missed.
        """
        task: Task = _attribute(self.task)
        draw = np.random.default_rng(_SEED)
        named = task.initial(MATCHED).named()
        return {
            name: array + draw.uniform(-_VECTORS, _VECTORS, array.shape).astype(np.float32)
            if array.ndim == 1
            else array
            for name, array in named.items()
        }

    def logits(self, weights: Named, images: np.ndarray) -> np.ndarray:
        """NumPy's logits [n, 10], in the precision of what it is given."""
        forward: Callable[[Any, np.ndarray], np.ndarray] = _attribute(self.forward)
        return forward(dict(weights), images)


SUBJECTS: Mapping[str, Subject] = {
    "mlp": Subject(
        task="likeforlike.models.tasks.mlp.task:MLP",
        forward="likeforlike.models.tasks.mlp.numpy_loop:inference",
        networks="likeforlike.models.tasks.mlp.networks",
        flop=2.0 * (784 * 512 + 512 * 10),
        longest_sum=784,
        roundings=4,
        between=784 + 2 * 512 + 10,
    ),
}


@cache
def weight_names(network: str) -> tuple[str, ...]:
    """The canonical names of a network's weights, in the order of a problem's operands."""
    return tuple(SUBJECTS[network].weights())


@cache
def weight_count(network: str) -> int:
    """How many numbers they are."""
    return sum(math.prod(array.shape) for array in SUBJECTS[network].weights().values())


def _attribute(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
