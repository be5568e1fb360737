"""Timed epochs of a network of one weight, whose losses are worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.network import NamedWeights
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch
from likeforlike.models.tasks.oracle.timed_epochs import TimedEpochs

PLAIN = replace(MATCHED, dropout_rate=0.0, batch_size=4)
START, THEN = 1.0, 2.0


class OneWeight:
    """Logits [0, w x] of an image x; what is dropped is a factor, the next of those that it is given."""

    def __init__(self, factors: Iterator[float]) -> None:
        self.factors = factors
        self.types: set[tuple[str, str]] = set()
        self.gradient = 1.0

    def dropout_mask(self, random: Any, count: int, rate: float, dtype: np.dtype[Any]) -> np.ndarray:
        assert rate == 0.5
        return np.full((count, 1), next(self.factors), dtype)

    def gradients(
        self, weights: Any, images: np.ndarray, labels: np.ndarray, scale: None
    ) -> tuple[dict[str, np.ndarray], float, float]:
        assert weights["w"].dtype == images.dtype == np.float32
        assert len(images) == len(labels)
        assert scale is None
        return {"w": np.array([[0.0], [self.gradient]])}, 0.0, 0.0

    def dropped_logits(self, weights: Any, images: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
        self.types.add((weights["w"].dtype.name, images.dtype.name))
        right = images * weights["w"] * (1.0 if scale is None else scale)
        return np.concatenate([np.zeros_like(right), right], axis=1)


def loss(weight: float) -> float:
    """Of an image of 1 with label 1."""
    return math.log1p(math.exp(-weight))


class Trained:
    """A trainer whose weight is what it is set to."""

    def __init__(self) -> None:
        self.weights: dict[str, np.ndarray] = {}
        self.steps = 0

    def parameters(self) -> NamedWeights:
        return NamedWeights(self.weights)

    def steps_taken(self) -> int:
        return self.steps


class Watch:
    """The epochs under a watch, of images of 1 with label 1."""

    def __init__(
        self, recipe: Recipe = PLAIN, factors: Iterator[float] | None = None, images: tuple[int, int] = (8, 4)
    ) -> None:
        arrays = [(np.ones((n, 1), np.float32), np.ones(n, np.int32)) for n in images]
        data = Dataset("ones", "test", *arrays[0], *arrays[1])
        self.oracle, self.trainer = OneWeight(factors or repeat(1.0)), Trained()
        start = NamedWeights({"w": np.full((1, 1), START)})
        self.recipe, self.data = recipe, data
        self.watch = TimedEpochs(self.oracle, self.trainer, recipe, data, start)  # type: ignore[arg-type]

    def fault(
        self,
        said: float,
        val_said: float,
        weights: dict[str, np.ndarray] | None = None,
        val_accuracy: float | None = None,
        accuracy: float | None = None,
    ) -> str | None:
        number = self.watch.number + 1
        self.trainer.weights = {"w": np.full((1, 1), THEN)} if weights is None else weights
        self.trainer.steps = number * self.recipe.steps(len(self.data.train_labels))
        epoch = Epoch(number, 1.0, 0.0, 0.0, said, accuracy, val_said, val_accuracy)
        return self.watch.fault(Told(epoch, 1.0))


@pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False)])
@pytest.mark.parametrize(
    ("precision", "off"),
    [("float32", 1e-3), ("float64", 1e-4), ("tf32", 3e-2), ("mixed", 3e-2), ("bfloat16", 3e-2)],
)
def test_the_validation_loss_is_that_of_the_weights_of_now(
    precision: str, off: float, share: float, passes: bool
) -> None:
    recipe = replace(PLAIN, precision=precision, dropout_at_evaluation=True)  # of which nothing is dropped
    for way in (-1.0, 1.0):
        told = Watch(recipe).fault(loss(START), loss(THEN) * (1.0 + way * share * off))
        assert (told is None) == passes
    assert Watch().fault(0.2, 9.5) == f"val_loss of epoch 1 is 9.5, the weights give {loss(THEN):.4g}"


class TestAccuracy:
    """Of 1,000 validation images 250 have the other label, which the weights call wrong."""

    def fault(self, said: float, recipe: Recipe = PLAIN) -> str | None:
        watch = Watch(recipe, images=(8, 1000))
        watch.data.validation_labels[:250] = 0
        val_loss = loss(THEN) + 0.25 * THEN
        return watch.fault(loss(START), val_loss, val_accuracy=said)

    @pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False)])
    @pytest.mark.parametrize(("precision", "off"), [("float32", 1e-3), ("float64", 1e-4), ("bfloat16", 3e-2)])
    def test_it_is_that_of_the_weights_but_for_two_near_ties(
        self, precision: str, off: float, share: float, passes: bool
    ) -> None:
        for way in (-1.0, 1.0):
            told = self.fault(0.75 + way * share * (off + 0.002), replace(PLAIN, precision=precision))
            assert (told is None) == passes
            assert passes or (told or "").startswith("val_accuracy of epoch 1 is ")

    def test_with_dropout_at_evaluation_it_is_as_sure_as_two_draws_are(self) -> None:
        """Units count for -1 in one draw of ours, so that all are wrong: shares of 0 and 1, half their squared
        difference is one's variance.
        """
        recipe = replace(PLAIN, dropout_rate=0.5, dropout_at_evaluation=True)
        losses = loss(-THEN), loss(THEN)
        val_loss, arm = sum(losses) / 2, 6.0 * math.sqrt(1.5 * 0.5 / 4) + 1e-3 + 2 / 4
        for step, passes in ((0.99, True), (1.01, False), (-0.99, True), (-1.01, False)):
            watch = Watch(recipe, iter([1.0, -1.0, 1.0, 1.0]))
            told = watch.fault(loss(START), val_loss, val_accuracy=0.5 + step * arm)
            assert (told is None) == passes


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        (0.7 * loss(THEN) - 0.019, True),
        (0.7 * loss(THEN) - 0.021, False),
        (1.4 * loss(START) + 0.019, True),
        (1.4 * loss(START) + 0.021, False),
    ],
)
def test_the_training_loss_lies_near_those_before_and_after(said: float, passes: bool) -> None:
    told = Watch().fault(said, loss(THEN))
    assert (told is None) == passes
    ends = f"{0.7 * loss(THEN):.4g} to {1.4 * loss(START):.4g}"
    assert told is None or told == f"loss of epoch 1 is {said}, the weights give {ends}"


class TestTrainingAccuracy:
    """Of 900 images: six standard errors of a share are 0.1 at most, and 0.1 besides."""

    @pytest.mark.parametrize(("said", "passes"), [(0.81, True), (0.79, False), (1.0, True), (1.1, False)])
    def test_it_lies_near_those_of_the_weights_before_and_after(self, said: float, passes: bool) -> None:
        """Both call all images right."""
        told = Watch(images=(900, 4)).fault(loss(START), loss(THEN), accuracy=said)
        assert told == (None if passes else f"accuracy of epoch 1 is {said}, the weights give 0.8 to 1")

    def test_while_the_weights_change_it_may_be_anything_between(self) -> None:
        """A weight below 0 calls all images wrong; so do both ends of the second epoch."""
        watch, first, second = Watch(images=(900, 4)), np.full((1, 1), -1.0), np.full((1, 1), -2.0)
        assert watch.fault(loss(START), loss(-1.0), {"w": first}, accuracy=0.4) is None
        told = watch.fault(loss(-1.0), loss(-2.0), {"w": second}, accuracy=0.4)
        assert told == "accuracy of epoch 2 is 0.4, the weights give 0 to 0.2"

    def test_a_wrong_loss_is_told_first(self) -> None:
        told = Watch(images=(900, 4)).fault(9.0, loss(THEN), accuracy=0.1)
        assert str(told).startswith("loss of epoch 1 is 9.0")


def test_the_next_epoch_begins_with_the_weights_of_this_one() -> None:
    watch = Watch()
    assert watch.fault(loss(START), loss(THEN)) is None
    assert watch.fault(loss(THEN), loss(THEN)) == "w did not move in epoch 2"
    further = {"w": np.full((1, 1), 6.0)}
    assert watch.fault(1.4 * loss(THEN) + 0.021, loss(6.0), further) is not None
    assert watch.watch.proven == "proven"


@pytest.mark.parametrize(("gradient", "rests"), [(0.0, True), (1e-9, False), (-1e-9, False)])
def test_a_weight_without_a_gradient_may_rest(gradient: float, rests: bool) -> None:
    """As where all units of a layer are dead, by too high a rate."""
    watch = Watch()
    watch.oracle.gradient = gradient
    assert watch.fault(loss(START), loss(THEN)) is None
    assert watch.fault(loss(THEN), loss(THEN)) == (None if rests else "w did not move in epoch 2")


@pytest.mark.parametrize(
    "weights",
    [{}, {"w": np.ones((2, 1))}, {"w": np.array([[np.nan]]), "v": np.array([1.0])}],
    ids=["none", "another shape", "nan"],
)
def test_weights_are_there_and_finite(weights: dict[str, np.ndarray]) -> None:
    told = Watch().fault(loss(START), loss(THEN), weights)
    assert told == "after epoch 1 w is missing, misshapen or not finite"


@pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False)])
def test_with_dropout_at_evaluation_it_is_as_sure_as_two_draws_are(share: float, passes: bool) -> None:
    """Units count 1/2 in one draw of ours and 3/2 in the other: half the squared difference is one's variance."""
    recipe = replace(PLAIN, dropout_rate=0.5, dropout_at_evaluation=True)
    first, second = loss(0.5 * THEN), loss(1.5 * THEN)
    truth, variance = (first + second) / 2, (first - second) ** 2 / 2
    arm = 6.0 * math.sqrt(1.5 * variance / 4) + 1e-3 * truth
    for way in (-1.0, 1.0):
        factors = iter([1.0, 0.5, 1.5, 1.0])  # of the start, of two evaluations, of the end
        told = Watch(recipe, factors).fault(loss(START), truth + way * share * arm)
        assert (told is None) == passes


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_losses_are_computed_in_the_recipe_s_precision(precision: str) -> None:
    watch = Watch(replace(PLAIN, precision=precision))
    assert watch.oracle.types == {(precision, precision)}


def test_of_many_images_two_thousand_are_taken_and_all_are_validated() -> None:
    watch = Watch(images=(2001, 1203))
    assert [len(part) for part in watch.watch.few] == [2000, 2000]
    assert watch.fault(loss(START), loss(THEN)) is None
    # in the first and the third block of 500: each loses 2.5 more
    watch.data.validation_labels[[0, 1202]] = 0
    further = {"w": np.full((1, 1), 2.5)}
    right = loss(2.5) + 2 * 2.5 / 1203
    assert watch.fault(loss(THEN), right, further) is None


def test_a_number_that_is_not_finite_is_found_among_others() -> None:
    watch = Watch()
    watch.watch.weights = {"w": np.ones((1, 2))}
    told = watch.fault(loss(START), loss(THEN), {"w": np.array([[1.0, np.inf]])})
    assert told == "after epoch 1 w is missing, misshapen or not finite"


def test_epochs_are_the_next_ones_took_their_seconds_and_their_steps() -> None:
    epoch = Epoch(1, 1.0, 0.0, 0.0, loss(START), None, loss(THEN), None)

    def told(epoch: Epoch, passed: float = 1.0, steps: int = 2, recipe: Recipe = PLAIN) -> str | None:
        watch = Watch(recipe)
        watch.trainer.weights, watch.trainer.steps = {"w": np.full((1, 1), THEN)}, steps
        return watch.watch.fault(Told(epoch, passed))

    assert told(epoch) is None
    assert told(replace(epoch, epoch=2)) == "epoch 1 says that it is epoch 2"
    assert told(epoch, passed=0.5) == "epoch 1 tells of 1 s, 0.5 s passed"
    assert told(epoch, steps=3) == "3 steps of the optimizer after epoch 1, the recipe asks for 2"
    without = replace(PLAIN, metrics="none")
    assert "tells an accuracy, 0.5" in str(told(replace(epoch, accuracy=0.5), recipe=without))


def test_with_dropout_in_training_alone_validation_drops_nothing() -> None:
    watch = Watch(replace(PLAIN, dropout_rate=0.5), iter([1.0, 1.0]))
    assert watch.fault(loss(START), loss(THEN)) is None


def test_what_was_not_timed_or_not_counted_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    assert watch.watch.proven == "not proven: no epoch was timed"
    watch.fault(loss(START), loss(THEN))
    assert watch.watch.proven == "proven"
    monkeypatch.delattr(Trained, "steps_taken")
    assert watch.watch.proven.startswith("not proven: the trainer doesn't tell its optimizer's steps")
