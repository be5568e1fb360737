"""Attention by NumPy: two products and a softmax."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.attention.workload import scale, with_mask


def plain(problem: Problem) -> Kernel:
    """``numpy.matmul`` twice, and a softmax between, in place."""
    factor = scale(problem)

    def attention(
        values: np.ndarray, queries: np.ndarray, keys: np.ndarray, mask: np.ndarray | None = None
    ) -> np.ndarray:
        scores = queries @ keys.swapaxes(-1, -2)
        scores *= factor
        if mask is not None:
            scores = np.where(mask, scores, scores.dtype.type(-np.inf))
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return scores @ values

    return kernel(with_mask(problem), attention)
