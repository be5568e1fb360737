"""The most bytes a second that one framework moves through a device's memory: long vectors, simple work.

Three ways, of which the best counts: ``a = b + 3 c`` as STREAM has it (McCalpin 1995), ``a = b``, and the
product of two vectors, which only reads. Counted are the bytes of operands and result, each once, as
workloads count theirs; what a cache reads before it is written to is not. The rate is that of the fastest
call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from likeforlike.devices.machine.resources import free_memory_bytes
from likeforlike.devices.process.product_rates import fastest_call
from likeforlike.devices.vendors.cpu import cache_bytes

ADDING, MOVING, READING = "a = b + 3 c", "a = b", "b · c"
_VECTORS = {ADDING: 3, MOVING: 2, READING: 2}

LEAST_BYTES, MOST_BYTES = 64 * 2**20, 2 * 2**30
"""Of each vector on a processor; between them twice all its caches."""
GPU_BYTES = 512 * 2**20
"""Of each vector on a GPU: beyond the caches of any."""
_SHARE = 8
"""No vector takes more than this part of the memory that is free."""
_BLOCK = 2**15
"""Numbers whose sum NumPy holds in a core's cache, where it can't add and multiply in one."""

Way = tuple[str, Callable[[], Any]]
"""What it does, and one call of it."""


def vector_bytes(local_device: str, caches: int | None, free: int) -> int | None:
    """Of each of three vectors, so many that no cache helps; None where too little memory is free."""
    if local_device.startswith("gpu"):
        return GPU_BYTES
    wanted = min(max(LEAST_BYTES, 2 * (caches or 0)), MOST_BYTES)
    size = min(wanted, free // _SHARE)
    return size if size >= LEAST_BYTES and size > (caches or 0) else None


def best_bandwidth(
    ways: Iterator[Way], size: int, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, str] | None:
    """The most bytes a second of any way, and what it does, in so many seconds; None if none could be done.

    ``size`` are the bytes of one vector. A way that raises ends the search.
    """
    best: tuple[float, str] | None = None
    try:
        for what, rate in _rates(ways, size, seconds, clock):
            if best is None or rate > best[0]:
                best = rate, what
    except Exception:  # out of memory: what was found stands
        return best
    return best


def _rates(
    ways: Iterator[Way], size: int, seconds: float, clock: Callable[[], float]
) -> Iterator[tuple[str, float]]:
    for what, call in ways:
        fastest = fastest_call(call, seconds / len(_VECTORS), clock)
        if fastest > 0:
            yield what, _VECTORS[what] * size / fastest


def numpy_rates(
    threads: int, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[dict[str, float], int]:
    """Bytes a second of each way by NumPy on the processor, and the bytes of a vector.

    Raises MemoryError where too little is free for vectors beyond the caches.
    """
    size = vector_bytes("cpu:0", cache_bytes(), free_memory_bytes())
    if size is None:
        raise MemoryError("too little memory is free for three vectors larger than the caches")
    return dict(_rates(_numpy("cpu:0", threads, size // 4), size, seconds, clock)), size


def bandwidth(framework: str, local_device: str, threads: int, seconds: float) -> dict[str, Any] | None:
    """The best bandwidth of one framework: bytes_per_second, what, vector_bytes; None where it has none."""
    ways = {"numpy": _numpy, "torch": _torch, "jax": _jax, "tensorflow": _tensorflow}.get(framework)
    size = vector_bytes(local_device, cache_bytes(), free_memory_bytes())
    if ways is None or size is None or (framework == "numpy" and local_device.startswith("gpu")):
        return None
    found = best_bandwidth(ways(local_device, threads, size // 4), size, seconds)
    return found and {"bytes_per_second": found[0], "what": found[1], "vector_bytes": size}


def _numpy(local_device: str, threads: int, count: int) -> Iterator[Way]:
    """By so many threads, each with its own part, since NumPy itself adds in one."""
    with ThreadPoolExecutor(threads) as pool:
        a, b, c = (np.empty(count, np.float32) for _ in range(3))
        bounds = np.linspace(0, count, threads + 1).astype(int)
        parts = [slice(start, stop) for start, stop in pairwise(bounds)]

        def everywhere(work: Callable[[slice], None]) -> None:
            list(pool.map(work, parts))

        def fill(part: slice) -> None:  # written first by who reads it later, so that its node holds it
            a[part], b[part], c[part] = 0.0, 1.0, 2.0

        def add(part: slice) -> None:
            scaled = np.empty(_BLOCK, np.float32)
            for start in range(part.start, part.stop, _BLOCK):
                block = slice(start, min(start + _BLOCK, part.stop))
                held = scaled[: block.stop - block.start]
                np.multiply(c[block], np.float32(3.0), out=held)
                np.add(b[block], held, out=a[block])

        def move(part: slice) -> None:
            np.copyto(a[part], b[part])

        everywhere(fill)
        yield ADDING, partial(everywhere, add)
        yield MOVING, partial(everywhere, move)
        yield READING, lambda: np.dot(b, c)


def _torch(local_device: str, threads: int, count: int) -> Iterator[Way]:
    import torch

    kind, _, number = local_device.partition(":")
    device = torch.device("cuda", int(number)) if kind == "gpu" else torch.device("cpu")
    a, b, c = (torch.full((count,), value, device=device) for value in (0.0, 1.0, 2.0))

    def waited(work: Callable[[], Any]) -> Callable[[], None]:
        def call() -> None:
            work()
            if kind == "gpu":
                torch.cuda.synchronize(device)

        return call

    yield ADDING, waited(lambda: torch.add(b, c, alpha=3.0, out=a))
    yield MOVING, waited(lambda: a.copy_(b))
    yield READING, waited(lambda: torch.dot(b, c))


def _jax(local_device: str, threads: int, count: int) -> Iterator[Way]:
    import jax
    import jax.numpy as jnp

    kind, _, number = local_device.partition(":")
    device = jax.devices(kind)[int(number)]
    # made there: the host may have no room for what a GPU holds
    b, c = (jnp.full((count,), value, jnp.float32, device=device) for value in (1.0, 2.0))
    add = jax.jit(lambda b, c: b + jnp.float32(3.0) * c)
    dot = jax.jit(lambda b, c: jnp.sum(b * c))
    yield ADDING, lambda: jax.block_until_ready(add(b, c))
    yield READING, lambda: jax.block_until_ready(dot(b, c))


def _tensorflow(local_device: str, threads: int, count: int) -> Iterator[Way]:
    import tensorflow as tf

    with tf.device(local_device.upper()):
        b, c = (tf.fill((count,), value) for value in (1.0, 2.0))
    add = tf.function(lambda b, c: b + 3.0 * c, jit_compile=True)
    dot = tf.function(lambda b, c: tf.reduce_sum(b * c), jit_compile=True)

    def waited(work: Callable[..., Any]) -> Callable[[], None]:
        def call() -> None:
            result = work(b, c)
            if local_device.startswith("gpu"):
                tf.test.experimental.sync_devices()
            del result

        return call

    yield ADDING, waited(add)
    yield READING, waited(dot)
