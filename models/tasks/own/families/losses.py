"""Losses by name, in each framework's terms: each sample's own, [n].

Outputs are logits wherever there are classes. Of several values a sample its loss is their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, Family
from likeforlike.models.tasks.own.functions import function_of
from likeforlike.models.tasks.own.given import Refused

BINARY_CROSSENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR = "binary-crossentropy", "mse", "mae"
NAMES = (SPARSE_CROSSENTROPY, BINARY_CROSSENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR)

Loss = Callable[[Any, Any], Any]


def check_name(option: str, text: str) -> str:
    """A loss's name, or ``module:function``. Raises Refused."""
    if ":" not in text and text not in NAMES:
        raise Refused(
            f"{option}: unknown {text!r}, expected one of {', '.join(NAMES)}, or module:function with the "
            "parameters (targets, outputs) that returns each sample's loss"
        )
    return text


def loss_in(family: Family, name: str) -> Loss:
    """``loss(targets, outputs)`` of a family's arrays: [n]. Raises Refused for a function that is none."""
    if ":" in name:
        return function_of("--loss", name)
    return {"keras": _keras, "tensorflow": _keras, "torch": _torch, "jax": _jax}[family](name)


def smoothing_of(name: str) -> float | None:
    """By how much a loss smooths labels, as its object tells; None for a function, which doesn't."""
    if ":" not in name:
        return 0.0
    loss: Any = function_of("--loss", name)
    given = getattr(loss, "keywords", {})  # of a functools.partial
    owner = getattr(loss, "__self__", loss)  # of a bound method
    told = given.get("label_smoothing", getattr(owner, "label_smoothing", None))
    return float(told) if isinstance(told, (int, float)) else None


def _keras(name: str) -> Loss:
    from keras import ops

    def loss(targets: Any, outputs: Any) -> Any:
        if name == SPARSE_CROSSENTROPY:
            values = ops.logsumexp(outputs, axis=-1) - ops.squeeze(
                ops.take_along_axis(outputs, ops.expand_dims(ops.cast(targets, "int32"), -1), axis=-1), -1
            )
        else:
            t = ops.reshape(ops.cast(targets, outputs.dtype), ops.shape(outputs))
            if name == BINARY_CROSSENTROPY:
                values = ops.maximum(outputs, 0) - outputs * t + ops.log1p(ops.exp(-ops.abs(outputs)))
            else:
                values = ops.square(outputs - t) if name == SQUARED_ERROR else ops.abs(outputs - t)
        return ops.mean(ops.reshape(values, (ops.shape(outputs)[0], -1)), axis=1)

    return loss


def _torch(name: str) -> Loss:
    from torch.nn import functional

    def loss(targets: Any, outputs: Any) -> Any:
        if name == SPARSE_CROSSENTROPY:
            logs = functional.log_softmax(outputs, dim=-1)
            values = -logs.gather(-1, targets.long().unsqueeze(-1)).squeeze(-1)
        else:
            t = targets.to(outputs.dtype).reshape(outputs.shape)
            if name == BINARY_CROSSENTROPY:
                values = functional.binary_cross_entropy_with_logits(outputs, t, reduction="none")
            else:
                values = (outputs - t) ** 2 if name == SQUARED_ERROR else (outputs - t).abs()
        return values.reshape(len(outputs), -1).mean(dim=1)

    return loss


def _jax(name: str) -> Loss:
    import jax
    from jax import numpy as jnp

    def loss(targets: Any, outputs: Any) -> Any:
        if name == SPARSE_CROSSENTROPY:
            logs = jax.nn.log_softmax(outputs, axis=-1)
            own = jnp.expand_dims(targets.astype(jnp.int32), -1)
            values = -jnp.take_along_axis(logs, own, axis=-1)[..., 0]
        else:
            t = targets.astype(outputs.dtype).reshape(outputs.shape)
            if name == BINARY_CROSSENTROPY:
                values = jnp.maximum(outputs, 0) - outputs * t + jnp.log1p(jnp.exp(-jnp.abs(outputs)))
            else:
                values = (outputs - t) ** 2 if name == SQUARED_ERROR else jnp.abs(outputs - t)
        return values.reshape(outputs.shape[0], -1).mean(axis=1)

    return loss
