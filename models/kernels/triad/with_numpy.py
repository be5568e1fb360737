"""a = b + s c by NumPy, into an array that is there already: in two passes, and in blocks on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.kernels.triad.workload import SCALAR

_BLOCK_BYTES = 2**19
"""Half of a core's own cache on current servers."""


def plain(problem: Problem) -> Kernel:
    """The product written to ``a``, then ``b`` added to it: five arrays pass through memory, not three."""
    kept = np.zeros_like(problem.operands[0])

    def work(b: np.ndarray, c: np.ndarray) -> np.ndarray:
        np.multiply(c, SCALAR, out=kept)
        np.add(kept, b, out=kept)
        return kept

    return kernel(problem, work)


def blocked(problem: Problem) -> Kernel:
    """Blocks are computed in the caches and copied to ``a``, on as many threads as the cell has.

    As the implementation's environment sets glibc, the copy writes past the caches; else each line of ``a``
    would be read before it is written, and a fourth array would pass through memory.
    """
    kept = np.zeros_like(problem.operands[0])
    rows = max(1, _BLOCK_BYTES // kept[0].nbytes)
    threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    shares = np.linspace(0, len(kept), threads + 1).astype(int)
    blocks = [np.empty_like(kept[:rows]) for _ in range(threads)]
    pool = ThreadPoolExecutor(threads)

    def work(b: np.ndarray, c: np.ndarray) -> np.ndarray:
        def share(number: int) -> None:
            stop = shares[number + 1]
            for start in range(shares[number], stop, rows):
                part = slice(start, min(start + rows, stop))
                block = blocks[number][: part.stop - start]
                np.multiply(c[part], SCALAR, out=block)
                np.add(block, b[part], out=block)
                kept[part] = block

        list(pool.map(share, range(threads)))
        return kept

    return kernel(problem, work)
