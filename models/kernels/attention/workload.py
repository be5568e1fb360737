"""Scaled dot-product attention: softmax(Q Kᵀ / √width) V for each head, with or without a causal mask.

The operands are values, queries, keys, in that order: what changes between timed calls are the values, each
batch entry's times a factor. The answer is linear in them, so that every element of every timed call can be
held against the reference, computed once; a factor on the queries would need all of it anew. That the
weights are computed in each call is not shown thereby: they could be kept, in sequence² numbers a head.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.problem import Axes, Problem
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels.precision_modes import BYTES, PRODUCT_MODES, host_bytes, host_type
from likeforlike.models.kernels.random_sums import CUT_VARIANCE, Sums, probe, rounding, signed, verify

CAUSAL = "causal"
MASKS = ("none", CAUSAL)
_SEED = 2020
_BLOCK_ROWS = 512
_LARGEST_SCORE = 6.0
_EXPONENTIAL = 16.0


def numbers(axes: Axes) -> int:
    """In each operand, and in the result."""
    return math.prod(axes[name] for name in ("batch", "heads", "sequence", "width"))


def flop(axes: Axes) -> float:
    """4 for each pair of a query and a key that it may see, times the width: two products.

    Of s queries there are s² pairs, with a causal mask s (s + 1) / 2; the softmax is not counted.
    """
    length = axes["sequence"]
    pairs = length * (length + 1) // 2 if axes["mask"] == CAUSAL else length**2
    return 4.0 * axes["batch"] * axes["heads"] * pairs * axes["width"]


def bytes_moved(axes: Axes) -> float:
    """Queries, keys and values read, the result written; scores need never leave the processor."""
    return 4.0 * numbers(axes) * BYTES[axes["dtype"]]


def memory_bytes(axes: Axes) -> int:
    """On the host: three operands, three copies in the mode, the changed values, two results and the answer;
    scores, masked ones and weights, in the mode and in float32 at least, and the mask; the check, three
    operands and four results in float64 and a block of scores three times.
    """
    each, length, item = numbers(axes), axes["sequence"], BYTES[axes["dtype"]]
    host_item = host_bytes(axes["dtype"])
    pairs = axes["batch"] * axes["heads"] * length**2
    check = 7 * 8 * each + 3 * 8 * min(_BLOCK_ROWS, length) * length
    return each * (4 * host_item + 12 * item) + pairs * (3 * host_item + 2 * item) + 2 * length**2 + check


def problem(axes: Axes, device: str) -> Problem:
    """Values of random sign, queries and keys normal: [batch, heads, sequence, width] each.

    A score, of a query and a key over √width, is then a number around 0 with standard deviation 1.
    """
    shape = tuple(axes[name] for name in ("batch", "heads", "sequence", "width"))
    random = np.random.default_rng([_SEED, *shape])
    values = signed(random, shape, axes["dtype"])
    queries, keys = (random.standard_normal(shape, dtype=host_type(axes["dtype"])) for _ in range(2))
    return Problem((values, queries, keys), axes["dtype"], device, axes)


def scale(problem: Problem) -> float:
    """What scores are multiplied by: 1 / √width."""
    return 1.0 / math.sqrt(problem.axes["width"])


def with_mask(problem: Problem) -> Problem:
    """The problem with the mask as a fourth operand, true where a query may see a key; for plain ones."""
    if problem.axes["mask"] != CAUSAL:
        return problem
    length = problem.axes["sequence"]
    return replace(problem, operands=(*problem.operands, np.tri(length, dtype=bool)))


def reference(problem: Problem) -> Sums:
    """In float64, by blocks of queries; ρ is √Σ (weight · value)²."""
    values, queries, keys = problem.operands
    found, squares = np.empty_like(values), np.empty_like(values)
    for place in np.ndindex(values.shape[:2]):
        for rows, weights in _weights(queries[place], keys[place], problem):
            found[place][rows] = weights @ values[place]
            squares[place][rows] = np.square(weights) @ np.square(values[place])
    return Sums(found, np.sqrt(squares))


def _weights(queries: np.ndarray, keys: np.ndarray, problem: Problem) -> Iterator[tuple[slice, np.ndarray]]:
    """Softmax of the scores, [rows, keys], of block after block of queries."""
    for start in range(0, len(queries), _BLOCK_ROWS):
        rows = slice(start, min(start + _BLOCK_ROWS, len(queries)))
        scores = queries[rows] @ keys.T * scale(problem)
        if problem.axes["mask"] == CAUSAL:
            hidden = np.arange(len(keys)) > np.arange(rows.start, rows.stop)[:, np.newaxis]
            scores[hidden] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        yield rows, weights / weights.sum(axis=1, keepdims=True)


def variance(axes: Axes) -> float:
    """Of an error in ρ: by the shares by which weights, values and their sum are wrong.

    In the accumulator's precision (float32; float64's own, twice, for the reference is no better), each
    rounding u²/3:

    - a score, an absolute error and thereby its weight's share: its products and their sum, (width + 3) / 2;
    - the exponential: its argument, up to 2 · 6 below the largest score (scores pass 6 once in 10⁹ times),
      and 4 roundings of its own: as of a number 16 times as large, 16²;
    - the sum of weights, all positive, Σ (k / s)² = s / 3, and the division, 1;
    - the sum of weighted values, (s + 3) / 2.

    In what is stored: query and key where they are scaled, 2; a score of 6 at most, 6²; a weight before and
    after the division, 2; partial sums, the result, and the values times their factor, 3. TF32 cuts queries,
    keys, weights and values to 10 bits.
    """
    dtype, width, length = axes["dtype"], axes["width"], axes["sequence"]
    roundings = (width + 3) / 2 + _EXPONENTIAL**2 + length / 3 + 1 + (length + 3) / 2
    stored = (2 + _LARGEST_SCORE**2 + 2 + 3) * rounding(dtype)
    if dtype == "float64":
        return 2 * (roundings * rounding("float64") + stored)
    cut = 4 * CUT_VARIANCE if dtype == "tf32" else 0.0
    return roundings * rounding("float32") + stored + cut


WORKLOAD = Workload(
    name="attention",
    summary="scaled dot-product attention, causal or not",
    axes=(
        Axis("mask", smoke=MASKS, type="str", choices=MASKS),
        Axis("batch", smoke=(2,), quick=(4,), unit="sequences"),
        Axis("heads", smoke=(2,), quick=(8,)),
        Axis(
            "sequence", smoke=(16, 64), quick=(128, 512), published=(128, 512, 2048), unit="tokens", size=True
        ),
        Axis("width", smoke=(16,), quick=(64,), unit="numbers"),
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
    wording=Wording(
        title="Attention",
        about="Scaled dot products of queries with keys, softmax in float32 at least, and the values that it "
        "weighs; operations are those of the two products, of pairs that the mask lets see.",
        growth="the two products alone grow to the 2nd power",
    ),
)
