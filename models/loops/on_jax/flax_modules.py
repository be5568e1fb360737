"""Modules of Flax, Linen's or NNX's, as the pair ``(init, apply)`` that JAX's loops take. Needs ``flax``.

    def resnet():
        return linen_pair(ResNet(), example=numpy.zeros((1, 28, 28, 1)))

State that a module updates in training (``batch_stats``) comes back as changed, so that no gradient moves it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

Pair = tuple[Callable[[Any], Any], Callable[..., Any]]

_SAYS_TRAINING = ("training", "train", "is_training")
_SAYS_NOT_TRAINING = ("deterministic", "use_running_average")


def linen_pair(module: linen.Module, example: np.ndarray) -> Pair:
    """Of a Linen module; ``example``: inputs of the right shape, of any number of samples.

    Whether it trains is told by the argument of its ``__call__`` that is named training, train, is_training,
    deterministic or use_running_average; a module that has none of them computes alike in both. Own names
    begin with the collection: ``params/Dense_0/kernel``.
    """
    names = tuple(inspect.signature(type(module).__call__).parameters)

    def mode(training: bool) -> dict[str, bool]:
        told = {name: training for name in _SAYS_TRAINING if name in names}
        return told | {name: not training for name in _SAYS_NOT_TRAINING if name in names}

    def init(key: Any) -> Any:
        return module.init({"params": key, "dropout": key}, jnp.asarray(example), **mode(False))

    def apply(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        state = [collection for collection in weights if collection != "params"]
        given: dict[str, Any] = {"rngs": {"dropout": key}, **mode(training)}
        if training and state:
            return module.apply(weights, inputs, mutable=state, **given)
        return module.apply(weights, inputs, **given)

    return init, apply


def nnx_pair(build: Callable[[nnx.Rngs], nnx.Module]) -> Pair:
    """Of a function that builds an NNX module from its generators of random numbers.

    Its mode is set by ``train()`` and ``eval()``. Own names are the attributes' path: ``conv/kernel``.
    """
    kinds = (nnx.Param, nnx.BatchStat, ...)

    def init(key: Any) -> Any:
        _, weights, state, _ = nnx.split(build(nnx.Rngs(key)), *kinds)
        return _merged(nnx.to_pure_dict(weights), nnx.to_pure_dict(state))

    def apply(tree: Any, inputs: Any, training: bool, key: Any) -> Any:
        # the weights that it draws are not used, and left out by the compiler; its generators are
        graph, weights, state, others = nnx.split(build(nnx.Rngs(key)), *kinds)
        for part in (weights, state):
            nnx.replace_by_pure_dict(part, _like(nnx.to_pure_dict(part), tree))
        module = nnx.merge(graph, weights, state, others)
        if training:
            module.train()
        else:
            module.eval()
        outputs = module(inputs)
        changed = nnx.to_pure_dict(nnx.state(module, nnx.BatchStat))
        return (outputs, changed) if training and changed else outputs

    return init, apply


def _merged(one: Any, other: Any) -> Any:
    """Two trees that share branches but no leaf."""
    both = {name: _merged(one[name], other[name]) for name in one if name in other}
    return {**one, **other, **both}


def _like(part: Any, tree: Any) -> Any:
    """Of a tree what a part of it has."""
    if not isinstance(part, dict):
        return tree
    return {name: _like(inner, tree[name]) for name, inner in part.items()}


__all__ = ["Pair", "linen_pair", "nnx_pair"]
