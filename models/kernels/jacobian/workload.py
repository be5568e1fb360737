"""Gradient and Jacobian of y = 3x² + 2x + 3 at [1, 3], and at longer vectors between."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload

WHATS = ("gradient", "jacobian")
TOLERANCE = 1e-9
"""Relative. Central differences in float64 are right to about eps^(2/3) · y / y' = 4e-11 · 2; a derivative
taken in float32, 1e-7, is not."""


def memory_bytes(axes: Axes) -> int:
    """Vectors, and for the Jacobian six matrices of float64: result, its batch and derivatives, the check."""
    size = axes["size"]
    return 8 * (32 * size + (6 * size * size if axes["what"] == "jacobian" else 0))


def problem(axes: Axes, device: str) -> Problem:
    """``size`` points evenly from 1 to 3, float64: two of them are the notebook's [1, 3]."""
    return Problem((np.linspace(1.0, 3.0, axes["size"]),), "float64", device, axes)


def verify(axes: Axes, problem: Problem, answer: object) -> Verification:
    """Largest error of an element relative to the derivative of its row, 6x + 2 by hand."""
    (x,) = problem.operands
    derivative = 6.0 * x + 2.0
    exact = derivative if axes["what"] == "gradient" else np.diag(derivative)
    found = np.asarray(answer)
    if found.shape != exact.shape:
        return Verification(math.inf, TOLERANCE)
    row_scale = derivative if axes["what"] == "gradient" else derivative[:, np.newaxis]
    return Verification(float(np.max(np.abs(found - exact) / row_scale)), TOLERANCE)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The gradient in full; the Jacobian times drawn signs, which must be the derivative times those."""
    (x,) = problem.operands
    signs = random.choice([-1.0, 1.0], size=len(x))
    is_gradient = axes["what"] == "gradient"
    shape = (len(x),) if is_gradient else (len(x), len(x))

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        found = np.asarray(kernel.to_numpy(result))
        if found.shape != shape:
            return Verification(math.inf, TOLERANCE)
        derivative = 6.0 * factors * x + 2.0
        error = found - derivative if is_gradient else found @ signs - derivative * signs
        return Verification(float(np.max(np.abs(error) / derivative)), TOLERANCE)

    return check


WORKLOAD = Workload(
    name="jacobian",
    summary="gradient and Jacobian of y = 3x² + 2x + 3",
    axes=(
        Axis("size", smoke=(2,), quick=(1000,), published=(2,), unit="points", size=True),
        Axis("what", smoke=WHATS, quick=("jacobian",), published=WHATS, type="str", choices=WHATS),
    ),
    memory_bytes=memory_bytes,
    problem=problem,
    precision="float64",
    verify=verify,
    probe=probe,
    smoke_only=("tf-gradient-tape", "finite-differences"),
    wording=Wording(
        title="Jacobian: automatic against by hand",
        by_hand="y = 3x² + 2x + 3, whose derivative by hand is 6x + 2: at [1, 3] the gradient is [8, 20] and "
        "the Jacobian diag(8, 20).",
    ),
    order=20,
)
