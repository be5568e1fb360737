"""Eigenvalues and eigenvectors by TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from models.kernel import Kernel, Problem
from models.on_tensorflow import eagerly, kernel


def eigh(problem: Problem) -> Kernel:
    """``tf.linalg.eigh``."""
    return kernel(problem, eagerly(tf.linalg.eigh, problem.device))
