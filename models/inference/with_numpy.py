"""Inference by NumPy, in float32."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.inference.subjects import SUBJECTS, weight_names


def plain(problem: Problem) -> Kernel:
    """The network as the proof has it, but in the problem's precision."""
    network = problem.axes["network"]
    subject, names = SUBJECTS[network], weight_names(network)

    def logits(images: np.ndarray, *weights: np.ndarray) -> np.ndarray:
        return subject.logits(dict(zip(names, weights, strict=True)), images)

    return kernel(problem, logits)
