"""Kernels on JAX: operands placed, results waited for, located and fetched. Loaded by workers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from likeforlike.models.contract.kernel import Kernel, each, place_of, widened
from likeforlike.models.contract.workload import Problem


def kernel(problem: Problem, work: Callable[..., Any]) -> Kernel:
    """Place the operands in their precision mode and make a kernel of ``work(*operands)``.

    JAX computes where its operands lie. Raises ValueError for a device that JAX doesn't have.
    """
    if problem.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    dtype = jnp.float32 if problem.dtype == "tf32" else jnp.dtype(problem.dtype)
    device = _device(problem.device)
    host = [operand.astype(dtype, copy=False) for operand in problem.operands]
    return Kernel(
        call=partial(work, *_upload(host, device)),
        wait=_wait,
        to_numpy=_to_numpy,
        device_of=partial(place_of, _device_of),
        upload=partial(_upload, host, device),
        download=_to_numpy,
    )


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
