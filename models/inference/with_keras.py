"""A Keras model with the problem's weights, and what Keras offers of itself for inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.kernel import Kernel, each, widened
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.frameworks import on_numpy
from likeforlike.models.inference.own.rows import Question, asked
from likeforlike.models.inference.subjects import Named, network_in
from likeforlike.models.loops.keras_fit import device_name


def model_of(problem: Problem) -> Any:
    """The model on the problem's device, in its precision, with its weights."""
    return model_with(*network_in(problem, "keras"), problem)


def model_with(found: Network, weights: Named, problem: Problem) -> Any:
    """The network's model on the problem's device, in its precision, with these weights by canonical name."""
    # a stranger's function is called in the precision of a recipe
    lower = isinstance(problem, Question) and problem.dtype == "bfloat16"
    recipe = replace(MATCHED, precision="bfloat16") if lower else MATCHED
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(problem.dtype)
    try:
        with keras.device(device_name(problem.device)):
            model = found.build(recipe)
            if not model.built or not model.weights:  # a subclassed model makes its weights when it is called
                model(keras.ops.convert_to_tensor(problem.operands[0][:1]), training=False)
    finally:
        keras.config.set_dtype_policy(before)
    variables = {variable.path: variable for variable in model.weights}
    for match in found.matches:
        variables[match.own].assign(match.to_own(weights[match.name]))
    return model


def predict(problem: Problem) -> Kernel:
    """``Model.predict`` as it is called on an array, with a batch as large as that."""
    model, batch = model_of(problem), problem.axes["batch"]
    return asked(on_host, problem, lambda images: model.predict(images, batch_size=batch, verbose=0))


def predict_on_batch(problem: Problem) -> Kernel:
    """``Model.predict_on_batch``."""
    return asked(on_host, problem, model_of(problem).predict_on_batch)


def on_host(problem: Problem, work: Callable[[np.ndarray], Any]) -> Kernel:
    """Inputs come from the host and results go back there, whatever the device: that is what is offered."""

    def placed(inputs: np.ndarray) -> Any:
        with keras.device(device_name(problem.device)):
            return work(inputs)

    made = on_numpy.kernel(replace(problem, operands=problem.operands[:1]), placed)
    return replace(made, to_numpy=lambda result: each(lambda part: widened(np.asarray(part)), result))
