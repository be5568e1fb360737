"""Rows of a table looked up by number (gather), and rows added up by number (scatter-add).

The second is the first's derivative: out[v] = Σ updates[t] over all t with numbers[t] = v, 0 where there is
none; the result is the whole table, made anew in each call.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from likeforlike.models.contract.against_reference import widened_problem
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.kernels import random_sums
from likeforlike.models.kernels.precision_modes import BYTES, MODES, host_bytes
from likeforlike.models.kernels.random_sums import Sums, rounding, signed

GATHER, SCATTER = "gather", "scatter-add"
_SEED = 2020
_NUMBER_BYTES = 4
_LEAST_COPIES = 4


def copies(axes: Axes) -> int:
    """How often a row's number can be among the tokens at most."""
    return max(_LEAST_COPIES, -(-axes["tokens"] // axes["vocabulary"]))


@cache
def numbers(vocabulary: int, tokens: int) -> np.ndarray:
    """Row numbers, int64 [tokens], drawn without putting back from as many of each as :func:`copies` says.

    So many come twice and some more often, but none so often that a sum in 16 bits means nothing.
    """
    every = np.arange(vocabulary * copies({"vocabulary": vocabulary, "tokens": tokens})) % vocabulary
    return np.random.default_rng([_SEED, vocabulary, tokens]).permutation(every)[:tokens]


def flop(axes: Axes) -> float | None:
    """One addition for each number of the updates; a look-up computes nothing."""
    return None if axes["what"] == GATHER else float(axes["tokens"] * axes["width"])


def bytes_moved(axes: Axes) -> float:
    """Rows read and written, and the row numbers, of 4 bytes.

    Looked up: each row that is asked for is read once at least, and one written for each token. Added up: a
    row for each token is read, every row of the table written.
    """
    asked = numbers(axes["vocabulary"], axes["tokens"])
    rows = axes["tokens"] + (len(np.unique(asked)) if axes["what"] == GATHER else axes["vocabulary"])
    return float(rows * axes["width"] * BYTES[axes["dtype"]] + _NUMBER_BYTES * axes["tokens"])


def memory_bytes(axes: Axes) -> int:
    """On the host: first operand, its copies in the mode, and the changed one; two results, the answer; row
    numbers; the check in float64, the tokens' rows eight times while they are rounded, the result four times.
    """
    table, rows = axes["vocabulary"] * axes["width"], axes["tokens"] * axes["width"]
    given, made = (table, rows) if axes["what"] == GATHER else (rows, table)
    item, host = BYTES[axes["dtype"]], host_bytes(axes["dtype"])
    check = 8 * (8 * rows + 4 * made)
    drawn = 16 * (axes["vocabulary"] * copies(axes) + 4 * axes["tokens"])
    return (host + 3 * item) * (given + made) + check + drawn


def problem(axes: Axes, device: str) -> Problem:
    """A table [vocabulary, width] or updates [tokens, width], of random sign; row numbers, int64 [tokens]."""
    vocabulary, tokens, width = (axes[name] for name in ("vocabulary", "tokens", "width"))
    random = np.random.default_rng([_SEED, vocabulary, tokens, width])
    rows = signed(random, (vocabulary if axes["what"] == GATHER else tokens, width), axes["dtype"])
    return Problem((rows, numbers(vocabulary, tokens)), axes["dtype"], device, axes)


def reference(problem: Problem) -> Sums:
    """By NumPy in float64; what is added up by sorting the numbers, not one by one."""
    rows, asked = problem.operands
    if problem.axes["what"] == GATHER:
        found = rows[asked]
        return Sums(found, np.abs(found))
    vocabulary = problem.axes["vocabulary"]
    return Sums(_added_up(rows, asked, vocabulary), np.sqrt(_added_up(np.square(rows), asked, vocabulary)))


def _added_up(rows: np.ndarray, asked: np.ndarray, vocabulary: int) -> np.ndarray:
    order = np.argsort(asked, kind="stable")
    different, starts = np.unique(asked[order], return_index=True)
    total = np.zeros((vocabulary, rows.shape[1]))
    total[different] = np.add.reduceat(rows[order], starts, axis=0)
    return total


def variance(axes: Axes) -> float:
    """Of an error in ρ. Looked up: nothing is rounded but the table's rows times their factor.

    Added up: that, the result's rounding, and those of sums of as many numbers as a row can be asked for, in
    the numbers' own precision; for float64 twice that, for the reference is no better.
    """
    dtype = axes["dtype"]
    added = 0.0 if axes["what"] == GATHER else 1 + (copies(axes) + 1) / 2
    return (2.0 if dtype == "float64" else 1.0) * rounding(dtype) * (1 + added)


def verify(axes: Axes, problem: Problem, answer: object) -> Verification:
    """Every element against the reference."""
    return random_sums.verify(reference, variance, axes, _asked_for(problem), answer)


def _asked_for(problem: Problem) -> Problem:
    """The problem with a table of those rows alone that are looked up: the check needs no others."""
    rows, asked = problem.operands
    if problem.axes["what"] != GATHER:
        return problem
    return replace(problem, operands=(rows[asked], np.arange(len(asked))))


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """Every element against the reference, computed once, times the factor that all rows have."""
    sums = reference(widened_problem(_asked_for(problem)))
    bound = random_sums.tolerance(variance(axes))

    def check(kernel: Kernel, result: object, factors: np.ndarray) -> Verification:
        alike = np.full(len(sums.values), factors[0])
        return random_sums.held_against(sums, kernel.to_numpy(result), bound, alike)

    return check


WORKLOAD = Workload(
    name="embedding",
    summary="rows of a table looked up by number (gather), and added up by number (scatter-add)",
    axes=(
        Axis("what", smoke=(GATHER, SCATTER), type="str", choices=(GATHER, SCATTER)),
        Axis("vocabulary", smoke=(60,), quick=(32_000,), unit="rows"),
        Axis(
            "tokens",
            smoke=(16, 64),
            quick=(512, 4096),
            published=(512, 4096, 32_768),
            unit="tokens",
            size=True,
        ),
        Axis("width", smoke=(16,), quick=(512,), unit="numbers"),
        precision_axis(MODES),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    # of a large table the one row that changed might not be asked for
    rows_alike=True,
    smoke_only=("numpy", "tf-eager", "tf-graph"),
    presets=(),
    wording=Wording(
        title="Rows of a table: looked up, added up",
        about="A table of rows; a sample looks up one for each token, or adds one for each token to a table "
        "of zeros.",
        growth="moving the tokens' rows alone grows in proportion to their number",
    ),
)
