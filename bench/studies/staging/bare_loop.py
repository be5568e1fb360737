"""A bare loop of one call, alone in a process: what the harness's figures are held against.

``python -m likeforlike.bench.studies.staging.bare_loop FRAMEWORK SIZE PARENT_PID``, of a product; with
``numpy-bytes`` for a framework ``numpy.copyto`` of SIZE MiB, from one array to another. It measures with
nothing of the harness's: for each line ``UNTIMED TIMED`` read, it makes the calls and writes the seconds of
the timed ones as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from likeforlike.devices.process.lifetime import end_with_parent

Operands = tuple[np.ndarray, np.ndarray]


def numpy_product(operands: Operands) -> Callable[[], Any]:
    """``numpy.matmul``."""
    return partial(np.matmul, *operands)


def tensorflow_product(operands: Operands) -> Callable[[], Any]:
    """``tf.matmul``, eagerly; on a CPU it returns when done."""
    import tensorflow as tf

    return partial(tf.matmul, *map(tf.constant, operands))


def torch_product(operands: Operands) -> Callable[[], Any]:
    """``torch.matmul``; on a CPU it returns when done."""
    import torch

    return partial(torch.matmul, *map(torch.from_numpy, operands))


def jax_product(operands: Operands) -> Callable[[], Any]:
    """``jax.numpy.matmul`` under ``jax.jit``, waited for."""
    import jax
    import jax.numpy as jnp

    multiply = jax.jit(partial(jnp.matmul, precision="highest"))
    placed = [jnp.asarray(operand) for operand in operands]
    return lambda: multiply(*placed).block_until_ready()


PRODUCTS: dict[str, Callable[[Operands], Callable[[], Any]]] = {
    "numpy": numpy_product,
    "tensorflow": tensorflow_product,
    "torch": torch_product,
    "jax": jax_product,
}


BYTES = "numpy-bytes"
"""Instead of a framework: the plain way to move so many bytes from one place to another."""


def numpy_bytes(mebibytes: int) -> Callable[[], Any]:
    """``numpy.copyto``, between two arrays of float32 that are there already."""
    source = np.ones(mebibytes * 2**18, np.float32)
    return partial(np.copyto, np.zeros_like(source), source)


def random_operands(size: int) -> Operands:
    """Two square matrices uniform on [0, 1), float32."""
    random = np.random.default_rng(size)
    return random.random((size, size), dtype=np.float32), random.random((size, size), dtype=np.float32)


def main() -> None:
    """Serve bursts until standard input ends."""
    framework, size = sys.argv[1], int(sys.argv[2])
    end_with_parent(int(sys.argv[3]))
    call = numpy_bytes(size) if framework == BYTES else PRODUCTS[framework](random_operands(size))
    clock = time.perf_counter
    for line in sys.stdin:
        untimed, timed = map(int, line.split())
        for _ in range(untimed):
            call()
        seconds = []
        for _ in range(timed):
            start = clock()
            call()
            seconds.append(clock() - start)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
