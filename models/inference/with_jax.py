"""The network as a function of its weights and the images, under ``jax.jit``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.recipe import MATCHED
from likeforlike.models.frameworks.on_jax import kernel, product_precision
from likeforlike.models.inference.subjects import SUBJECTS, weight_names


def jitted(problem: Problem) -> Kernel:
    """Weights are arguments, as everything that a call reads."""
    network = problem.axes["network"]
    found = SUBJECTS[network].network("jax")
    init, apply = found.build(MATCHED)
    shapes, treedef = jax.tree_util.tree_flatten_with_path(jax.eval_shape(init, jax.random.key(0)))
    canonical = dict(zip(weight_names(network), problem.operands[1:], strict=True))
    by_own = {match.own: match.to_own(canonical[match.name]) for match in found.matches} or canonical
    leaves = tuple(by_own[_path(keys)] for keys, _ in shapes)
    precision = product_precision(problem.dtype)

    def logits(images: Any, *weights: Any) -> Any:
        with jax.default_matmul_precision(precision):
            return apply(jax.tree_util.tree_unflatten(treedef, weights), images, False, None)

    return kernel(replace(problem, operands=(problem.operands[0], *leaves)), jax.jit(logits))


def _path(keys: Any) -> str:
    return jax.tree_util.keystr(keys, simple=True, separator="/")
