"""Generation, declared: each text is continued by 32 characters, one after the other.

Each character is the one of the largest logit at the last of the 32 places before it; the window then moves
on by one, so that after 32 characters it holds nothing of the prompt. Positions are learned and move with it:
what an earlier pass has computed is of no use to the next, and there is no cache of keys and values to keep.

The prompt comes as fractions, of which a character is the whole part of 128 times one: so it can change from
call to call by factors, as every first operand does, in every precision mode exactly.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from likeforlike.models.contract.against_reference import rounded_to, widened_problem
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.inference.subjects import Subject, tolerance_of
from likeforlike.models.kernels.precision_modes import BYTES
from likeforlike.models.tasks.text.oracle import WIDTHS
from likeforlike.models.tasks.text.task import PRODUCTS_OF_A_WINDOW

CONTEXT, CHARACTERS = WIDTHS.context, WIDTHS.characters
SCALE = 128
"""A power of two above the number of characters: times that a fraction is exact."""
_SEED = 2020
_TOGETHER = 64
"""Windows of the proof that go through the network at once."""

SUBJECT = Subject(
    oracle="likeforlike.models.tasks.text.oracle:ORACLE",
    networks="likeforlike.models.tasks.text",
    flop=2.0 * PRODUCTS_OF_A_WINDOW,
    longest_sum=WIDTHS.inner,
    # the position added; of each block 24; the last normalisation of 4, the last layer of 2
    roundings=55,
    between=CONTEXT * (WIDTHS.width * 60 + 2 * CHARACTERS)
    + 2 * (3 * 4 * CONTEXT**2 + 4 * CONTEXT * WIDTHS.inner),
)


@cache
def weight_names() -> tuple[str, ...]:
    """Canonical names, in the order of a problem's operands."""
    return tuple(SUBJECT.weights())


@cache
def _weight_count() -> int:
    return sum(array.size for array in SUBJECT.weights().values())


def flop(axes: Axes) -> float:
    """Of products alone: a pass over the whole window for each character."""
    return axes["batch"] * CONTEXT * SUBJECT.flop


def bytes_moved(axes: Axes) -> float:
    """Weights and prompts read, characters and the last logits written."""
    numbers = _weight_count() + axes["batch"] * (CONTEXT + CHARACTERS)
    return float(numbers * BYTES[axes["dtype"]] + 4 * axes["batch"] * CONTEXT)


def memory_bytes(axes: Axes) -> int:
    """Three copies of the weights and of all in a pass, float32; for the proof of some windows, float64."""
    at_once = max(axes["batch"], _TOGETHER)
    return (_weight_count() + at_once * SUBJECT.between) * (3 * 4 + 2 * 8)


def prompts(batch: int) -> np.ndarray:
    """Fractions [batch, context] in [0, 3/4), float32: multiples of 2⁻⁸, exact in every precision mode."""
    draw = np.random.default_rng([_SEED, batch])
    return draw.integers(256 * CHARACTERS // SCALE, size=(batch, CONTEXT)).astype(np.float32) / np.float32(
        256
    )


def numbers_of(prompt: np.ndarray, dtype: str) -> np.ndarray:
    """The prompt's characters, int32, of its fractions as the precision mode has them."""
    if dtype == "bfloat16":
        prompt = rounded_to(prompt.astype(np.float64), dtype)
    return (prompt * SCALE).astype(np.int32)


def problem(axes: Axes, device: str) -> Problem:
    """The prompts, then the weights in the order of :func:`weight_names`."""
    operands = (prompts(axes["batch"]), *SUBJECT.weights().values())
    return Problem(operands, axes["dtype"], device, axes)


def tolerance(axes: Axes) -> float:
    """The largest honest error of a window's logits, relative to their norm."""
    return tolerance_of(SUBJECT, axes["dtype"])


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """Every character, and the last logits, against the network in float64."""
    return _held(widened_problem(problem), answer, tolerance(axes))


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The same, of the prompts times their factors."""
    bound = tolerance(axes)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        return _held(widened_problem(problem, factors), answer, bound)

    return check


def _held(exact: Problem, answer: Any, bound: float) -> Verification:
    """How far an answer, characters [batch, 32] and logits [batch, 96], is from what float64 gives.

    Rounding may decide between characters that are as likely but for it, and one such choice changes all that
    follows. So each character is judged by what the answer itself has before it: its logit may fall short of
    the largest by what two logits may be off together, √2 of the tolerance. The logits of the last character
    are held as those of inference are.
    """
    prompt, *weights = exact.operands
    characters, logits = (np.asarray(part) for part in answer)
    batch = len(prompt)
    if characters.shape != (batch, CONTEXT) or logits.shape != (batch, CHARACTERS):
        return Verification(math.inf, bound)
    if characters.dtype.kind not in "iu" or characters.min() < 0 or characters.max() >= CHARACTERS:
        return Verification(math.inf, bound)
    known = np.concatenate([(prompt * SCALE).astype(np.int64), characters.astype(np.int64)], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(known, CONTEXT, axis=1)[:, :CONTEXT]
    truth = _last_logits(dict(zip(weight_names(), weights, strict=True)), windows.reshape(-1, CONTEXT))
    truth = truth.reshape(batch, CONTEXT, CHARACTERS)
    norms = np.linalg.norm(truth, axis=2)
    chosen = np.take_along_axis(truth, characters[..., None].astype(np.int64), axis=2)[..., 0]
    short = (truth.max(axis=2) - chosen) / (math.sqrt(2) * norms)
    off = np.linalg.norm(logits.astype(np.float64) - truth[:, -1], axis=1) / norms[:, -1]
    return Verification(float(np.max([short.max(), off.max()])), bound)


def _last_logits(weights: dict[str, np.ndarray], windows: np.ndarray) -> np.ndarray:
    """Of windows [n, context] the logits at the last place, [n, characters]."""
    parts = np.array_split(windows, range(_TOGETHER, len(windows), _TOGETHER))
    return np.concatenate([SUBJECT.logits(weights, part)[:, -1] for part in parts])


WORKLOAD = Workload(
    name="generation",
    summary="32 characters, each the likeliest after the 32 before it, by the network of characters",
    axes=(
        Axis("batch", smoke=(1,), quick=(1, 8), unit="prompts", size=True),
        precision_axis(("float32", "bfloat16"), quick=("float32", "bfloat16")),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    items=lambda axes: float(axes["batch"] * CONTEXT),
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Generation",
        about="One sample continues every prompt by 32 characters, one after the other: its time over 32 is "
        "the latency of one. Operations are those of products.",
        noun="generation of 32 characters",
        plural="generations of 32 characters",
        items="characters",
        growth="the products alone grow to the 1st power",
    ),
    order=82,
)
