"""The product of two square matrices of random numbers, uniform or normal."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.matmul.verification import BLOCK_ROWS, FULL_CHECK_SIZE, probe, verify

_BYTES = {"float64": 8, "float32": 4, "tf32": 4, "bfloat16": 2, "float16": 2}
_SEED = 2020
DTYPES = tuple(_BYTES)
"""The precision modes."""


def flop(axes: Axes) -> float:
    """2 n³: n multiplications and n additions for each of n² elements."""
    return 2.0 * axes["size"] ** 3


def bytes_moved(axes: Axes) -> float:
    """Three matrices: both operands and the result."""
    return 3.0 * axes["size"] ** 2 * _BYTES[axes["dtype"]]


def memory_bytes(axes: Axes) -> int:
    """On the host: operands, their copies in the precision mode, two results, the answer, and the check.

    One more copy of the first operand, which is changed from call to call. Two results, since one is still
    held while the next is made; one more matrix for a BLAS that packs its operands, and three in float32
    for a compiler that widens 16-bit ones (XLA on a CPU does). The full check holds four matrices in
    float64, the sketch (above 2000) a block of rows.
    """
    size, item = axes["size"], _BYTES[axes["dtype"]]
    host_item = max(item, 4)
    working = 3 * host_item + (5 + 2 + 1) * item + (3 * 4 if item == 2 else 0)
    check = 4 * 8 * (size if size <= FULL_CHECK_SIZE else BLOCK_ROWS)
    return size * (size * working + check)


def problem(axes: Axes, device: str) -> Problem:
    """Two matrices uniform on [0, 1) or standard normal, float64 or float32, from a seed of the size."""
    size, dtype = axes["size"], axes["dtype"]
    host = np.float64 if dtype == "float64" else np.float32
    random = np.random.default_rng([_SEED, size])
    draw = random.standard_normal if axes.get("operands") == "normal" else random.random
    operands = tuple(draw((size, size), dtype=host) for _ in range(2))
    return Problem(operands, dtype, device, axes)


WORKLOAD = Workload(
    name="matmul",
    summary="product of two square matrices",
    axes=(
        Axis(
            "size",
            smoke=(64, 256),
            quick=(500, 1000, 2000),
            published=(500, 1000, 5000, 10000),
            label="size n of the n × n matrices",
            size=True,
        ),
        precision_axis(DTYPES),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    distributions=("uniform", "normal"),
    smoke_only=("numpy", "tf-eager", "tf-graph"),
    # torch.compile hands a single product to the library that torch calls, and compiles in every process
    quick_only=("numpy", "tf-eager", "tf-graph", "tf-xla", "torch", "jax"),
    multiplies=True,
    transfers=True,
    wording=Wording(
        title="Matrix products",
        section="products",
        about="Square matrices, one product a sample; operations are 2 n³.",
        noun="product",
        growth="a product alone grows to the 3rd power",
    ),
    order=10,
)
