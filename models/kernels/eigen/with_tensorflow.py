"""Eigenvalues and eigenvectors by TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.workload import Problem
from likeforlike.models.frameworks.on_tensorflow import eagerly, kernel


def eigh(problem: Problem) -> Kernel:
    """``tf.linalg.eigh``."""
    return kernel(problem, eagerly(tf.linalg.eigh, problem.device))
