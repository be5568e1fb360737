"""A Keras model made for a run: built in the recipe's precision, given its weights, compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.training.network import SPARSE_CROSSENTROPY, NamedWeights, Network
from likeforlike.models.contract.training.recipe import RecipeRefused
from likeforlike.models.contract.training.trainer import Parameters, Run, Weights
from likeforlike.models.loops.parts.naming import Naming, are_classes

_VARIABLES = {"float64": "float64", "bfloat16": "bfloat16"}
"""The dtype of weights by precision; float32 for all others."""


@dataclass(frozen=True)
class BuiltModel:
    """A model with its starting weights."""

    model: Any
    network: Network
    naming: Naming
    initial: Weights

    def parameters(self) -> Weights:
        """The current weights, state included, copied to the host; those of 784-512-10 as Parameters."""
        own = {variable.path: on_host(variable) for variable in self.model.weights}
        return as_given(self.initial, self.naming.canonical(own))


def built(trainer: str, run: Run, network: Network) -> BuiltModel:
    """Build the network and give it the run's weights; Keras's floats must have been set before.

    Raises RecipeRefused for what the network can't honour.
    """
    network.check(run.recipe)
    model = network.build(run.recipe)
    if not model.built or not model.weights:  # a subclassed model makes its weights when it is called
        images = inputs_of(run.data.train_images[:1], run.recipe.precision)
        model(keras.ops.convert_to_tensor(images), training=False)
    check_precision(trainer, run, model)
    own = unique([variable.path for variable in model.weights], network)
    shapes = {path: tuple(v.shape) for path, v in zip(own, model.weights, strict=True)}
    naming = Naming(network, run.initial, shapes, [v.path for v in model.trainable_variables])
    for variable in model.weights:
        if variable.path in naming.initial:
            variable.assign(naming.initial[variable.path])
    return BuiltModel(model, network, naming, run.initial)


def check_precision(trainer: str, run: Run, model: Any) -> None:
    """Raise :class:`RecipeRefused` for a model whose layers are set to another precision."""
    precision = run.recipe.precision
    dtype = _VARIABLES.get(precision, "float32")
    for variable in model.trainable_variables:
        if keras.backend.standardize_dtype(variable.dtype) != dtype:
            why = f"{variable.path} is {variable.dtype} as the network was built"
            raise RecipeRefused(trainer, "precision", precision, why)
    layers = [layer for layer in model._flatten_layers(include_self=False) if layer.trainable_variables]
    other = [layer for layer in layers if not layer._layers and layer.compute_dtype != dtype]
    if precision != "mixed" and other:  # set to mixed precision: its weights alone are as asked for
        why = f"{other[0].name} computes in {other[0].compute_dtype} as the network was built"
        raise RecipeRefused(trainer, "precision", precision, why)
    if precision == "mixed" and not any(layer.compute_dtype == "bfloat16" for layer in layers):
        raise RecipeRefused(trainer, "precision", precision, "no layer of the network computes in bfloat16")


def unique(names: list[str], network: Network) -> list[str]:
    """The names. Raises ValueError where two weights have one."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{network.name}: two weights are called {name}; give their layers other names")
    return names


def on_host(variable: Any) -> np.ndarray:
    """A variable's numbers in an array of its own; bfloat16, which NumPy lacks, as float32."""
    array = np.array(keras.ops.convert_to_numpy(variable))
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array


def as_given(initial: Weights, named: NamedWeights) -> Weights:
    """Weights in the form of the starting ones."""
    return Parameters.of(named.named()) if isinstance(initial, Parameters) else named


def inputs_of(array: np.ndarray, precision: str) -> np.ndarray:
    """Inputs as they are fed: real numbers in float64 or float32, all others as they are."""
    if array.dtype.kind != "f":
        return array
    return array.astype(np.float64 if precision == "float64" else np.float32, copy=False)


def tells_classes(model: Any, run: Run) -> bool:
    """Whether targets are class numbers and outputs a value for each class, so that accuracy means something.

    Asks the model for its outputs' shape; nothing is computed.
    """
    targets, inputs = run.data.train_labels, run.data.train_images
    if not are_classes(targets):
        return False
    given = keras.KerasTensor((run.recipe.batch_size, *inputs.shape[1:]), inputs.dtype.name)
    outputs = model.compute_output_spec(given, training=False).shape
    return len(outputs) == targets.ndim + 1 and outputs[-1] > 1


class NetworkLoss(keras.losses.Loss):
    """A network's own loss: each sample's, averaged over a batch by Keras."""

    def __init__(self, network: Network, targets: np.ndarray, dtype: str) -> None:
        super().__init__(name="loss", reduction="sum_over_batch_size", dtype=dtype)
        self._loss: Any = network.loss
        self._targets = targets.dtype.name if targets.dtype.kind in "iu" else None

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Each sample's loss [n]; Keras hands class numbers over as real ones."""
        return self._loss(y_true if self._targets is None else keras.ops.cast(y_true, self._targets), y_pred)


def keras_loss(network: Network, run: Run) -> Any:
    """The loss to compile with, taken in float64 or float32."""
    dtype = "float64" if run.recipe.precision == "float64" else "float32"
    if network.loss == SPARSE_CROSSENTROPY:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    if not callable(network.loss):
        raise ValueError(f"{network.name}: unknown loss {network.loss!r}")
    return NetworkLoss(network, run.data.train_labels, dtype)


def dropout_of(model: Any) -> str:
    """What drops units, for a trainer's terms."""
    found: Mapping[str, None] = {
        type(layer).__name__: None
        for layer in model._flatten_layers(include_self=False)
        if "Dropout" in type(layer).__name__ and getattr(layer, "rate", True)
    }
    return ", ".join(found) or "none"
