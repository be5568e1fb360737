"""The convolutional network in plain NumPy, forward and backward by hand. In float64 it is the oracle.

    image [28, 28, 1] - conv 3x3, 16 - ReLU - pool 2x2 - conv 3x3, 32 - ReLU - pool 2x2
    - dense 64 - ReLU - dropout - dense 10

Convolutions pad with zeros to their input's size, 'same', and don't flip the kernel; pooling takes the
largest of four. What was pooled is flattened by rows, columns, channels, as NHWC has it. With biases the
widths of the task make 105,866 weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.oracle.arithmetic import (
    Arrays,
    affine,
    affine_backward,
    end_backward,
    glorot_uniform,
    logits_of,
)
from likeforlike.models.tasks.oracle.network import Oracle, gate_output, graded_images, vectors_drawn


@dataclass(frozen=True)
class Widths:
    """Sizes of the network; the tests take smaller ones."""

    side: int = 28
    """Rows and columns of an image of one channel; a multiple of four."""
    channels: tuple[int, int] = (16, 32)
    units: int = 64
    classes: int = 10

    @property
    def pooled(self) -> int:
        """Values that the dense layer sees of an image."""
        return (self.side // 4) ** 2 * self.channels[1]


WIDTHS = Widths()


def initial_weights(recipe: Recipe, widths: Widths = WIDTHS) -> Arrays:
    """Glorot-uniform kernels drawn from the recipe's seed, biases zero; float32."""
    draw = np.random.default_rng(recipe.seed)
    first, second = widths.channels
    shapes = {
        "conv1": (3, 3, 1, first),
        "conv2": (3, 3, first, second),
        "hidden": (widths.pooled, widths.units),
        "output": (widths.units, widths.classes),
    }
    weights: Arrays = {}
    for name, shape in shapes.items():
        weights[f"{name}_kernel"] = glorot_uniform(draw, shape)
        if recipe.bias:
            weights[f"{name}_bias"] = np.zeros(shape[-1], np.float32)
    return weights


def units_of(weights: Arrays, inputs: np.ndarray) -> np.ndarray:
    """What dropout acts on, the ReLU units of the dense layer: [n, side * side] to [n, units]."""
    return _forward(weights, inputs)[0]


def gradients_of(
    weights: Arrays, inputs: np.ndarray, labels: np.ndarray, scale: np.ndarray | None
) -> tuple[Arrays, float, float]:
    """Gradients of the mean loss by the chain rule, the sum of losses and the right answers.

    ``scale`` is the dropout mask over 1 - rate, [n, units]; None for no dropout.
    """
    units, tape = _forward(weights, inputs)
    gradients: Arrays = {}
    d_units, loss, right = end_backward(weights, units, labels, scale, gradients)
    d_flat = affine_backward(weights, "hidden", tape["flat"], d_units * (units > 0), gradients)
    d_pooled = d_flat.reshape(tape["pooled2"].shape)
    d_maps = _pool_backward(tape["maps2"], tape["pooled2"], d_pooled) * (tape["maps2"] > 0)
    d_pooled = _conv_backward(weights, "conv2", tape["pooled1"], d_maps, gradients)
    d_maps = _pool_backward(tape["maps1"], tape["pooled1"], d_pooled) * (tape["maps1"] > 0)
    _conv_backward(weights, "conv1", tape["images"], d_maps, gradients)
    return {name: gradients[name] for name in weights}, loss, right


def _forward(weights: Arrays, inputs: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    side = round(inputs.shape[1] ** 0.5)
    tape: dict[str, Any] = {"images": inputs.reshape(-1, side, side, 1)}
    below = tape["images"]
    for number in ("1", "2"):
        tape[f"maps{number}"] = np.maximum(_conv(weights, f"conv{number}", below), 0)
        below = tape[f"pooled{number}"] = _pool(tape[f"maps{number}"])
    tape["flat"] = below.reshape(len(inputs), -1)
    return np.maximum(affine(weights, "hidden", tape["flat"]), 0), tape


def _patches(inputs: np.ndarray) -> np.ndarray:
    """The 3x3 surroundings of every pixel, zeros beyond the edge: [n, h, w, c] to [n, h, w, 9 c]."""
    n, height, width, channels = inputs.shape
    padded = np.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.stack(shifted, axis=3).reshape(n, height, width, 9 * channels)


def _flat(weights: Arrays, name: str) -> Arrays:
    """The kernel [3, 3, in, out] as a matrix [9 in, out], with its bias."""
    kernel = weights[f"{name}_kernel"]
    return weights | {f"{name}_kernel": kernel.reshape(-1, kernel.shape[3])}


def _conv(weights: Arrays, name: str, inputs: np.ndarray) -> np.ndarray:
    return affine(_flat(weights, name), name, _patches(inputs))


def _conv_backward(
    weights: Arrays, name: str, inputs: np.ndarray, d_maps: np.ndarray, gradients: Arrays
) -> np.ndarray:
    n, height, width, channels = inputs.shape
    d_patches = affine_backward(_flat(weights, name), name, _patches(inputs), d_maps, gradients)
    gradients[f"{name}_kernel"] = gradients[f"{name}_kernel"].reshape(weights[f"{name}_kernel"].shape)
    d_patches = d_patches.reshape(n, height, width, 9, channels)
    d_padded = np.zeros((n, height + 2, width + 2, channels), inputs.dtype)
    for place in range(9):
        i, j = divmod(place, 3)
        d_padded[:, i : i + height, j : j + width] += d_patches[:, :, :, place]
    return d_padded[:, 1:-1, 1:-1]


def _quarters(maps: np.ndarray) -> np.ndarray:
    n, height, width, channels = maps.shape
    return maps.reshape(n, height // 2, 2, width // 2, 2, channels)


def _pool(maps: np.ndarray) -> np.ndarray:
    """The largest of each 2x2: [n, h, w, c] to [n, h / 2, w / 2, c]."""
    return _quarters(maps).max(axis=(2, 4))


def _pool_backward(maps: np.ndarray, pooled: np.ndarray, d_pooled: np.ndarray) -> np.ndarray:
    """To the largest of four; among equals in equal parts, where frameworks may take the first of them."""
    largest = _quarters(maps) == pooled[:, :, None, :, None]
    share = d_pooled / largest.sum(axis=(2, 4), dtype=maps.dtype)
    return (largest * share[:, :, None, :, None]).reshape(maps.shape)


def initial(recipe: Recipe) -> NamedWeights:
    """The starting weights of the task."""
    return NamedWeights(initial_weights(recipe))


def graded(batch_size: int) -> Dataset:
    """Three batches and a half of noise in a square of twelve pixels somewhere, two thirds of class 3.

    Where two of four pixels differ by less than rounding, it decides which of them pooling takes. Few active
    pixels make that rare, gradients that mostly point one way make it small. The rest of an image is 0: there
    all four are equal, so that it makes no difference.
    """
    data = graded_images(batch_size, np.ones(784, np.float32))
    generator = np.random.default_rng(13)
    for images, labels in (
        (data.train_images, data.train_labels),
        (data.validation_images, data.validation_labels),
    ):
        inside = np.zeros((len(images), 28, 28), np.float32)
        for image, (row, column) in zip(inside, generator.integers(17, size=(len(images), 2)), strict=True):
            image[row : row + 12, column : column + 12] = 1
        images *= inside.reshape(-1, 784)
        labels[generator.random(len(labels)) < 2 / 3] = 3
    return data


def proof_start(recipe: Recipe) -> NamedWeights:
    """The starting weights, but biases that are not 0, and units whose way out is graded from 1 to 1e-5.

    The gradients of the last units' weights are near Adam's epsilon, so that a wrong one can't hide. Faint
    pixels would do the same, but leave neighbours so near to equal that rounding decides what pooling takes.
    """
    weights = vectors_drawn(initial_weights(recipe))
    grade = np.logspace(0, -5, WIDTHS.units).astype(np.float32)
    return NamedWeights(weights | {"output_kernel": weights["output_kernel"] * grade[:, None]})


def gate_weights(recipe: Recipe) -> NamedWeights:
    """A bright corner goes through both convolutions and poolings as it is, to all units."""
    weights = {name: np.zeros_like(array) for name, array in initial_weights(recipe).items()}
    weights["conv1_kernel"][1, 1, 0, 0] = weights["conv2_kernel"][1, 1, 0, 0] = 1
    weights["hidden_kernel"][0] = 1
    return NamedWeights(weights | gate_output(WIDTHS.units, recipe.bias))


ORACLE = Oracle(
    initial=initial,
    wrap=NamedWeights,
    width=WIDTHS.units,
    units=units_of,
    logits=logits_of,
    gradients=gradients_of,
    graded=graded,
    proof_start=proof_start,
    gate_input=np.eye(1, 784, dtype=np.float32)[0],
    gate_weights=gate_weights,
)
