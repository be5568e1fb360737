"""Inference, declared: the images of a batch to logits, by the networks of the tasks.

Errors are relative to the norm of an image's logits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.against_reference import widened_problem
from likeforlike.models.contract.axis import Axis, precision_axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload
from likeforlike.models.inference.subjects import SUBJECTS, tolerance_of, weight_count, weight_names
from likeforlike.models.kernels.precision_modes import BYTES

_PIXELS, _CLASSES = 784, 10
_SEED = 2020
_NETWORKS = tuple(SUBJECTS)


def flop(axes: Axes) -> float:
    """Of products and convolutions alone; everything else is linear in the layers."""
    return axes["batch"] * SUBJECTS[axes["network"]].flop


def bytes_moved(axes: Axes) -> float:
    """Weights and images read, logits written."""
    numbers = weight_count(axes["network"]) + axes["batch"] * (_PIXELS + _CLASSES)
    return float(numbers * BYTES[axes["dtype"]])


def memory_bytes(axes: Axes) -> int:
    """Three copies of the weights and of all between images and logits, float32; the proof's in float64."""
    numbers = weight_count(axes["network"]) + axes["batch"] * SUBJECTS[axes["network"]].between
    return numbers * (3 * 4 + 2 * 8)


def images(batch: int) -> np.ndarray:
    """Noise [batch, 784], float32: multiples of 2⁻⁸ in [0, 1), exact in every precision mode."""
    draw = np.random.default_rng([_SEED, batch])
    return draw.integers(256, size=(batch, _PIXELS)).astype(np.float32) / np.float32(256)


def problem(axes: Axes, device: str) -> Problem:
    """The images, then the weights in the order of :func:`weight_names`."""
    weights = SUBJECTS[axes["network"]].weights()
    return Problem((images(axes["batch"]), *weights.values()), axes["dtype"], device, axes)


def tolerance(axes: Axes) -> float:
    """The largest honest error of an image's logits, relative to their norm."""
    return tolerance_of(SUBJECTS[axes["network"]], axes["dtype"])


def reference(problem: Problem, factors: np.ndarray | None = None) -> np.ndarray:
    """Logits [batch, 10] in float64 of images and weights as the mode has them."""
    inputs, *weights = widened_problem(problem, factors).operands
    network = problem.axes["network"]
    return SUBJECTS[network].logits(dict(zip(weight_names(network), weights, strict=True)), inputs)


def verify(axes: Axes, problem: Problem, answer: Any) -> Verification:
    """Every image's logits against the reference."""
    return _held(reference(problem), answer, tolerance(axes))


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The same, of the images times their factors."""
    bound = tolerance(axes)

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        return _held(reference(problem, factors), answer, bound)

    return check


def _held(expected: np.ndarray, answer: Any, bound: float) -> Verification:
    found = np.asarray(answer, np.float64)
    if found.shape != expected.shape:
        return Verification(math.inf, bound)
    errors = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    return Verification(float(np.max(errors)), bound)


WORKLOAD = Workload(
    name="inference",
    summary="logits of a batch of images by the networks of the tasks",
    axes=(
        Axis("network", smoke=_NETWORKS[:1], quick=_NETWORKS, type="str", choices=_NETWORKS),
        Axis("batch", smoke=(1, 8), quick=(1, 8, 64, 256), unit="images", size=True),
        precision_axis(("float32", "bfloat16"), quick=("float32", "bfloat16")),
    ),
    flop=flop,
    bytes_moved=bytes_moved,
    items=lambda axes: float(axes["batch"]),
    memory_bytes=memory_bytes,
    problem=problem,
    verify=verify,
    probe=probe,
    presets=(),
    wording=Wording(
        title="Inference",
        about="One batch of images to logits a sample; operations are those of products and convolutions.",
        noun="inference",
        items="images",
        growth="the products alone grow to the 1st power",
    ),
    order=80,
)
