"""The network as a function of its weights and the window: a jitted step a character, and all in one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks.on_jax import kernel
from likeforlike.models.inference.generation.workload import CHARACTERS, CONTEXT, SCALE, SUBJECT, weight_names
from likeforlike.models.inference.with_jax import function_with

Step = Callable[..., tuple[Any, Any]]
"""``step(window, *leaves)``: the next window [batch, context], and the logits of its last character."""


def step_by_step(problem: Problem) -> Kernel:
    """JAX's ordinary way: what is called again and again is compiled."""
    step, leaves = _step_of(problem)
    begin, jitted = jax.jit(_numbers), jax.jit(step)

    def generate(prompt: Any, *leaves: Any) -> tuple[Any, Any]:
        window = begin(prompt)
        for _ in range(CONTEXT):
            window, logits = jitted(window, *leaves)
        return window, logits

    return _kernel(problem, leaves, generate)


def looped(problem: Problem) -> Kernel:
    """One compiled call."""
    step, leaves = _step_of(problem)

    def generate(prompt: Any, *leaves: Any) -> tuple[Any, Any]:
        start = _numbers(prompt), jnp.zeros((len(prompt), CHARACTERS), prompt.dtype)
        return lax.fori_loop(0, CONTEXT, lambda _, found: step(found[0], *leaves), start)

    return _kernel(problem, leaves, jax.jit(generate))


def _step_of(problem: Problem) -> tuple[Step, tuple[np.ndarray, ...]]:
    weights = dict(zip(weight_names(), problem.operands[1:], strict=True))
    network, leaves = function_with(SUBJECT.network("jax"), weights, problem.dtype)

    def step(window: Any, *leaves: Any) -> tuple[Any, Any]:
        logits = network(window, *leaves)[:, -1]
        return jnp.concatenate([window[:, 1:], logits.argmax(1, keepdims=True).astype(jnp.int32)], 1), logits

    return step, leaves


def _numbers(prompt: Any) -> Any:
    return (prompt.astype(jnp.float32) * SCALE).astype(jnp.int32)


def _kernel(problem: Problem, leaves: tuple[np.ndarray, ...], work: Callable[..., Any]) -> Kernel:
    return kernel(replace(problem, operands=(problem.operands[0], *leaves)), work)
