"""Generation by NumPy, in float32."""

from __future__ import annotations

import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.frameworks.on_numpy import kernel
from likeforlike.models.inference.generation.workload import CONTEXT, SUBJECT, numbers_of, weight_names


def plain(problem: Problem) -> Kernel:
    """The network as the proof has it, but in the problem's precision."""
    names = weight_names()

    def generate(prompt: np.ndarray, *weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        named = dict(zip(names, weights, strict=True))
        window = numbers_of(prompt, problem.dtype)
        for _ in range(CONTEXT):
            logits = SUBJECT.logits(named, window)[:, -1]
            window = moved_on(window, logits)
        return window, logits

    return kernel(problem, generate)


def moved_on(window: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """The window without its first character, and with the likeliest after its last."""
    return np.concatenate([window[:, 1:], logits.argmax(axis=1)[:, None].astype(np.int32)], axis=1)
