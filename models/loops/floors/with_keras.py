"""A Keras model's products on Keras's JAX backend: the model as the pair that JAX's loops take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.training.network import Network
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Run
from likeforlike.models.loops.floors.with_jax import FloorJax
from likeforlike.models.loops.on_keras.backends import set_floats
from likeforlike.models.loops.on_keras.network import inputs_of, unique
from likeforlike.models.loops.parts.naming import network_of


def as_pair(network: Network, few: np.ndarray) -> Network:
    """The network for JAX's loops; ``few``: inputs on which a subclassed model makes its weights.

    What a model draws at random in training it draws from the seeds that it was built with, each time.
    """

    def build(recipe: Recipe) -> Any:
        set_floats(recipe.precision)
        model = network.build(recipe)
        if not model.built or not model.weights:
            model(keras.ops.convert_to_tensor(inputs_of(few, recipe.precision)), training=False)
        unique([variable.path for variable in model.weights], network)
        trained, fixed = model.trainable_variables, model.non_trainable_variables
        state = {variable.path for variable in model.weights} - {variable.path for variable in trained}

        def init(key: Any) -> Any:
            return {variable.path: variable.value for variable in model.weights}

        def apply(weights: Any, inputs: Any, training: bool, key: Any) -> Any:
            values = [weights.get(variable.path, variable.value) for variable in fixed]
            outputs, after = model.stateless_call(
                [weights[variable.path] for variable in trained], values, inputs, training=training
            )
            moved = zip(fixed, after, strict=True)
            return outputs, {variable.path: value for variable, value in moved if variable.path in state}

        return init, apply

    return replace(network, family="jax", build=build)


def paired(name: str, run: Run) -> Run:
    """The run of a Keras model as one of JAX's."""
    return replace(run, network=as_pair(network_of(name, run.network), run.data.train_images[:1]))


class FloorKerasJax(FloorJax):
    """As ``floor-jax``, of a Keras model."""

    name = "floor-keras-jax"
    library = "JAX, of the Keras model"

    def prepare(self) -> None:
        """Trace a whole batch, and the smaller last one."""
        self.run = paired(self.name, self.run)
        super().prepare()
