"""A Keras model on whichever backend Keras has loaded: built under its own names, and stepped plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import keras
import numpy as np

from likeforlike.models.contract.training.network import Family
from likeforlike.models.tasks.own.families.model import Builder, Step, settings_of
from likeforlike.models.tasks.own.given import INITIALISER, LayerTold, Refused

_BLOCK = 256


def seed(number: int) -> None:
    """Seed what initialisers draw from."""
    keras.utils.set_random_seed(number)


def built(build: Builder, precision: str) -> keras.Model:
    """What the user's function returns, its layers named as in a fresh process.

    In float64 or float32 if asked, else as Keras is set, which a recipe's precision has done.
    """
    _count_names_anew()
    with _computing_in(precision):
        return build()


def _count_names_anew() -> None:
    """Layers without a name are numbered: the second model of a process would have other names.

    The count goes on behind the function: some layers make theirs when they are first called.
    """
    from keras.src.backend.common import global_state  # there is no public way

    global_state.set_global_attribute("object_name_uids", None)


@contextmanager
def _computing_in(precision: str) -> Iterator[None]:
    """Keras's defaults, and what it makes of two types, in a precision: layers ask when they are called.

    On PyTorch and JAX float64 and another type give float32, so that a normalisation computed in that.
    Of other precisions than float32 and float64 nothing is changed.
    """
    if precision not in ("float32", "float64"):
        yield
        return
    from keras.src.backend.common import dtypes  # there is no public way

    narrowed = getattr(dtypes, "BIT64_TO_BIT32_DTYPE", {})
    floatx, policy, to_32 = keras.config.floatx(), keras.config.dtype_policy(), narrowed.get("float64")
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    if precision == "float64":
        narrowed["float64"] = "float64"
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
        if to_32 is not None:
            narrowed["float64"] = to_32


def leaves_of(model: Any) -> list[Any]:
    """All layers, those within layers too, that hold none themselves."""
    return [layer for layer in model._flatten_layers(include_self=False) if not layer._layers]


def without_dropout(model: Any) -> None:
    """Set the rates of all layers that drop to 0."""
    for layer in model._flatten_layers():
        for name in ("rate", "dropout", "recurrent_dropout", "_dropout", "stddev"):
            value = getattr(layer, name, None)
            if isinstance(value, float) and value:
                with suppress(AttributeError):  # a property that tells what another layer holds
                    setattr(layer, name, 0.0)


def as_in_inference(model: Any) -> Any:
    """The model, every layer of it computing as in inference, whatever it is told."""
    for layer in model._flatten_layers():
        if getattr(layer, "_call_has_training_arg", False):
            layer.call = _untrained(layer.call)
    return model


def _untrained(call: Callable[..., Any]) -> Callable[..., Any]:
    def untrained(*arguments: Any, training: Any = None, **options: Any) -> Any:
        return call(*arguments, training=False, **options)

    return untrained


class KerasModel:
    """A built Keras model."""

    family: Family = "keras"

    def __init__(self, model: Any, loss: Callable[[Any, Any], Any], inputs: np.ndarray) -> None:
        """``inputs``: a batch on which variables are made that the model has not made yet."""
        self.model, self.loss = model, loss
        if not model.built or not model.weights:
            with self._in_its_precision():
                model(self._tensor(inputs), training=False)
        self._variables = {variable.path: variable for variable in model.weights if _is_float(variable)}
        if len(self._variables) < sum(map(_is_float, model.weights)):
            names = [variable.path for variable in model.weights]
            twice = next(name for name in names if names.count(name) > 1)
            raise Refused(f"--model: two weights are called {twice}; give their layers names of their own")
        self._counts = [
            (variable, np.array(keras.ops.convert_to_numpy(variable)))
            for variable in model.weights
            if not _is_float(variable)
        ]

    def weights(self) -> dict[str, np.ndarray]:
        """Weights by path."""
        return {path: np.array(keras.ops.convert_to_numpy(v)) for path, v in self._variables.items()}

    def trained(self) -> frozenset[str]:
        """Paths of trainable variables."""
        return frozenset(variable.path for variable in self.model.trainable_variables)

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by path."""
        for path, array in weights.items():
            self._variables[path].assign(array)

    def restart(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set weights by path; those of whole numbers, such as counts, are as they were built."""
        self.assign(weights)
        for variable, array in self._counts:
            variable.assign(array)

    def confine(self) -> None:
        """Hold weights to their layers' constraints, as each optimizer of Keras does after its update."""
        with self._in_its_precision():
            for variable in self.model.trainable_variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable))

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        """Outputs, batch by batch as in inference; as in training of all at once."""
        if training:
            before = self.weights()
            found = self._called(inputs, training=True)
            self.assign(before)
            return found
        starts = range(0, len(inputs), _BLOCK)
        return np.concatenate([self._called(inputs[start : start + _BLOCK], False) for start in starts])

    def _called(self, inputs: np.ndarray, training: bool) -> np.ndarray:
        with self._in_its_precision():
            found = self.model(self._tensor(inputs), training=training)
            _refuse_masked(found)
            return np.asarray(keras.ops.convert_to_numpy(self.in_own_precision(found)))

    def _in_its_precision(self) -> AbstractContextManager[None]:
        return _computing_in(self.model.dtype_policy.compute_dtype)

    def in_own_precision(self, outputs: Any) -> Any:
        """Outputs as the model computes, whatever its last layer does: so loops judge them."""
        precision = self.model.dtype_policy.compute_dtype
        return keras.ops.cast(outputs, precision) if precision in ("float32", "float64") else outputs

    def step(self, inputs: np.ndarray, targets: np.ndarray, training: bool) -> Step:
        """Losses and gradients of a batch, eagerly."""
        steps = {"tensorflow": _tensorflow_step, "torch": _torch_step, "jax": _jax_step}
        step = steps[keras.backend.backend()]
        with self._in_its_precision():
            losses, further, outputs, gradients = step(
                self, self._tensor(inputs), self._tensor(targets), training
            )
        variables = self.model.trainable_variables
        return Step(
            np.asarray(keras.ops.convert_to_numpy(losses)),
            float(keras.ops.convert_to_numpy(further)),
            np.asarray(keras.ops.convert_to_numpy(outputs)),
            {
                variable.path: np.zeros(variable.shape) if gradient is None else _dense(gradient)
                for variable, gradient in zip(variables, gradients, strict=True)
            },
        )

    def evaluated(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss as in inference, penalties included, and the outputs."""
        outputs = self.outputs(inputs)
        return self.judged(outputs, targets), outputs

    def judged(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Mean loss of outputs, penalties included."""
        with self._in_its_precision():
            losses = keras.ops.convert_to_numpy(self.loss(self._tensor(targets), self._tensor(outputs)))
        further = sum(float(keras.ops.convert_to_numpy(added)) for added in self.model.losses)
        return float(np.mean(losses, dtype=np.float64)) + further

    def layers(self) -> tuple[LayerTold, ...]:
        """Layers that hold no others."""
        return tuple(
            LayerTold(layer.name, _kind_of(layer), settings_of(layer) | _initial(layer))
            for layer in leaves_of(self.model)
        )

    def _tensor(self, array: np.ndarray) -> Any:
        dtype = self.model.dtype_policy.compute_dtype if array.dtype.kind == "f" else array.dtype.name
        return keras.ops.convert_to_tensor(array, dtype)


def _refuse_masked(outputs: Any) -> None:
    """Raise Refused for outputs of which Keras's own losses, and nobody else's, leave some out."""
    from keras.src.backend.common.masking import get_keras_mask  # there is no public way

    mask = get_keras_mask(outputs)
    if mask is not None and not np.asarray(keras.ops.convert_to_numpy(mask)).all():
        raise Refused(
            "--model: its outputs are masked, as Embedding(mask_zero=True) and Masking do: fit leaves those "
            "places out of the loss, other loops don't; build it without, or end it in a layer that uses the "
            "mask up"
        )


def _kind_of(layer: Any) -> str:
    """Its class; of all that look rows up that of Keras's own, since its Adam treats them alike."""
    kind = keras.layers.Embedding if isinstance(layer, keras.layers.Embedding) else type(layer)
    return kind.__name__


def _initial(layer: Any) -> dict[str, str]:
    """How its kernel, or its table, starts, as Keras calls it."""
    for name in ("kernel_initializer", "embeddings_initializer"):
        found = getattr(layer, name, None)
        if found is not None:
            word = getattr(found, "__name__", type(found).__name__)
            return {INITIALISER: re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower()}
    return {}


def _is_float(variable: Any) -> bool:
    return "float" in str(variable.dtype)


def _dense(gradient: Any) -> np.ndarray:
    if keras.backend.backend() == "tensorflow":  # of an embedding these are slices
        import tensorflow as tf

        gradient = tf.convert_to_tensor(gradient)
    return np.asarray(keras.ops.convert_to_numpy(gradient))


Parts = tuple[Any, Any, Any, Any]


def _total(self: KerasModel, inputs: Any, targets: Any, training: bool) -> tuple[Any, Any, Any, Any]:
    outputs = self.in_own_precision(self.model(inputs, training=training))
    losses = self.loss(targets, outputs)
    further = sum(self.model.losses, keras.ops.zeros((), losses.dtype))
    return keras.ops.mean(losses) + further, losses, further, outputs


def _tensorflow_step(self: KerasModel, inputs: Any, targets: Any, training: bool) -> Parts:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        total, losses, further, outputs = _total(self, inputs, targets, training)
    gradients = tape.gradient(total, [variable.value for variable in self.model.trainable_variables])
    return losses, further, outputs, gradients


def _torch_step(self: KerasModel, inputs: Any, targets: Any, training: bool) -> Parts:
    self.model.zero_grad()
    total, losses, further, outputs = _total(self, inputs, targets, training)
    total.backward()
    gradients = [variable.value.grad for variable in self.model.trainable_variables]
    return losses, further, outputs, gradients


def _jax_step(self: KerasModel, inputs: Any, targets: Any, training: bool) -> Parts:
    import jax

    model = self.model
    fixed = [variable.value for variable in model.non_trainable_variables]

    def total(values: Any) -> Any:
        outputs, moved, further = model.stateless_call(
            values, fixed, inputs, training=training, return_losses=True
        )
        outputs = self.in_own_precision(outputs)
        losses = self.loss(targets, outputs)
        added = sum(further, keras.ops.zeros((), losses.dtype))
        return losses.mean() + added, (losses, added, outputs, moved)

    values = [variable.value for variable in model.trainable_variables]
    (_, (losses, added, outputs, moved)), gradients = jax.value_and_grad(total, has_aux=True)(values)
    if training:
        for variable, value in zip(model.non_trainable_variables, moved, strict=True):
            variable.assign(value)
    return losses, added, outputs, gradients
