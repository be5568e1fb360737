"""Products of an m × k and a k × n matrix, one or a batch of them at once.

A workload beside that of square products, not further axes of it: those would stand in the ids of its cells,
and results of earlier runs would have no match.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import BYTES, PRODUCT_MODES, host_bytes
from likeforlike.models.kernels.random_sums import Sums, probe, product_variance, signed, verify

_SEED = 2020


def flop(axes: Axes) -> float:
    """2 m k n for each product: k multiplications and k additions for each of m n elements."""
    return 2.0 * axes["batch"] * axes["m"] * axes["k"] * axes["n"]


def elements(axes: Axes) -> tuple[int, int]:
    """Numbers in the operands, and in the result."""
    batch, m, k, n = (axes[name] for name in ("batch", "m", "k", "n"))
    return batch * (m * k + k * n), batch * m * n


def bytes_moved(axes: Axes) -> float:
    """Both operands read, the result written."""
    return float(sum(elements(axes)) * BYTES[axes["dtype"]])


def memory_bytes(axes: Axes) -> int:
    """On the host: operands; three copies in the mode, one that is changed, one placed, one packed; two
    results, the answer; for 16-bit modes all of it once more in float32. The check holds the operands twice
    and four results in float64.
    """
    given, made = elements(axes)
    item = BYTES[axes["dtype"]]
    host_item = host_bytes(axes["dtype"])
    widened = 4 * (given + made) if item == 2 else 0
    return (host_item + 3 * item + 16) * given + (host_item + 2 * item + 32) * made + widened


def problem(axes: Axes, device: str) -> Problem:
    """Numbers of random sign, [batch, m, k] and [batch, k, n]; a batch of one is two plain matrices."""
    batch, m, k, n = (axes[name] for name in ("batch", "m", "k", "n"))
    random = np.random.default_rng([_SEED, batch, m, k, n])
    several = (batch,) if batch > 1 else ()
    left = signed(random, (*several, m, k), axes["dtype"])
    right = signed(random, (*several, k, n), axes["dtype"])
    return Problem((left, right), axes["dtype"], device, axes)


def reference(problem: Problem) -> Sums:
    """NumPy's product in float64, and the product of the squares."""
    left, right = problem.operands
    return Sums(left @ right, np.sqrt(np.square(left) @ np.square(right)))


def variance(axes: Axes) -> float:
    """Of an error in ρ: a sum of k products, stored once."""
    return product_variance(axes["dtype"], axes["k"])


WORKLOAD = Workload(
    name="gemm",
    summary="products of m × k and k × n matrices, alone or in batches",
    axes=(
        Axis("batch", smoke=(1,), quick=(1, 16), unit="products"),
        Axis("m", smoke=(16, 64), quick=(64, 256, 1024), label="rows m of the m × k matrices", size=True),
        Axis("k", smoke=(96,), quick=(512,), published=(1024,)),
        Axis("n", smoke=(48,), quick=(512,), published=(1024,)),
        precision_axis(PRODUCT_MODES),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=partial(verify, reference, variance),
    probe=partial(probe, reference, variance),
    smoke_only=("numpy", "tf-eager", "tf-graph"),
    presets=(),
    multiplies=True,
    wording=Wording(
        title="Products of m × k × n",
        about="Matrices of m × k and k × n, alone or a batch at once; operations are 2 m k n a product.",
        noun="product",
        growth="a product alone grows in proportion to m",
    ),
)
