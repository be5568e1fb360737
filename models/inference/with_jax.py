"""The network as a function of its weights and the images, under ``jax.jit``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks.on_jax import kernel, product_precision
from likeforlike.models.inference.own.rows import asked
from likeforlike.models.inference.subjects import Named, network_in
from likeforlike.models.loops.on_jax.network import own_name


def jitted(problem: Problem) -> Kernel:
    """Weights are arguments, as everything that a call reads."""
    function, leaves = function_with(*network_in(problem, "jax"), problem.dtype)
    placed = [kernel(replace(problem, operands=(leaf,)), lambda given: given).call() for leaf in leaves]
    compiled = jax.jit(function)
    return asked(kernel, problem, lambda inputs: compiled(inputs, *placed))


def function_with(
    found: Network, canonical: Named, dtype: str
) -> tuple[Callable[..., Any], tuple[np.ndarray, ...]]:
    """The network as ``outputs(inputs, *leaves)``, and the leaves made of weights by canonical name.

    What no match stands for, as a count, stays as it was made.
    """
    init, apply = found.build(MATCHED)
    made, form = jax.tree_util.tree_flatten_with_path(init(jax.random.key(0)))
    own = {match.own: match.to_own(canonical[match.name]) for match in found.matches} or dict(canonical)
    precision = product_precision(dtype)

    def outputs(inputs: Any, *leaves: Any) -> Any:
        with jax.default_matmul_precision(precision):
            # the key is for dropout that stays on
            tree = jax.tree_util.tree_unflatten(form, leaves)
            given = apply(tree, inputs, False, jax.random.key(0))
        return given[0] if isinstance(given, tuple) else given

    return outputs, tuple(np.asarray(own.get(own_name(path), leaf)) for path, leaf in made)
