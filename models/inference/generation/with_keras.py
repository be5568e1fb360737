"""Generation as Keras's users write it: ``Model.predict`` for each character."""

from __future__ import annotations

from typing import Any

import numpy as np

from likeforlike.models.contract.kernel import Kernel, widened
from likeforlike.models.contract.problem import Problem
from likeforlike.models.inference.generation.with_numpy import moved_on
from likeforlike.models.inference.generation.workload import CONTEXT, SUBJECT, numbers_of, weight_names
from likeforlike.models.inference.with_keras import model_with, on_host


def model_of(problem: Problem) -> Any:
    """The model on the problem's device, in its precision, with its weights."""
    weights = dict(zip(weight_names(), problem.operands[1:], strict=True))
    return model_with(SUBJECT.network("keras"), weights, problem)


def predict(problem: Problem) -> Kernel:
    """``Model.predict`` of the window, the batch in one step."""
    model, batch = model_of(problem), problem.axes["batch"]

    def generate(prompt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        window = numbers_of(prompt, problem.dtype)
        for _ in range(CONTEXT):
            logits = widened(model.predict(window, batch_size=batch, verbose=0)[:, -1])
            window = moved_on(window, logits)
        return window, logits

    return on_host(problem, generate)
