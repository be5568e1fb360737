"""The best rate at which one framework multiplies matrices here: a short search over shapes.

Operands are normally distributed, since a chip's clock depends on the bits it switches; the rate of a shape
is that of its fastest call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from likeforlike.devices.machine.resources import free_memory_bytes

Shape = tuple[int, int, int]
"""Rows of the left operand, what is summed over, columns of the right one."""

Product = Callable[[], Any]

CPU_SHAPES: tuple[Shape, ...] = (
    (512, 512, 512),
    (1024, 1024, 1024),
    (1024, 4096, 1024),
    (2048, 2048, 2048),
    (2048, 4096, 2048),
    (4096, 4096, 4096),
)

GPU_SHAPES: tuple[Shape, ...] = (
    (2048, 2048, 2048),
    (4096, 4096, 4096),
    (4096, 8192, 4096),
    (8192, 8192, 8192),
    (8192, 16384, 8192),
    (16384, 16384, 16384),
)

LEAST_CALLS = 3
PREPARING_SHARE = 8.0
"""Seconds that shapes may take to be made, compiled and first called, for each second of timed calls."""

_DRAWN = 2**20
"""Numbers drawn; larger operands repeat them."""


def best_rate(
    make: Callable[[Shape], Product],
    shapes: tuple[Shape, ...],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, Shape] | None:
    """The highest FLOP/s of any shape and the shape, by calls of ``make(shape)``; None if none could be done.

    About ``seconds`` are spent: shapes in ascending order, each an equal share of what is left, and none that
    would take longer than that at the best rate so far. A shape that raises ends the search.
    """
    best: tuple[float, Shape] | None = None
    begin = clock()
    for number, shape in enumerate(shapes):
        flop = 2.0 * shape[0] * shape[1] * shape[2]
        share = (seconds - (clock() - begin)) / (len(shapes) - number)
        if best is not None and flop / best[0] * LEAST_CALLS > max(share, 0.0) * 2:
            continue
        try:
            fastest = fastest_call(make(shape), share, clock)
        except Exception:  # out of memory, or a precision that the framework can't do: what was found stands
            break
        if fastest > 0 and (best is None or flop / fastest > best[0]):
            best = flop / fastest, shape
    return best


def fastest_call(product: Product, seconds: float, clock: Callable[[], float]) -> float:
    """Seconds of the fastest of some calls, after one that isn't timed."""
    product()
    begin = clock()
    times: list[float] = []
    while len(times) < LEAST_CALLS or clock() - begin < seconds:
        start = clock()
        product()
        times.append(clock() - start)
    return min(times)


class Stopwatch:
    """A clock that stands still while products are made and first called, for so many seconds in all at most.

    JAX compiles each shape anew, and on a GPU tries kernels for it: seconds, in which nothing is multiplied.
    """

    def __init__(self, most_seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._most = most_seconds
        self._clock = clock
        self._stood_still = 0.0

    def __call__(self) -> float:
        """Seconds from anywhere."""
        return self._clock() - self._stood_still

    def prepared(self, make: Callable[[Shape], Product], shape: Shape) -> Product:
        """The product of a shape, called once. Raises what the framework raises."""
        begin = self._clock()
        product = make(shape)
        product()
        self._stood_still += min(self._clock() - begin, self._most - self._stood_still)
        return product


_WIDTHS = {"float64": 8, "bfloat16": 2, "float16": 2}
"""Bytes of a number; 4 at any other precision."""


def host_bytes(shape: Shape, precision: str) -> int:
    """About how much of the host's memory a product takes once, in bytes; generous.

    Operands as drawn, as they are multiplied, and once more on their way to a device; a processor's result.
    """
    rows, inner, columns = shape
    width = _WIDTHS.get(precision, 4)
    return (rows * inner + inner * columns) * (4 + 2 * width) + rows * columns * width


def operands(
    shape: Shape, precision: str = "float32", free: Callable[[], int] = free_memory_bytes
) -> tuple[np.ndarray, np.ndarray]:
    """Normally distributed float32 matrices of a product, which will be multiplied at a precision.

    Raises MemoryError where the host has too little free: the kernel would end the process that takes it, and
    with it what was found so far, or another one.
    """
    if host_bytes(shape, precision) > free() * 9 // 10:
        raise MemoryError(f"too little memory is free for a product of {' x '.join(map(str, shape))}")
    rows, inner, columns = shape
    drawn = np.random.default_rng(shape).standard_normal(_DRAWN, np.float32)
    return np.resize(drawn, (rows, inner)), np.resize(drawn[::-1], (inner, columns))


def products(framework: str, local_device: str, precision: str) -> Iterator[Callable[[Shape], Product]]:
    """The ways in which a framework multiplies at a precision; none where it has no such products."""
    maker = {"numpy": _numpy, "torch": _torch, "jax": _jax, "tensorflow": _tensorflow}.get(framework)
    gpu = local_device.startswith("gpu")
    if maker is not None and (precision != "tf32" or gpu):
        yield from maker(local_device, precision)


def _numpy(local_device: str, precision: str) -> Iterator[Callable[[Shape], Product]]:
    if precision not in ("float64", "float32") or local_device.startswith("gpu"):
        return

    def make(shape: Shape) -> Product:
        left, right = (matrix.astype(precision) for matrix in operands(shape, precision))
        return lambda: left @ right

    yield make


def _torch(local_device: str, precision: str) -> Iterator[Callable[[Shape], Product]]:
    import torch

    kind, _, number = local_device.partition(":")
    device = torch.device("cuda", int(number)) if kind == "gpu" else torch.device("cpu")
    dtype = torch.float32 if precision == "tf32" else getattr(torch, precision)

    def make(shape: Shape) -> Product:
        left, right = (torch.from_numpy(matrix).to(device, dtype) for matrix in operands(shape, precision))

        def product() -> None:
            torch.matmul(left, right)
            if kind == "gpu":
                torch.cuda.synchronize(device)

        return product

    yield make


def _jax(local_device: str, precision: str) -> Iterator[Callable[[Shape], Product]]:
    import jax
    import jax.numpy as jnp

    kind, _, number = local_device.partition(":")
    device = jax.devices(kind)[int(number)]
    dtype = jnp.float32 if precision == "tf32" else jnp.dtype(precision)
    multiply = jax.jit(jnp.matmul)

    def make(shape: Shape) -> Product:
        left, right = jax.device_put([matrix.astype(dtype) for matrix in operands(shape, precision)], device)
        return lambda: jax.block_until_ready(multiply(left, right))

    yield make


def _tensorflow(local_device: str, precision: str) -> Iterator[Callable[[Shape], Product]]:
    import tensorflow as tf

    dtype = tf.float32 if precision == "tf32" else tf.as_dtype(precision)

    def maker(multiply: Callable[..., Any]) -> Callable[[Shape], Product]:
        def make(shape: Shape) -> Product:
            with tf.device(local_device.upper()):
                left, right = (tf.cast(matrix, dtype) for matrix in operands(shape, precision))

            def product() -> None:
                multiply(left, right)
                if local_device.startswith("gpu"):
                    tf.test.experimental.sync_devices()

            return product

        return make

    yield maker(tf.matmul)
    yield maker(tf.function(tf.matmul, jit_compile=True))
