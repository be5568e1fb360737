"""Traces networks of Keras for their floors, on the backend of the environment, and prints what was found as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from small_network import CLASSES, PLAIN, images, weights
from small_tensorflow_network import NETWORKS

from likeforlike.models.contract.training.network import NamedWeights, Network
from likeforlike.models.contract.training.recipe import Recipe, RecipeRefused
from likeforlike.models.contract.training.trainer import Dataset, Epoch, Run
from likeforlike.models.loops.floors.floor import TracedFloor

if keras.backend.backend() == "jax":
    from likeforlike.models.loops.floors.with_keras import FloorKerasJax as Floor
else:
    from likeforlike.models.loops.floors.with_tensorflow import FloorTensorFlow as Floor  # type: ignore[assignment]


def convolutions() -> Any:
    """Strides, dilation, groups, a depthwise and a transposed one, and of three dimensions."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="strided"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False, name="depthwise"),
            layers.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False, name="transposed"),
            layers.Conv2D(6, 2, dilation_rate=2, groups=GROUPS, use_bias=False, name="dilated"),
            layers.Reshape((6, 6, 6, 1)),
            layers.Conv3D(2, 3, strides=(1, 2, 1), use_bias=False, name="solid"),
            layers.GlobalAveragePooling3D(),
            layers.Dense(CLASSES, use_bias=False, name="dense"),
        ],
        name="drawn",
    )


GROUPS = 1 if keras.backend.backend() == "tensorflow" else 2
"""TensorFlow has no gradient of a convolution in groups on a CPU."""


def attention() -> Any:
    """Einsums, forward and backward."""
    inputs = keras.Input((5, 6))
    attended = keras.layers.MultiHeadAttention(2, 3, use_bias=False, name="attention")(inputs, inputs)
    pooled = keras.layers.GlobalAveragePooling1D()(attended)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, use_bias=False, name="dense")(pooled))


def recurrent() -> Any:
    """A product of the units with themselves for each of five places."""
    inputs = keras.Input((5, 6))
    units = keras.layers.SimpleRNN(3, use_bias=False, name="recurrent")(inputs)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, use_bias=False, name="dense")(units))


def floor_of(build: Callable[[], Any], shape: tuple[int, ...]) -> TracedFloor:
    draw = np.random.default_rng(5)
    data = Dataset(
        "drawn",
        "test",
        draw.normal(size=(10, *shape)).astype(np.float32),
        np.arange(10, dtype=np.int32) % CLASSES,
        draw.normal(size=(4, *shape)).astype(np.float32),
        np.zeros(4, np.int32),
    )
    start = NamedWeights({v.path: np.asarray(v.numpy()) for v in build().weights})
    network = Network("drawn", "keras", lambda recipe: build())
    recipe = replace(PLAIN, dropout_rate=0.2, precision="float32")  # in float64 Keras's RNN fails on JAX
    return Floor(Run(recipe, data, start, "cpu:0", network=network))


def told(floor: TracedFloor) -> dict[str, Any]:
    epochs: list[Epoch] = []
    floor.train(lambda epoch: epochs.append(epoch) is None)
    return {
        "products": list(floor.products),
        "flop_of_a_sample": floor.flop(8) / 8,
        "epoch_flop": floor.epoch_flop,
        "error": floor.prove().error,
        "epochs": [(epoch.epoch, epoch.loss) for epoch in epochs],
        "ways": sorted(floor.terms["microseconds_per_batch"]),
        "outputs": floor.forward(floor.run.data.validation_images, training=False).shape,
    }


def small(name: str, recipe: Recipe = PLAIN) -> TracedFloor:
    return Floor(Run(recipe, images(), weights(), "cpu:0", network=NETWORKS[name]))


def kept(floor: TracedFloor) -> bool:
    """Whether tracing has left the network's state as it was given."""
    given = weights().named()
    return all(np.allclose(array, given[name]) for name, array in _arrays(floor).items())


def _arrays(floor: Any) -> dict[str, np.ndarray]:
    if keras.backend.backend() == "jax":
        return floor.network.parameters(floor.network.weights, floor.network.state).named()
    return floor.network.parameters().named()


def refused(**changes: Any) -> str:
    try:
        small("functional", replace(PLAIN, **changes))
    except RecipeRefused as refusal:
        return str(refusal)
    return ""


def error_of_a_library_that_multiplies_wrong() -> float:
    if keras.backend.backend() == "jax":
        from likeforlike.models.loops.floors.with_jax import Product
    else:
        from likeforlike.models.loops.floors.with_tensorflow import Product  # type: ignore[assignment]
    right = Product.__call__
    Product.__call__ = lambda self, *pair: right(self, *pair) * (1 + 1e-8)  # type: ignore[method-assign]
    try:
        return small("functional").prove().error
    finally:
        Product.__call__ = right  # type: ignore[method-assign]


def main() -> None:
    """Everything at once: a framework's start takes longer than all of it."""
    found: dict[str, Any] = {name: told(small(name)) for name in ("functional", "subclassed")}
    if keras.backend.backend() == "tensorflow":
        found["by hand"] = told(small("by hand"))
    found["kept"] = kept(small("functional"))
    found["mixed"] = {
        precision: told(small("functional", replace(PLAIN, precision=precision)))["error"]
        for precision in ("float32", "bfloat16")
    }
    found["refused"] = refused(execution="xla")
    found["wrong"] = error_of_a_library_that_multiplies_wrong()
    found["convolutions"] = told(floor_of(convolutions, (8, 8, 4)))
    found["attention"] = told(floor_of(attention, (5, 6)))
    found["recurrent"] = told(floor_of(recurrent, (5, 6)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
