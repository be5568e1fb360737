"""Eigenvalues and eigenvectors: the notebook's [[3, 2], [2, 3]], and larger symmetric matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from likeforlike.models.contract.axis import Axis
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Axes, Probe, Problem, Verification
from likeforlike.models.contract.workload import Wording, Workload

_SEED = 2020
_HOEFFDING = 6.0


def flop(axes: Axes) -> float:
    """10/3 n³, the least a dense solver with eigenvectors does.

    4/3 n³ to reduce to tridiagonal form and 2 n³ to transform the vectors back (Golub and Van Loan,
    Matrix Computations, section 8.3); the tridiagonal problem between depends on the matrix and is left out.
    """
    return 10 / 3 * axes["size"] ** 3


def memory_bytes(axes: Axes) -> int:
    """Twelve matrices of float64: operand, copies, workspace 2 n² (LAPACK syevd), two results, the check."""
    return 8 * 12 * axes["size"] ** 2


def problem(axes: Axes, device: str) -> Problem:
    """[[3, 2], [2, 3]] for size 2, else a symmetric matrix of normal random numbers; float64."""
    size = axes["size"]
    if size == 2:
        return Problem((np.array([[3.0, 2.0], [2.0, 3.0]]),), "float64", device, axes)
    square = np.random.default_rng([_SEED, size]).standard_normal((size, size))
    return Problem(((square + square.T) / 2,), "float64", device, axes)


def tolerance(size: int) -> float:
    """30 n eps, relative to the matrix: the threshold of LAPACK's own tests (LAPACK Working Note 41)."""
    return 30 * size * float(np.finfo(np.float64).eps)


def verify(axes: Axes, problem: Problem, answer: object) -> Verification:
    """The largest of the errors below, relative to ‖A‖; infinite if a shape is wrong.

    A v = λ v for each pair, V orthonormal, Σλ = trace: together they leave no other answer than all
    eigenvalues. For the 2 × 2 matrix also its characteristic polynomial, λ² - 6λ + 5 = 0.
    """
    (matrix,) = problem.operands
    size = len(matrix)
    bound = tolerance(size)
    parts = tuple(np.asarray(part) for part in answer) if isinstance(answer, tuple) else ()
    if [part.shape for part in parts] != [(size,), (size, size)]:
        return Verification(math.inf, bound)
    values, vectors = parts
    scale = float(np.linalg.norm(matrix))
    errors = [
        np.max(np.abs(matrix @ vectors - vectors * values)) / scale,
        np.max(np.abs(vectors.T @ vectors - np.eye(size))),
        abs(values.sum() - np.trace(matrix)) / scale,
    ]
    if size == 2:
        errors.append(np.max(np.abs(values**2 - 6 * values + 5)) / scale**2)
    return Verification(float(np.max(errors)), bound)


def settled(answer: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Each vector with the sign by which its product with 1, 2, 3 ... is positive."""
    values, vectors = map(np.asarray, answer)
    leaning = np.arange(1, len(vectors) + 1) @ vectors
    return values, vectors * np.where(leaning < 0, -1.0, 1.0)


def probe(axes: Axes, problem: Problem, random: np.random.Generator) -> Probe:
    """The errors of :func:`verify` met by drawn signs s, in O(n²): f A V s = V (λ s), Vᵀ V s = s, f trace.

    A sum of n errors of size t with random signs exceeds 6 t √n with a probability of 3e-8 (Hoeffding).
    """
    (matrix,) = problem.operands
    size, bound = len(matrix), tolerance(len(matrix))
    signs = random.choice([-1.0, 1.0], size=size)
    own_scale, own_trace = float(np.linalg.norm(matrix)), float(np.trace(matrix))

    def check(kernel: Kernel, result: Any, factors: np.ndarray) -> Verification:
        answer = kernel.to_numpy(result)
        parts = tuple(np.asarray(part) for part in answer) if isinstance(answer, tuple) else ()
        if [part.shape for part in parts] != [(size,), (size, size)]:
            return Verification(math.inf, bound)
        values, vectors = parts
        factor = factors[0]  # of all rows
        scale = factor * own_scale
        mixed, likely = vectors @ signs, _HOEFFDING * math.sqrt(size)
        errors = [
            np.max(np.abs(factor * (matrix @ mixed) - vectors @ (values * signs))) / scale / likely,
            np.max(np.abs(vectors.T @ mixed - signs)) / likely,
            abs(values.sum() - factor * own_trace) / scale,
        ]
        return Verification(float(np.max(errors)), bound)

    return check


WORKLOAD = Workload(
    name="eigen",
    summary="eigenvalues and eigenvectors of symmetric matrices",
    axes=(Axis("size", smoke=(2,), quick=(200,), published=(2,), least=2, size=True),),
    flop=flop,
    memory_bytes=memory_bytes,
    problem=problem,
    precision="float64",
    verify=verify,
    settled=settled,
    probe=probe,
    rows_alike=True,
    smoke_only=("numpy-eigh", "tf-eigh"),
    wording=Wording(
        title="Eigenvalues: computed against by hand",
        by_hand="[[3, 2], [2, 3]] has the characteristic polynomial l² - 6l + 5 with the roots 5 and 1; "
        "larger symmetric matrices are checked by the residual A v - l v.",
    ),
    order=30,
)
