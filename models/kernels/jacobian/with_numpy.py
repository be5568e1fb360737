"""Derivatives by central differences."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.jacobian.polynomial import polynomial

STEP = float(np.finfo(np.float64).eps ** (1 / 3))
"""Balances truncation, h², against rounding, eps / h (Press et al., Numerical Recipes, section 5.7)."""


def central_differences(problem: Problem) -> Kernel:
    """Gradient or Jacobian, two evaluations a direction."""
    work = _gradient if problem.axes["what"] == "gradient" else _jacobian
    return kernel(problem, work)


def _gradient(x: np.ndarray) -> np.ndarray:
    """All elements are moved at once, which an elementwise function allows."""
    upper, lower = x + STEP, x - STEP
    return (polynomial(upper) - polynomial(lower)) / (upper - lower)


def _jacobian(x: np.ndarray) -> np.ndarray:
    """Column by column: one element is moved, all of y evaluated. J[i, j] = dyᵢ / dxⱼ."""
    jacobian = np.empty((len(x), len(x)))
    for j in range(len(x)):
        upper, lower = x.copy(), x.copy()
        upper[j] += STEP
        lower[j] -= STEP
        jacobian[:, j] = (polynomial(upper) - polynomial(lower)) / (upper[j] - lower[j])
    return jacobian
