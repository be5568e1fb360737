"""Each network's gradients by hand against central differences, and its forward pass against a plain one."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.tasks.convnet import oracle as convnet
from likeforlike.models.tasks.oracle.arithmetic import (
    in_precision,
    losses_of,
    mean_loss_backward,
    score_sums,
)
from likeforlike.models.tasks.text import oracle as characters
from likeforlike.models.tasks.transformer import oracle as transformer

Arrays = dict[str, np.ndarray]
SMALL = {
    convnet: convnet.Widths(side=8, channels=(3, 4), units=5, classes=4),
    transformer: transformer.Widths(rows=3, columns=5, width=8, inner=6, classes=4),
    characters: characters.Widths(context=3, characters=5, width=8, inner=6),
}
PIXELS = {convnet: 64, transformer: 15}
EVERY = pytest.mark.parametrize("network", SMALL, ids=["convnet", "transformer", "text"])


def small(network: ModuleType, bias: bool) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Weights, none of them 0 or 1 as at the start, inputs and labels, float64."""
    draw = np.random.default_rng(3)
    start = network.initial_weights(replace(MATCHED, bias=bias), SMALL[network])
    weights = {name: array + 0.3 * draw.standard_normal(array.shape) for name, array in start.items()}
    if network is characters:
        return weights, draw.integers(5, size=(6, 3)), draw.integers(5, size=(6, 3))
    return weights, draw.random((6, PIXELS[network])), draw.integers(4, size=6)


def mean_loss(
    network: ModuleType, weights: Arrays, inputs: np.ndarray, labels: np.ndarray, scale: object
) -> float:
    """Crossentropy of the softmax, written from its definition."""
    units = network.units_of(weights, inputs)
    powers = np.exp(network.logits_of(weights, units if scale is None else units * scale))
    own = np.take_along_axis(powers, labels[..., None], axis=-1)[..., 0]
    return float(-np.log(own / powers.sum(axis=-1)).mean())


@EVERY
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("drops", [False, True])
def test_gradients_by_hand_are_those_of_central_differences(
    network: ModuleType, bias: bool, drops: bool
) -> None:
    weights, inputs, labels = small(network, bias)
    scale = (np.random.default_rng(4).random(network.units_of(weights, inputs).shape) < 0.6) / 0.6
    given = (inputs, labels, scale if drops else None)
    gradients, loss, right = network.gradients_of(weights, *given)
    assert loss / 6 == pytest.approx(mean_loss(network, weights, *given), rel=1e-12)
    assert 0 <= right <= 6
    assert list(gradients) == list(weights)
    for name, array in weights.items():
        numerical = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            losses = []
            for sign in (1, -1):
                moved = weights | {name: array.copy()}
                moved[name][place] += sign * 1e-6
                losses.append(mean_loss(network, moved, *given))
            numerical[place] = (losses[0] - losses[1]) / 2e-6
        assert np.linalg.norm(numerical) > 1e-6, name
        np.testing.assert_allclose(gradients[name], numerical, rtol=1e-5, atol=1e-8, err_msg=name)


@EVERY
def test_precision_is_that_of_the_weights(network: ModuleType) -> None:
    weights, inputs, labels = small(network, True)
    single = {name: array.astype(np.float32) for name, array in weights.items()}
    gradients, _, _ = network.gradients_of(single, in_precision(inputs, np.dtype("float32")), labels, None)
    assert {array.dtype for array in gradients.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("network", "bias", "count"),
    [
        (convnet, True, 105_866),
        (convnet, False, 105_866 - 16 - 32 - 64 - 10),
        (transformer, True, 103_882),
        (transformer, False, 103_882 - 64 - 2 * (64 + 64 + 256 + 64) - 64 - 10),
        (characters, True, 114_016),
        (characters, False, 114_016 - 2 * (64 + 64 + 256 + 64) - 64 - 96),
    ],
)
def test_weights_are_counted(network: ModuleType, bias: bool, count: int) -> None:
    weights = network.initial_weights(replace(MATCHED, bias=bias))
    assert sum(array.size for array in weights.values()) == count
    again = network.initial_weights(replace(MATCHED, bias=bias))
    other = network.initial_weights(replace(MATCHED, bias=bias, seed=1))
    for name, array in weights.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, again[name])
        drawn = not name.endswith(("bias", "scale"))
        assert np.array_equal(array, other[name]) != drawn
        if drawn:  # Glorot's limit, nearly reached by so many draws
            field = math.prod(array.shape[:-2])
            limit = math.sqrt(6 / (field * (array.shape[-2] + array.shape[-1])))
            assert 0.9 * limit < abs(array).max() <= limit * (1 + 1e-6)


def test_a_convolution_looks_around_without_flipping() -> None:
    """Written as six nested loops, and the flattened maps by rows, columns, channels."""
    weights, inputs, _ = small(convnet, True)
    below = inputs.reshape(6, 8, 8, 1)
    for name in ("conv1", "conv2"):
        kernel, bias = weights[f"{name}_kernel"], weights[f"{name}_bias"]
        n, height, width, _ = below.shape
        pooled = np.zeros((n, height // 2, width // 2, kernel.shape[3]))
        for image, y, x, channel in np.ndindex(n, height, width, kernel.shape[3]):
            total = bias[channel]
            for i, j in np.ndindex(3, 3):
                row, column = y + i - 1, x + j - 1
                if 0 <= row < height and 0 <= column < width:
                    total += below[image, row, column] @ kernel[i, j, :, channel]
            place = (image, y // 2, x // 2, channel)
            pooled[place] = max(pooled[place], total)  # ReLU: none is below 0
        below = pooled
    hidden = np.array([image.ravel() for image in below]) @ weights["hidden_kernel"] + weights["hidden_bias"]
    np.testing.assert_allclose(convnet.units_of(weights, inputs), np.maximum(hidden, 0), rtol=1e-12)


def test_attention_row_by_row() -> None:
    """One image, one head and one row at a time, by the formulas of the papers."""
    weights, inputs, _ = small(transformer, True)
    found = transformer.units_of(weights, inputs)

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        return weights[f"{name}_scale"] * (x - x.mean()) / math.sqrt(x.var() + 1e-5) + weights[f"{name}_bias"]

    def gelu(x: float) -> float:
        return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))

    for image, units in zip(inputs, found, strict=True):
        x = [
            row @ weights["embedding_kernel"] + weights["embedding_bias"] + place
            for row, place in zip(image.reshape(3, 5), weights["positions"], strict=True)
        ]
        for block in ("block1", "block2"):
            normal = [norm(f"{block}_norm1", row) for row in x]
            heads = []
            for head in range(4):
                part = slice(2 * head, 2 * head + 2)
                q, k, v = (
                    [row @ weights[f"{block}_{name}_kernel"][:, part] for row in normal]
                    for name in ("query", "key", "value")
                )
                powers = [[math.exp(a @ b / math.sqrt(2)) for b in k] for a in q]
                heads.append([sum(p * b for p, b in zip(row, v, strict=True)) / sum(row) for row in powers])
            joined = [np.concatenate(parts) for parts in zip(*heads, strict=True)]
            x = [a + b @ weights[f"{block}_attended_kernel"] for a, b in zip(x, joined, strict=True)]
            for place, row in enumerate(x):
                inner = norm(f"{block}_norm2", row) @ weights[f"{block}_inner_kernel"]
                inner = np.array([gelu(value) for value in inner + weights[f"{block}_inner_bias"]])
                x[place] = row + inner @ weights[f"{block}_outer_kernel"] + weights[f"{block}_outer_bias"]
        np.testing.assert_allclose(units, norm("norm", sum(x) / 3), rtol=1e-10, atol=1e-12)


def test_what_follows_a_character_is_hidden_from_it() -> None:
    """Each of the first places has the units that it would have if the text ended there."""
    weights, inputs, _ = small(characters, True)
    found = characters.units_of(weights, inputs)
    for places in (1, 2):
        alone = weights | {"positions": weights["positions"][:places]}
        np.testing.assert_allclose(
            characters.units_of(alone, inputs[:, :places]), found[:, :places], rtol=1e-12
        )
    others = inputs.copy()
    others[:, 2] = (others[:, 2] + 1) % 5
    moved = characters.units_of(weights, others)
    np.testing.assert_array_equal(moved[:, :2], found[:, :2])
    assert np.abs(moved[:, 2] - found[:, 2]).min() > 0


def test_losses_and_right_answers_of_several_labels_are_means() -> None:
    draw = np.random.default_rng(5)
    logits, labels = draw.standard_normal((4, 3, 5)), draw.integers(5, size=(4, 3))
    losses, right = np.zeros(4), np.zeros(4)
    for n, place in np.ndindex(4, 3):
        powers = np.exp(logits[n, place])
        losses[n] -= math.log(powers[labels[n, place]] / powers.sum()) / 3
        right[n] += (logits[n, place].argmax() == labels[n, place]) / 3
    np.testing.assert_allclose(losses_of(logits, labels), losses, rtol=1e-12)
    assert score_sums(logits, labels) == pytest.approx((losses.sum(), right.sum()))
    flat, alone = logits.reshape(12, 5), labels.reshape(12)
    np.testing.assert_allclose(
        mean_loss_backward(logits, labels).reshape(12, 5), mean_loss_backward(flat, alone)
    )
    assert score_sums(flat, alone) == pytest.approx((3 * losses.sum(), 3 * right.sum()))
