"""Convolutions as products of matrices, and pooling as a reduction of a reshaped array: the same numbers.

XLA on a CPU runs a convolution, and the gradient of pooling, that stand within a loop (``lax.scan``) by plain
loops of its own: a step of a network of two convolutions took ten times as long as with what is here. A
convolution's patches (the shifted inputs side by side) times its kernel as a matrix goes to the library of
products instead. Where several values of a pooling window are the largest, each gets its share of the
gradient; XLA gives all of it to the first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

_CALLS = ("jit", "pjit", "closed_call", "core_call")
"""Functions within a function that are looked into; any other stays as it is, its convolutions too."""


def as_products(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its convolutions and poolings computed as products and reductions.

    It must take ``(weights, inputs, training, key)``; ``training`` is a Python bool.
    """

    def rewritten(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
        closed, shape = jax.make_jaxpr(
            lambda *given: function(*given[:2], training, given[2]), return_shape=True
        )(weights, inputs, key)
        found = _evaluated(closed, jax.tree.leaves((weights, inputs, key)))
        return jax.tree.unflatten(jax.tree.structure(shape), found)

    return rewritten


def _evaluated(closed: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
    """What the traced function gives, its convolutions rewritten; see ``jax.core.eval_jaxpr``."""
    jaxpr = closed.jaxpr
    values: dict[Any, Any] = dict(
        zip([*jaxpr.constvars, *jaxpr.invars], [*closed.consts, *arguments], strict=True)
    )

    def read(variable: Any) -> Any:
        return variable.val if isinstance(variable, Literal) else values[variable]

    for equation in jaxpr.eqns:
        found = _rewritten(equation, [read(variable) for variable in equation.invars])
        values |= dict(zip(equation.outvars, found, strict=True))
    return [read(variable) for variable in jaxpr.outvars]


def _rewritten(equation: JaxprEqn, operands: list[Any]) -> Sequence[Any]:
    name, params = equation.primitive.name, equation.params
    if name == "conv_general_dilated" and _is_plain(params):
        return [convolution(operands[0], operands[1], params)]
    if name in _REDUCTIONS and _windows_lie_side_by_side(params):
        return [_REDUCTIONS[name](_windows(operands[0], params["window_dimensions"]))]
    if name in _CALLS and _has_rewritable(params["jaxpr"].jaxpr):
        return _evaluated(params["jaxpr"], operands)
    bound = equation.primitive.get_bind_params(params)
    functions, options = bound if isinstance(bound, tuple) else ((), bound)
    found = equation.primitive.bind(*functions, *operands, **options)
    return found if equation.primitive.multiple_results else [found]


def _has_rewritable(jaxpr: Jaxpr) -> bool:
    names = {equation.primitive.name for equation in jaxpr.eqns}
    inner = [e.params["jaxpr"].jaxpr for e in jaxpr.eqns if e.primitive.name in _CALLS]
    return bool(names & {"conv_general_dilated", *_REDUCTIONS}) or any(map(_has_rewritable, inner))


def _is_plain(params: Mapping[str, Any]) -> bool:
    """No groups, no transposed convolution."""
    groups = params["feature_group_count"], params["batch_group_count"]
    return groups == (1, 1) and all(dilation == 1 for dilation in params["lhs_dilation"])


def convolution(inputs: jax.Array, kernel: jax.Array, params: Mapping[str, Any]) -> jax.Array:
    """A plain convolution as one product: patches [n, ..., window * channels] by the kernel as a matrix.

    ``params`` are those of JAX's ``conv_general_dilated``, layouts and all.
    """
    layout = params["dimension_numbers"]
    inputs = _transposed(inputs, (layout.lhs_spec[0], *layout.lhs_spec[2:], layout.lhs_spec[1]))
    kernel = _transposed(kernel, (*layout.rhs_spec[2:], layout.rhs_spec[1], layout.rhs_spec[0]))
    *window, channels, features = kernel.shape
    low_high = [(low, high, 0) for low, high in params["padding"]]
    padded = lax.pad(inputs, jnp.zeros((), inputs.dtype), [(0, 0, 0), *low_high, (0, 0, 0)])
    reach = [(size - 1) * step for size, step in zip(window, params["rhs_dilation"], strict=True)]
    patches = []
    for place in itertools.product(*map(range, window)):
        first = [at * step for at, step in zip(place, params["rhs_dilation"], strict=True)]
        last = [size - far + at for size, far, at in zip(padded.shape[1:-1], reach, first, strict=True)]
        strides = (1, *params["window_strides"], 1)
        patches.append(lax.slice(padded, (0, *first, 0), (len(inputs), *last, channels), strides))
    columns = patches[0] if len(patches) == 1 else jnp.concatenate(patches, axis=-1)
    maps = lax.dot_general(
        columns.reshape(-1, columns.shape[-1]),
        kernel.reshape(-1, features),
        (((1,), (0,)), ((), ())),
        precision=params["precision"],
        preferred_element_type=params["preferred_element_type"],
    ).reshape(*columns.shape[:-1], features)
    back = layout.out_spec
    order = [0] * maps.ndim
    for place_in_maps, axis in enumerate((back[0], *back[2:], back[1])):
        order[axis] = place_in_maps
    return _transposed(maps, tuple(order))


def _transposed(array: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    return array if axes == tuple(range(array.ndim)) else lax.transpose(array, axes)


def _windows_lie_side_by_side(params: Mapping[str, Any]) -> bool:
    """Windows that neither overlap nor leave gaps nor reach over the edge."""
    dilations = (*params["base_dilation"], *params["window_dilation"])
    apart = tuple(params["window_dimensions"]) == tuple(params["window_strides"])
    inside = all(pair == (0, 0) for pair in map(tuple, params["padding"]))
    return apart and inside and all(dilation == 1 for dilation in dilations)


def _windows(array: jax.Array, window: Sequence[int]) -> jax.Array:
    """Every axis split in windows and places within one: [n, h, w, c] to [n, 1, h/2, 2, w/2, 2, c, 1]."""
    counts = [size // step for size, step in zip(array.shape, window, strict=True)]
    limits = [count * step for count, step in zip(counts, window, strict=True)]
    kept = array if tuple(limits) == array.shape else lax.slice(array, [0] * array.ndim, limits)
    return kept.reshape([size for pair in zip(counts, window, strict=True) for size in pair])


def _odd_axes(array: jax.Array) -> tuple[int, ...]:
    return tuple(range(1, array.ndim, 2))


_REDUCTIONS: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    "reduce_window_max": lambda windows: windows.max(_odd_axes(windows)),
    "reduce_window_sum": lambda windows: windows.sum(_odd_axes(windows)),
}
