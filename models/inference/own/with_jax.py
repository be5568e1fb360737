"""A brought pair's ``apply`` under ``jax.jit``."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks import on_jax
from likeforlike.models.inference.own.rows import Question, asked
from likeforlike.models.loops.on_jax.network import own_name, place


def jitted(question: Problem) -> Kernel:
    """Weights are arguments, as the samples are."""
    assert isinstance(question, Question)
    found, device = question.network(), place(question.device)
    init, apply = found.build(MATCHED)
    flat, form = jax.tree_util.tree_flatten_with_path(init(jax.random.key(0)))
    own = {match.own: match.to_own(question.weights[match.name]) for match in found.matches}
    leaves = [jax.device_put(own.get(own_name(path), np.asarray(leaf)), device) for path, leaf in flat]
    key = jax.device_put(jax.random.key(0), device)  # for dropout that stays on

    @jax.jit
    def outputs(inputs: Any, leaves: Any, key: Any) -> Any:
        with jax.default_matmul_precision(on_jax.product_precision("float32")):
            given = apply(jax.tree_util.tree_unflatten(form, leaves), inputs, False, key)
        return given[0] if isinstance(given, tuple) else given

    return asked(on_jax.kernel, question, lambda inputs: outputs(inputs, leaves, key))
