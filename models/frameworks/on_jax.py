"""Kernels on JAX: operands placed, results waited for, located and fetched. Loaded by workers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from likeforlike.models.contract.change import SharedBuffer, as_column
from likeforlike.models.contract.kernel import SKETCHED_ROWS, Kernel, OnGpu, each, place_of, widened
from likeforlike.models.contract.workload import Problem


def kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """Place the operands in their precision mode and make a kernel of ``work(*operands)``.

    JAX computes where its operands lie. Raises ValueError for a device that JAX doesn't have.
    """
    if problem.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    dtype = jnp.float32 if problem.dtype == "tf32" else jnp.dtype(problem.dtype)
    device = _device(problem.device)
    # numbers of rows and masks stay what they are
    host = [o.astype(dtype, copy=False) if o.dtype.kind == "f" else o for o in problem.operands]
    operands = _upload(host, device)

    def call() -> Any:
        return work(*operands)

    return Kernel(
        call=call,
        wait=_wait,
        to_numpy=_to_numpy,
        device_of=partial(place_of, _device_of),
        upload=partial(_upload, host, device),
        download=_to_numpy,
        change=_changer(operands, host[0], device),
        sketch=None if device.platform == "cpu" else _sketch,
        on_gpu=None if device.platform == "cpu" else _on_gpu(device),
    )


def _on_gpu(device: Any) -> OnGpu:
    def write(count: int) -> None:
        jax.block_until_ready(jnp.full((count,), 1, jnp.uint8, device=device))

    return OnGpu(
        write,
        no_events="JAX offers no events",
        no_capture="JAX offers no capture: what jax.jit makes is one executable, which XLA may launch as a "
        "graph of its own",
    )


def _changer(operands: list[Any], own: np.ndarray, device: Any) -> Callable[[slice, np.ndarray], None]:
    """How the first operand is changed: in memory shared with NumPy on the first CPU, else on the device."""
    placed = operands[0]
    buffers: list[SharedBuffer] = []

    def change_shared(rows: slice, factors: np.ndarray) -> None:
        if not buffers:
            buffers.append(SharedBuffer(own))
            operands[0] = jax.device_put(jnp.from_dlpack(buffers[0].array, copy=False), device)
        buffers[0].change(rows, factors)

    def change_placed(rows: slice, factors: np.ndarray) -> None:
        if operands[0] is placed:
            operands[0] = jnp.copy(placed)  # donated below, which the problem's own must not be
        column = jax.device_put(as_column(factors, own.ndim).astype(own.dtype), device)
        operands[0] = jax.block_until_ready(_scaled(operands[0], placed, column, rows.start))

    # NumPy can't hand on bfloat16 through DLPack; a further CPU would be given a copy
    shared = device.platform == "cpu" and device.id == 0 and own.dtype.kind == "f" and own.dtype.isbuiltin
    return change_shared if shared else change_placed


@partial(jax.jit, donate_argnums=0)
def _scaled(changed: Any, own: Any, column: Any, start: Any) -> Any:
    """``changed`` with as many of ``own``'s rows as the column has, times it, from row ``start``."""
    rows = jax.lax.dynamic_slice_in_dim(own, start, len(column))
    return jax.lax.dynamic_update_slice_in_dim(changed, rows * column, start, 0)


def _sketch(result: Any, columns: np.ndarray) -> np.ndarray:
    """Sums of products by blocks of rows, elementwise: no product of matrices, which might round to TF32."""
    wide = jnp.float64 if result.dtype == jnp.float64 else jnp.float32
    right = jax.device_put(columns.T.astype(wide), next(iter(result.devices())))
    starts = range(0, len(result), SKETCHED_ROWS)
    blocks = [_sums(result[start : start + SKETCHED_ROWS], right) for start in starts]
    return np.concatenate([np.asarray(block) for block in blocks])


@jax.jit
def _sums(block: Any, right: Any) -> Any:
    return jnp.stack([(block.astype(right.dtype) * column).sum(axis=1) for column in right], axis=1)


def product_precision(dtype: str) -> str:
    """What to ask of a product: TF32 where it is the mode, else the operands' own precision."""
    return "tensorfloat32" if dtype == "tf32" else "highest"


def _device(name: str) -> Any:
    kind, _, number = name.partition(":")
    devices = jax.devices(kind)
    if int(number) >= len(devices):
        raise ValueError(f"jax has {len(devices)} {kind} devices here, so there is no {name}")
    return devices[int(number)]


def _upload(host: Sequence[np.ndarray], device: Any) -> Any:
    """Copy to the device and wait; on a CPU JAX may read the host's memory in place."""
    return jax.block_until_ready(jax.device_put(list(host), device))


def _wait(result: Any) -> None:
    jax.block_until_ready(result)


def _device_of(array: Any) -> str:
    """The platforms ``cuda`` and ``rocm`` are both ``gpu`` to JAX."""
    (device,) = array.devices()
    return f"{device.platform}:{device.id}"


def _to_numpy(result: Any) -> Any:
    return each(lambda array: widened(np.asarray(array)), result)
