"""Targets beside a model's outputs, by their shapes alone; and what outputs show of the function they end in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.tasks.own.bringing.fitting import (
    check_targets,
    remark_of_outputs,
    stay_shares,
    sum_to_one,
)
from likeforlike.models.tasks.own.given import Refused


def check(targets: tuple[int, ...], outputs: tuple[int, ...], loss: str = "mse") -> None:
    check_targets("mine:net", np.zeros((4, *outputs)), np.zeros((4, *targets)), loss, "mine:data")


@pytest.mark.parametrize(
    ("targets", "outputs"),
    [
        ((3,), (3,)),
        ((), (1,)),
        ((1,), (1, 1)),
        ((28, 28), (784,)),  # joined
        ((784,), (28, 28, 1)),
        ((28, 28, 1), (1, 28, 28)),  # the axis of 1 may stand anywhere
        ((6, 4), (2, 3, 4)),
        ((2, 12), (2, 3, 4)),
    ],
)
def test_targets_may_have_the_outputs_axes_joined(targets: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    check(targets, outputs)


@pytest.mark.parametrize(
    ("targets", "outputs"),
    [
        ((32, 32, 3), (3, 32, 32)),  # channels last beside channels first
        ((2, 3), (3, 2)),
        ((32, 32, 3), (3, 1024)),
    ],
)
def test_targets_whose_axes_stand_in_another_order_are_refused(
    targets: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    """As many numbers, each held against that of another place."""
    with pytest.raises(Refused) as refusal:
        check(targets, outputs)
    assert str(refusal.value) == (
        f"--data: mine:data: targets of shape {targets} a sample don't fit the outputs of mine:net, "
        f"{outputs} a sample, by the loss mse; return them with the outputs' axes in the outputs' order"
    )


@pytest.mark.parametrize(
    ("targets", "outputs", "loss", "remedy"),
    [
        ((2,), (3,), "mse", "--loss names another"),
        ((), (10,), "mae", "--loss names another"),
        ((1,), (10,), "sparse-crossentropy", "return them without their last axis of 1"),
        ((5,), (10,), "sparse-crossentropy", "--loss names another"),
    ],
)
def test_of_other_targets_the_remedy_is_another(
    targets: tuple[int, ...], outputs: tuple[int, ...], loss: str, remedy: str
) -> None:
    with pytest.raises(Refused) as refusal:
        check(targets, outputs, loss)
    assert str(refusal.value).endswith(f"by the loss {loss}; {remedy}")


def test_a_function_takes_whatever_targets_it_likes() -> None:
    check((2, 3), (3, 2), "mine:loss")


INPUTS = np.array([[1.0], [2.0]])


class Line:
    """``end(slope * x + place)``; the slope alone is trained. At first the line is 0.5 and 0.7 at the inputs,
    by a hundred times the slope 20.3 and 40.3, by as many times less -19.7 and -39.7."""

    def __init__(self, end: Callable[[np.ndarray], np.ndarray]) -> None:
        self.end = end
        self.held = {"slope": np.array([0.2]), "place": np.array([0.3])}
        self.asked: list[tuple[float, int]] = []

    def weights(self) -> dict[str, np.ndarray]:
        return {name: array.copy() for name, array in self.held.items()}

    def trained(self) -> frozenset[str]:
        return frozenset({"slope"})

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        self.held |= weights

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        self.asked.append((round(float(self.held["slope"][0]), 6), len(inputs)))
        return self.end(inputs * self.held["slope"] + self.held["place"])


def itself(z: np.ndarray) -> np.ndarray:
    return z


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def clipped(z: np.ndarray) -> np.ndarray:
    return np.clip(z, 0.0, 1.0)


def positive(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0.0)


def no_number(z: np.ndarray) -> np.ndarray:
    return np.where(np.abs(z) > 5.0, np.nan, z)


def raising(z: np.ndarray) -> np.ndarray:
    if np.abs(z).max() > 5.0:
        raise RuntimeError("too far")
    return z


@pytest.mark.parametrize(
    ("end", "shares"),
    [
        (itself, False),  # logits, by chance between 0 and 1
        (sigmoid, True),
        (clipped, True),
        (positive, False),  # 20.3
        (np.tanh, False),  # 1 and then -1
        (no_number, False),
        (raising, False),
    ],
)
def test_shares_stay_between_0_and_1_by_weights_far_off(end: Any, shares: bool) -> None:
    net: Any = Line(end)
    assert stay_shares(net, INPUTS, net.outputs(INPUTS)) is shares
    assert {name: array.tolist() for name, array in net.held.items()} == {"slope": [0.2], "place": [0.3]}


def test_they_are_asked_for_both_ways() -> None:
    net: Any = Line(sigmoid)
    stay_shares(net, INPUTS, np.array([[0.5], [0.7]]))
    assert net.asked == [(20.0, 2), (-20.0, 2)]


@pytest.mark.parametrize("outputs", [[[0.0], [0.5]], [[0.5], [1.0]], [[-0.1], [0.5]], [[0.5], [1.1]]])
def test_what_reaches_0_or_1_at_first_is_no_share(outputs: list[list[float]]) -> None:
    net: Any = Line(sigmoid)
    assert not stay_shares(net, INPUTS, np.array(outputs))
    assert net.asked == []


@pytest.mark.parametrize(
    ("outputs", "does"),
    [
        ([[0.25, 0.75], [1.0, 0.0]], True),
        ([[0.25, 0.75], [0.5, 0.49]], False),
        ([[1.25, -0.25], [0.5, 0.5]], False),
        ([[[0.5, 0.5], [0.25, 0.75]]], True),
    ],
)
def test_shares_of_a_softmax_sum_to_1(outputs: list[Any], does: bool) -> None:
    assert sum_to_one(np.array(outputs)) is does


def remark(end: Any, loss: str, outputs: Any = None) -> str:
    net: Any = Line(end)
    data: Any = SimpleNamespace(validation_images=np.arange(1.0, 7.0)[:, None])
    made = net.outputs(data.validation_images[:4]) if outputs is None else np.array(outputs)
    net.asked.clear()
    told = remark_of_outputs("net", net, loss, data, made)
    assert {inputs for _, inputs in net.asked} <= {4}  # as many as the outputs were made of
    return told


SUMS, LIES = (
    "sum to 1, as behind a softmax",
    "lie between 0 and 1, by far larger weights too, as behind a sigmoid",
)
HALVES = [[0.5, 0.5]] * 4


@pytest.mark.parametrize(
    ("end", "outputs", "loss", "found", "makes"),
    [
        (sigmoid, None, "binary-crossentropy", LIES, "sigmoid"),
        (sigmoid, None, "sparse-crossentropy", LIES, "softmax"),
        (itself, HALVES, "binary-crossentropy", SUMS, "sigmoid"),
        (itself, HALVES, "sparse-crossentropy", SUMS, "softmax"),
    ],
)
def test_a_model_that_ends_in_what_its_loss_does_itself_is_told(
    end: Any, outputs: Any, loss: str, found: str, makes: str
) -> None:
    assert remark(end, loss, outputs) == (
        f"outputs of net {found}; the loss {loss} takes logits and makes a {makes} of them itself, so that one "
        "behind the other is trained: leave the model's out"
    )


@pytest.mark.parametrize("loss", ["mse", "mae", "mine:loss"])
def test_of_a_loss_that_takes_no_logits_nothing_is_told(loss: str) -> None:
    assert remark(sigmoid, loss) == remark(itself, loss, HALVES) == ""


@pytest.mark.parametrize("loss", ["binary-crossentropy", "sparse-crossentropy"])
def test_of_logits_nothing_is_told(loss: str) -> None:
    assert remark(itself, loss) == remark(positive, loss) == ""
