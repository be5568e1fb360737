"""For JAX a pair ``(init, apply)``: weights in a tree, outputs and moved state from a pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.families.model import Builder, Step
from likeforlike.models.tasks.own.given import LayerTold, Refused

_BLOCK = 256


def seed(number: int) -> None:
    """Seed what a function could draw from beside the key that ``init`` is given."""
    np.random.seed(number % 2**32)


def built(build: Builder, precision: str) -> Any:
    """What the user's function returns; ``init`` of it in float64 if asked."""
    if precision == "float64":
        jax.config.update("jax_enable_x64", True)
    return build()


def without_dropout(pair: Any) -> None:
    """Nothing: a function doesn't tell what it drops."""


def as_in_inference(pair: Any) -> Any:
    """The pair, computing as in inference whatever it is told; its state stays."""
    init, apply = pair

    def untrained(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        outputs, _ = _parts(apply(weights, inputs, False, key))
        _, changed = _parts(apply(weights, inputs, True, key))  # for its form: what is state
        if changed is None or not training:
            return outputs
        kept = {path_of(keys): leaf for keys, leaf in jax.tree_util.tree_flatten_with_path(weights)[0]}
        flat, form = jax.tree_util.tree_flatten_with_path(changed)
        return outputs, jax.tree_util.tree_unflatten(form, [kept[path_of(keys)] for keys, _ in flat])

    return init, untrained


def _parts(told: Any) -> tuple[Any, Any]:
    """Outputs, and the part of the tree that has changed; None where nothing is state."""
    return told if isinstance(told, tuple) else (told, None)


def _is_float(array: Any) -> bool:
    """Whether it is of numbers with a fraction; bfloat16 is no kind of NumPy's own."""
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def key_of(number: int) -> Any:
    """A key as ``init`` and ``apply`` are given."""
    return jax.random.key(number)


def path_of(keys: Any) -> str:
    """The path of a leaf in a tree, joined by ``/``."""
    words = [getattr(k, "key", getattr(k, "name", getattr(k, "idx", k))) for k in keys]
    return "/".join(map(str, words))


class JaxModel:
    """A pair, and the tree that it was given.

    Leaves of any floating-point type, 16 bits too, are in the precision asked for: so loops train them.
    Outputs are brought to it before the loss, which a loop does, too.
    """

    family: Family = "jax"

    def __init__(
        self,
        pair: Any,
        loss: Callable[[Any, Any], Any],
        inputs: np.ndarray,
        start_seed: int = 0,
        precision: str = "float32",
    ) -> None:
        self.init, self.apply = pair
        self.loss, self._dtype = loss, np.dtype(precision)
        tree = self.init(key_of(start_seed))
        flat, self._form = jax.tree_util.tree_flatten_with_path(tree)
        self._names = [path_of(keys) for keys, _ in flat]
        self._leaves = [self._cast(np.asarray(leaf)) for _, leaf in flat]
        for name, leaf in zip(self._names, self._leaves, strict=True):
            if not _is_float(leaf) and leaf.dtype.kind not in "iub":
                raise Refused(
                    f"--model: {name} is of dtype {leaf.dtype}; loops of JAX train real numbers alone: give "
                    "its parts as two leaves"
                )
        self._counts = {n: leaf for n, leaf in enumerate(self._leaves) if not _is_float(leaf)}
        self._key = key_of(1)
        _, changed = self._apply(self._tree(self._leaves), inputs, True)
        self._state = frozenset(path_of(keys) for keys, _ in jax.tree_util.tree_flatten_with_path(changed)[0])

    def _cast(self, array: np.ndarray) -> np.ndarray:
        return array.astype(self._dtype) if _is_float(array) else array

    def weights(self) -> dict[str, np.ndarray]:
        """Weights by path."""
        pairs = zip(self._names, self._leaves, strict=True)
        return {name: np.array(leaf) for name, leaf in pairs if _is_float(leaf)}

    def trained(self) -> frozenset[str]:
        """Paths of all but what a training step gives back as changed."""
        return frozenset(name for name in self.weights() if name not in self._state)

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by path."""
        for name, array in weights.items():
            self._leaves[self._names.index(name)] = self._cast(np.asarray(array))

    def restart(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by path; leaves of whole numbers, such as counts, are as they were made."""
        self.assign(weights)
        for place, leaf in self._counts.items():
            self._leaves[place] = leaf

    def confine(self) -> None:
        """Nothing: a pair has no constraints that an optimizer knows."""

    def _tree(self, leaves: list[Any]) -> Any:
        return jax.tree_util.tree_unflatten(self._form, list(map(jnp.asarray, leaves)))

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        """Outputs, batch by batch as in inference; as in training all at once, by another key each time."""
        size = len(inputs) if training else _BLOCK
        if training:
            self._key = jax.random.split(self._key)[0]
        parts = [
            self._apply(self._tree(self._leaves), inputs[start : start + size], training)[0]
            for start in range(0, len(inputs), size)
        ]
        return np.concatenate([self._cast(np.asarray(part)) for part in parts])

    def _apply(self, tree: Any, inputs: np.ndarray, training: bool) -> tuple[Any, Any]:
        return _parts(self.apply(tree, jnp.asarray(self._cast(inputs)), training, self._key))

    def step(self, inputs: np.ndarray, targets: np.ndarray, training: bool) -> Step:
        """Losses and gradients of a batch."""
        trained = self.trained()
        places = [number for number, name in enumerate(self._names) if name in trained]

        def total(values: list[Any]) -> Any:
            leaves = list(self._leaves)
            for place, value in zip(places, values, strict=True):
                leaves[place] = value
            outputs, moved = self._apply(self._tree(leaves), inputs, training)
            outputs = outputs.astype(self._dtype)
            losses = self.loss(jnp.asarray(targets), outputs).astype(self._dtype)
            return losses.mean(), (losses, outputs, moved)

        values = [self._leaves[place] for place in places]
        (_, (losses, outputs, moved)), gradients = jax.value_and_grad(total, has_aux=True)(values)
        if training and moved is not None:
            for keys, leaf in jax.tree_util.tree_flatten_with_path(moved)[0]:
                self._leaves[self._names.index(path_of(keys))] = self._cast(np.asarray(leaf))
        named = zip(places, gradients, strict=True)
        return Step(
            np.asarray(losses),
            0.0,
            np.asarray(outputs),
            {self._names[place]: np.asarray(gradient) for place, gradient in named},
        )

    def evaluated(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss as in inference, and the outputs."""
        outputs = self.outputs(inputs)
        return self.judged(outputs, targets), outputs

    def judged(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Mean loss of outputs."""
        losses = self.loss(jnp.asarray(targets), jnp.asarray(outputs))
        return float(np.mean(np.asarray(losses), dtype=np.float64))

    def layers(self) -> tuple[LayerTold, ...]:
        """None: a pair of functions doesn't tell its layers."""
        return ()
