"""What the probes ask of a framework, in its own words: place, multiply, wait, locate, fetch.

Run in a worker process alone; frameworks are imported in the calls, never above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operations:
    """One framework on one device."""

    put: Callable[[np.ndarray, str], Any]
    """A float64 matrix, placed on the device at a precision; waited for."""
    multiply: Callable[[Any, Any], Any]
    """The product of two placed matrices; may return before it is done."""
    wait: Callable[[Any], None]
    """Return when a result is done."""
    place_of: Callable[[Any], str]
    """``cpu:0``, as the framework numbers its devices."""
    fetch: Callable[[Any], np.ndarray]
    """A result as float64 on the host, however long it takes to be done."""
    precisions: tuple[str, ...]
    """Those in which the framework multiplies on this device."""
    returns_early: bool
    """Whether a call should return before its work is done."""
    seconds_by_events: Callable[[Callable[[], Any]], float] | None = None
    """The device's own time of some work, by events on its stream; None where the framework has none."""


def operations(framework: str, local_device: str) -> Operations:
    """The operations of numpy, tensorflow, torch or jax; the framework's switches are set by then."""
    made = {"numpy": _numpy, "tensorflow": _tensorflow, "torch": _torch, "jax": _jax}
    return made[framework](local_device)


def _precisions(local_device: str) -> tuple[str, ...]:
    tf32 = ("tf32",) if local_device.startswith("gpu") else ()
    return (*tf32, "float32", "bfloat16", "float64")


def _type_name(precision: str) -> str:
    return "float32" if precision == "tf32" else precision


def _numpy(local_device: str) -> Operations:
    return Operations(
        put=lambda matrix, precision: matrix.astype(precision),
        multiply=lambda left, right: left @ right,
        wait=lambda result: None,
        place_of=lambda result: "cpu:0",
        fetch=lambda result: result.astype(np.float64),
        precisions=("float32", "float64"),
        returns_early=False,
    )


def _tensorflow(local_device: str) -> Operations:
    import tensorflow as tf

    name = f"/{local_device.upper()}"

    def put(matrix: np.ndarray, precision: str) -> Any:
        with tf.device("/CPU:0"):
            host = tf.cast(tf.constant(matrix), tf.as_dtype(_type_name(precision)))
        with tf.device(name):
            placed = tf.identity(host)
        tf.test.experimental.sync_devices()
        return placed

    def multiply(left: Any, right: Any) -> Any:
        with tf.device(name):
            return tf.matmul(left, right)

    return Operations(
        put=put,
        multiply=multiply,
        wait=lambda result: tf.test.experimental.sync_devices(),
        place_of=lambda result: ":".join(result.backing_device.split(":")[-2:]).lower(),
        fetch=lambda result: result.numpy().astype(np.float64),
        precisions=_precisions(local_device),
        returns_early=local_device.startswith("gpu"),
    )


def _torch(local_device: str) -> Operations:
    import torch

    kind, _, number = local_device.partition(":")
    gpu = kind == "gpu"
    device = torch.device("cuda", int(number)) if gpu else torch.device("cpu")

    def wait(result: Any) -> None:
        if gpu:
            torch.cuda.synchronize(device)

    def put(matrix: np.ndarray, precision: str) -> Any:
        placed = torch.from_numpy(matrix).to(device, getattr(torch, _type_name(precision)))
        wait(placed)
        return placed

    def seconds_by_events(work: Callable[[], Any]) -> float:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record(torch.cuda.current_stream(device))
        work()
        end.record(torch.cuda.current_stream(device))
        torch.cuda.synchronize(device)
        return float(begin.elapsed_time(end)) / 1e3  # milliseconds by PyTorch's documentation

    return Operations(
        put=put,
        multiply=torch.matmul,
        wait=wait,
        place_of=lambda result: (
            f"{'gpu' if result.device.type == 'cuda' else result.device.type}:{result.device.index or 0}"
        ),
        fetch=lambda result: result.detach().cpu().double().numpy(),
        precisions=_precisions(local_device),
        returns_early=gpu,
        seconds_by_events=seconds_by_events if gpu else None,
    )


def _jax(local_device: str) -> Operations:
    import jax
    import jax.numpy as jnp

    kind, _, number = local_device.partition(":")
    device = jax.devices(kind)[int(number)]

    def put(matrix: np.ndarray, precision: str) -> Any:
        return jax.block_until_ready(jax.device_put(matrix.astype(jnp.dtype(_type_name(precision))), device))

    def place_of(result: Any) -> str:
        (found,) = result.devices()
        return f"{found.platform}:{found.id}"

    return Operations(
        put=put,
        multiply=jax.jit(jnp.matmul),
        wait=jax.block_until_ready,
        place_of=place_of,
        fetch=lambda result: np.asarray(result).astype(np.float64),
        precisions=_precisions(local_device),
        returns_early=True,
    )
