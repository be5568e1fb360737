"""Targets beside a model's outputs, by their shapes alone."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.tasks.own.bringing.fitting import check_targets
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
