"""NumPy's BLAS, into buffers that are used again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from likeforlike.models.tasks.mlp.floors.floor import Floor, Job, Pass, Way, every_layout
from likeforlike.models.tasks.mlp.floors.layouts import Layout


class Buffered:
    """Products into one buffer for each place in a batch, made in the first batch."""

    def __init__(self) -> None:
        self.buffers: list[np.ndarray] = []
        self.place = 0

    def begin(self) -> Buffered:
        """The next product is a batch's first."""
        self.place = 0
        return self

    def product(
        self,
        left: np.ndarray,
        right: np.ndarray,
        *,
        left_transposed: bool = False,
        right_transposed: bool = False,
    ) -> np.ndarray:
        """``left @ right``."""
        left, right = left.T if left_transposed else left, right.T if right_transposed else right
        if self.place == len(self.buffers):
            self.buffers.append(np.empty((left.shape[0], right.shape[1]), left.dtype))
        self.place += 1
        return np.matmul(left, right, out=self.buffers[self.place - 1])

    def add_product(self, total: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """``total += left @ right``."""
        return np.add(total, self.product(left, right), out=total)


class FloorNumpy(Floor):
    """The products by whichever BLAS NumPy was built with."""

    name = "floor-numpy"
    library = "NumPy"

    @classmethod
    def ways_of(cls, job: Job) -> tuple[Way, ...]:
        """Every layout."""
        return every_layout(_pass, job)


def _pass(job: Job, layout: Layout) -> Pass:
    kernels = job.laid_out(layout)
    batches = [job.images[i * job.batch_size : (i + 1) * job.batch_size] for i in range(job.whole)]
    buffered, last = Buffered(), Buffered()

    def once() -> Sequence[Any]:
        gradients: Sequence[Any] = ()
        for batch in batches:
            gradients = layout.products(buffered.begin(), batch, kernels)
        if job.rest is not None:
            gradients = layout.products(last.begin(), job.images[job.rest], kernels)
        return gradients

    return once
