"""Layer normalisation by NumPy."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.layernorm.workload import EPSILON


def plain(problem: Problem) -> Kernel:
    """One pass over the matrix for each operation."""
    return kernel(problem, _work)


def _work(x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    centred *= 1 / np.sqrt(variance + x.dtype.type(EPSILON))
    centred *= gain
    centred += bias
    return centred
