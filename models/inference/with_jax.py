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
from likeforlike.models.inference.subjects import SUBJECTS, Named, weight_names


def jitted(problem: Problem) -> Kernel:
    """Weights are arguments, as everything that a call reads."""
    network = problem.axes["network"]
    weights = dict(zip(weight_names(network), problem.operands[1:], strict=True))
    logits, leaves = function_with(SUBJECTS[network].network("jax"), weights, problem.dtype)
    return kernel(replace(problem, operands=(problem.operands[0], *leaves)), jax.jit(logits))


def function_with(
    found: Network, canonical: Named, dtype: str
) -> tuple[Callable[..., Any], tuple[np.ndarray, ...]]:
    """The network as ``logits(inputs, *leaves)``, and the leaves made of weights by canonical name."""
    init, apply = found.build(MATCHED)
    shapes, treedef = jax.tree_util.tree_flatten_with_path(jax.eval_shape(init, jax.random.key(0)))
    by_own = {match.own: match.to_own(canonical[match.name]) for match in found.matches} or dict(canonical)
    precision = product_precision(dtype)

    def logits(inputs: Any, *leaves: Any) -> Any:
        with jax.default_matmul_precision(precision):
            return apply(jax.tree_util.tree_unflatten(treedef, leaves), inputs, False, None)

    return logits, tuple(by_own[_path(keys)] for keys, _ in shapes)


def _path(keys: Any) -> str:
    return jax.tree_util.keystr(keys, simple=True, separator="/")
