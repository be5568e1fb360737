"""A brought Keras model, and what Keras offers of itself for inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.inference.own.rows import Question, asked
from likeforlike.models.inference.with_keras import on_host
from likeforlike.models.loops.keras_fit import device_name


def model_of(question: Problem) -> Any:
    """The model on its device, with its starting weights."""
    assert isinstance(question, Question)
    found = question.network()
    with keras.device(device_name(question.device)):
        model = found.build(MATCHED)
        if not model.built or not model.weights:  # a subclassed model makes its weights when it is called
            model(keras.ops.convert_to_tensor(question.operands[0][:1]), training=False)
    variables = {variable.path: variable for variable in model.weights}
    for match in found.matches:
        variables[match.own].assign(match.to_own(question.weights[match.name]))
    return model


def predict(question: Problem) -> Kernel:
    """``Model.predict`` as it is called on an array, with a batch as large as that."""
    model, batch = model_of(question), question.axes["batch"]
    return _kernel(question, lambda inputs: model.predict(inputs, batch_size=batch, verbose=0))


def predict_on_batch(question: Problem) -> Kernel:
    """``Model.predict_on_batch``."""
    return _kernel(question, model_of(question).predict_on_batch)


def _kernel(question: Problem, work: Callable[[np.ndarray], Any]) -> Kernel:
    """Samples come from the host and outputs go back there, whatever the device: that is what is offered."""

    def placed(inputs: np.ndarray) -> Any:
        with keras.device(device_name(question.device)):
            return work(inputs)

    return asked(on_host, question, placed)
