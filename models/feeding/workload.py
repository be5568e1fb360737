"""Feeding, declared: every sample once an epoch, with its label, in a fresh order, in batches.

A sample's label begins with its own number, so that an epoch's labels tell its order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification, WrongAnswer
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.feeding.epoch import Answer, changed, in_rows

_PIXELS = 784
_SEED = 2020
_BYTES = 4 * (_PIXELS + 1)
"""Of a sample: 784 pixels as float32, a label as int32."""
LEAST_SAMPLES = 256
"""Of fewer nobody could tell a drawn order from another one."""
_DEVIATIONS = 6.0
_MOST_NEIGHBOURS = 12
"""Pairs that follow each other as they did before: one on average, of a Poisson distribution nearly; more
than 12 in one order of 10¹⁰."""
_RIGHT = Verification(0.0, 0.0)


def bytes_moved(axes: Axes) -> float:
    """Every sample read once and written once, into its batch."""
    return 2.0 * axes["samples"] * _BYTES


def memory_bytes(axes: Axes) -> int:
    """Images as drawn, as given and as a shuffling buffer holds them; the proof's copy of one column."""
    return 4 * axes["samples"] * _BYTES + 64 * axes["samples"] + 64 * axes["batch"] * _BYTES


def problem(axes: Axes, device: str) -> Problem:
    """Images [samples, 784] of noise, and labels [samples]: the samples' numbers, as int32."""
    samples = axes["samples"]
    draw = np.random.default_rng([_SEED, samples])
    images = draw.integers(1, 256, size=(samples, _PIXELS), dtype=np.uint8).astype(np.float32)
    images /= np.float32(256)
    return Problem((images, np.arange(samples, dtype=np.int32)), "float32", device, axes)


def verify(axes: Axes, problem: Problem, answer: Answer) -> Verification:
    """Every sample once, whole, with its label, in a drawn order. Raises WrongAnswer with what is not."""
    hold(axes, problem, answer, np.ones(axes["samples"]))
    return _RIGHT


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The same of the changed images, and in another order than every timed epoch before."""
    seen: set[bytes] = set()

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        hold(axes, problem, answer, factors)
        order = answer[0].astype(np.int64).tobytes()
        if order in seen:
            raise WrongAnswer("an epoch has the order of an earlier one, expected a fresh order each time")
        seen.add(order)
        return _RIGHT

    return check


def hold(axes: Axes, problem: Problem, answer: Answer, factors: np.ndarray) -> None:
    """Raise WrongAnswer, in a line, for an epoch that is not what was asked for."""
    labels, sizes, column, pixels, number, images, targets = answer
    samples, batch = axes["samples"], axes["batch"]
    _hold_sizes(sizes, samples, batch)
    _hold_each_once(labels, samples)
    own, told = in_rows(problem.operands[-2]), problem.operands[-1]
    if images.dtype != own.dtype:
        raise WrongAnswer(f"images came as {images.dtype}, expected {own.dtype}")
    expected = changed(own[labels, int(column)], factors[labels])
    if not np.array_equal(pixels, expected):
        strange = int(labels[np.flatnonzero(pixels != expected)[0]])
        raise WrongAnswer(
            f"label {strange} came with the row of another sample, or with one prepared earlier"
        )
    rows = labels[int(number) * batch : (int(number) + 1) * batch]
    if not np.array_equal(images, changed(own[rows], factors[rows])):
        raise WrongAnswer(f"the images of batch {int(number) + 1} are not those of their labels")
    if not np.array_equal(targets, told[rows]):
        raise WrongAnswer(f"the labels of batch {int(number) + 1} are not those of its samples")
    _hold_drawn(labels)


def _hold_sizes(sizes: np.ndarray, samples: int, batch: int) -> None:
    whole, rest = divmod(samples, batch)
    expected = [batch] * whole + [rest] * (rest > 0)
    if sizes.tolist() != expected:
        found = f"{len(sizes)} batches with {int(sizes.sum())} samples"
        raise WrongAnswer(
            f"an epoch came as {found}, expected {len(expected)} with {samples}, all but the last of {batch}"
        )


def _hold_each_once(labels: np.ndarray, samples: int) -> None:
    outside = labels[(labels < 0) | (labels >= samples)]
    if len(outside):
        raise WrongAnswer(f"label {int(outside[0])} is no sample's, expected 0 to {samples - 1}")
    counts = np.bincount(labels, minlength=samples)
    if np.any(counts != 1):
        sample = int(np.flatnonzero(counts != 1)[0])
        raise WrongAnswer(f"sample {sample} came {int(counts[sample])} times in an epoch, expected once")


def _hold_drawn(labels: np.ndarray) -> None:
    """An order in which neighbours part, and samples stand as far from their places as by chance.

    Of a uniform permutation of n, Spearman's footrule Σ |place - number| has mean (n² - 1) / 3 and variance
    (n + 1)(2 n² + 7) / 45 (Diaconis and Graham, J. R. Stat. Soc. B 39(2), 1977); six deviations either way.
    """
    n = len(labels)
    neighbours = int((np.diff(labels.astype(np.int64)) == 1).sum())
    if neighbours > _MOST_NEIGHBOURS:
        raise WrongAnswer(
            f"{neighbours} of {n} samples follow the one before them as in the arrays: not shuffled singly"
        )
    moved = float(np.abs(labels - np.arange(n)).sum())
    mean, deviation = (n * n - 1) / 3, math.sqrt((n + 1) * (2 * n * n + 7) / 45)
    if abs(moved - mean) > _DEVIATIONS * deviation:
        raise WrongAnswer(
            f"samples stand {moved / n:.3g} places from where they were, expected {mean / n:.3g}: "
            "the order is not drawn from all"
        )


WORKLOAD = Workload(
    name="feeding",
    summary="an epoch of batches of images and labels in a fresh order, and nothing done with them",
    axes=(
        Axis(
            "samples",
            smoke=(1000,),
            quick=(10_000,),
            published=(10_000, 60_000),
            unit="samples",
            size=True,
            least=LEAST_SAMPLES,
        ),
        Axis("batch", smoke=(64,), quick=(32, 64, 256)),
    ),
    bytes_moved=bytes_moved,
    items=lambda axes: float(axes["samples"]),
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    feeds=True,
    wording=Wording(
        title="Feeding: the input pipeline alone",
        about="One epoch a sample: images of 784 pixels with their labels, in a fresh order, in batches that "
        "nobody trains on. Every sample comes once and with its label, which is checked.",
        noun="epoch of feeding",
        plural="epochs of feeding",
        items="samples",
        growth="the work grows to the 1st power",
    ),
    order=81,
)
