"""The contract between a loop and the network that it trains.

A loop says how to train, a network what is trained; every loop takes any network of its framework. What a
framework's ``build`` returns, untrained, from inputs to logits [n, classes] (or what its loss takes):

- ``keras``: a ``keras.Model``, on whichever backend Keras has loaded. TensorFlow's own loops take it, too.
- ``tensorflow``: a callable ``network(inputs, training)`` with ``trainable_variables`` and, where it has
  state that no gradient moves, ``non_trainable_variables``, both in a fixed order.
- ``torch``: an ``nn.Module``.
- ``jax``: a pair ``(init, apply)``. ``init(key)`` returns a tree of arrays; ``apply(weights, inputs,
  training, key)`` returns logits, or ``(logits, changed)``: the part of the tree that is state which no
  gradient moves (statistics of a normalisation), with its new values. What comes back there when a training
  step is traced is state, and so are arrays of integers; all else is trained. Evaluation ignores ``changed``.
  ``key`` is given in evaluation, too, for dropout that stays on.

Weights go in and out by canonical names, in one layout whatever the framework: Keras's. A dense kernel is
[inputs, outputs], a convolution's [height, width, inputs, outputs].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused

Family = Literal["keras", "tensorflow", "torch", "jax"]

SPARSE_CROSSENTROPY = "sparse-crossentropy"
"""``logsumexp(z) - z[label]`` from logits, by sample; what a loop takes where a network names no loss."""

NETWORK_FIELDS = ("bias", "dropout_rate", "dropout_at_evaluation")
"""Fields of a recipe that shape the network itself: ``build`` honours those that ``Network.takes`` names."""


@dataclass(frozen=True)
class NamedWeights:
    """A network's weights on the host, by canonical name, in a fixed order."""

    arrays: Mapping[str, np.ndarray]

    def named(self) -> dict[str, np.ndarray]:
        """The arrays by name."""
        return dict(self.arrays)


@dataclass(frozen=True)
class Match:
    """One weight under its canonical name and under its own."""

    name: str
    own: str
    """Keras: the variable's path; PyTorch: the name in ``state_dict``; TensorFlow by hand: the variable's
    name without ``:0``; JAX: the path in the tree, joined by ``/``."""
    axes: tuple[int, ...] = ()
    """The own array's axes in canonical order: ``own == np.transpose(canonical, axes)``; empty: as it is."""
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    """Where the own array has its axes split or joined as well, such as heads apart: the shape of the
    transposed canonical array, and that of the own one."""

    def to_own(self, array: np.ndarray) -> np.ndarray:
        """The canonical array as the framework lays it out."""
        if self.axes:
            array = np.ascontiguousarray(np.transpose(array, self.axes))
        return array if self.shapes is None else array.reshape(self.shapes[1])

    def to_canonical(self, array: np.ndarray) -> np.ndarray:
        """The framework's array in canonical layout."""
        if self.shapes is not None:
            array = array.reshape(self.shapes[0])
        if not self.axes:
            return array
        return np.ascontiguousarray(np.transpose(array, np.argsort(self.axes)))


@dataclass(frozen=True)
class Network:
    """What is trained, in one framework's own terms."""

    name: str
    family: Family
    build: Callable[[Recipe], Any]
    """The untrained network for a recipe; see above."""
    matches: tuple[Match, ...] = ()
    """Each weight, trained or not, in canonical order; empty: canonical names are the framework's own."""
    takes: tuple[str, ...] = ()
    """Fields of :data:`NETWORK_FIELDS` that ``build`` honours."""
    loss: str | Callable[..., Any] = SPARSE_CROSSENTROPY
    """A name, or in the framework's terms ``loss(targets, outputs)``, each sample's loss [n]."""

    def check(self, recipe: Recipe) -> None:
        """Raises RecipeRefused for a field that shapes networks and that this one doesn't take."""
        plain = Recipe("plain")
        for field in NETWORK_FIELDS:
            value = getattr(recipe, field)
            if field not in self.takes and value != getattr(plain, field):
                why = f"{self.name} is built as it was given; leave {field} at {getattr(plain, field)!r}"
                raise RecipeRefused(self.name, field, value, why)
