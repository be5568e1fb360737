"""The convolution by NumPy: nine products of matrices."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel


def plain(problem: Problem) -> Kernel:
    """For each of the nine places in the kernel the image, moved there, times that place's matrix."""
    return kernel(problem, _nine_products)


def _nine_products(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    total = padded[:, :height, :width] @ weights[0, 0]
    for dy, dx in list(np.ndindex(3, 3))[1:]:
        total += padded[:, dy : dy + height, dx : dx + width] @ weights[dy, dx]
    return total
