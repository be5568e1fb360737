"""Batches by ``tf.data``, with and without prefetching."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.feeding.epoch import Batches, fed
from likeforlike.models.frameworks.on_tensorflow import sharing


def plain(problem: Problem) -> Kernel:
    """Sliced, shuffled in a buffer of all samples, batched."""
    return fed(problem, lambda *arrays: _started(_dataset(*arrays)), in_place)


def prefetched(problem: Problem) -> Kernel:
    """The same, the next batch being made while one is taken."""
    return fed(problem, lambda *arrays: _started(_dataset(*arrays).prefetch(tf.data.AUTOTUNE)), in_place)


def in_place(tensor: Any) -> np.ndarray:
    """The tensor's memory on the host, read where it is: ``numpy()`` would copy it."""
    return np.asarray(memoryview(tensor))


def _dataset(images: np.ndarray, labels: np.ndarray, batch: int) -> Any:
    with tf.device("/CPU:0"):
        slices = tf.data.Dataset.from_tensor_slices((sharing(images), tf.constant(labels)))
        return slices.shuffle(len(labels), seed=2020, reshuffle_each_iteration=True).batch(batch)


def _started(dataset: Any) -> Batches:
    def epoch() -> Iterable[tuple[Any, Any]]:
        return iter(dataset)

    return epoch
