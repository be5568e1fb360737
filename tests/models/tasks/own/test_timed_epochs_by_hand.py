"""Timed epochs of a brought model of one weight, whose second model is made up: losses are worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.network import Match, NamedWeights
from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Dataset, Epoch
from likeforlike.models.tasks.own import timed_epochs
from likeforlike.models.tasks.own.timed_epochs import OwnEpochs

RECIPE = replace(MATCHED, batch_size=2)
START, THEN = 4.0, 2.0
"""The weight before and after an epoch; a loss is the weight itself."""


class Plain:
    """A model whose loss is its weight, in training and not; it answers class 1 of three."""

    def __init__(self) -> None:
        self.weight = 0.0
        self.answer = np.array([0.0, 1.0, 0.0])
        self.judged_labels: list[int] = []
        self.gradients: Iterator[float] = repeat(1.0)
        """Of the weight, batch by batch."""

    def assign(self, own: dict[str, np.ndarray]) -> None:
        assert set(own) == {"own/w", "own/idle", "own/state"}
        self.weight = float(own["own/w"][0])

    def evaluated(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        return self.weight, np.stack([self.answer] * len(labels))

    def outputs(self, images: np.ndarray, training: bool) -> np.ndarray:
        assert training
        return images

    def step(self, images: np.ndarray, labels: np.ndarray, training: bool) -> Any:
        assert training
        return SimpleNamespace(gradients={"own/w": np.array([next(self.gradients)]), "own/idle": np.zeros(1)})

    def judged(self, outputs: np.ndarray, labels: np.ndarray) -> float:
        self.judged_labels.append(len(labels))
        return self.weight + float(outputs[0, 0])


class Watch:
    """Epochs under a watch; inputs add to the losses of their batch in training."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        recipe: Recipe = RECIPE,
        inputs: Sequence[float] = (0.0,) * 4,
        labels: Any = (1, 1, 1, 0),
    ) -> None:
        self.plain = Plain()
        monkeypatch.setattr(timed_epochs, "opened", lambda *_: self.plain)
        monkeypatch.setattr(timed_epochs, "moved_by_rounding", lambda *_: {"rounded"})
        names = ("w", "idle", "state")
        told = SimpleNamespace(
            network_matches=tuple(Match(name, f"own/{name}") for name in names),
            weights=tuple(SimpleNamespace(name=f"own/{name}", trained=name != "state") for name in names),
            idle=("idle",),
            target="mine:model",
            family="keras",
            loss="sparse-crossentropy",
        )
        given = np.array(inputs, np.float32)[:, None]
        targets = np.array(labels)
        self.data = Dataset(
            "some", "test", given, np.ones(len(given), np.int32), given[: len(targets)], targets
        )
        self.recipe, self.steps = recipe, 0
        self.weights = self.of(START)
        trainer: Any = SimpleNamespace(
            parameters=lambda: NamedWeights(self.weights), steps_taken=lambda: self.steps
        )
        brought: Any = SimpleNamespace(models=[None, told])
        self.watch = OwnEpochs(brought, 1, trainer, recipe, self.data, NamedWeights(self.of(START)))

    @staticmethod
    def of(weight: float) -> dict[str, np.ndarray]:
        return {"w": np.full(1, weight), "idle": np.ones(1), "state": np.ones(2)}

    def fault(
        self, said: float | None, val_said: float | None, right: float | None = None, weight: float = THEN
    ) -> str | None:
        number = self.watch.number + 1
        self.steps = number * self.recipe.steps(len(self.data.train_labels))
        self.weights = self.of(weight) if self.weights["w"][0] == START else self.weights
        return self.watch.fault(Told(Epoch(number, 1.0, 0.0, 0.0, said, right, val_said, right), 1.0))


@pytest.mark.parametrize(("precision", "off"), [("float32", 2e-3), ("float64", 2e-3), ("tf32", 6e-2)])
@pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False)])
def test_the_validation_loss_is_the_second_model_s(
    monkeypatch: pytest.MonkeyPatch, precision: str, off: float, share: float, passes: bool
) -> None:
    """A thousandth of 2, and a millionth besides."""
    for way in (-1.0, 1.0):
        watch = Watch(monkeypatch, replace(RECIPE, precision=precision))
        told = watch.fault(3.0, THEN + way * share * off + way * 1e-6)
        assert (told is None) == passes
    assert Watch(monkeypatch).fault(3.0, 9.0) == "val_loss of epoch 1 is 9.0, the weights give 2"
    assert Watch(monkeypatch).fault(3.0, None) == "val_loss of epoch 1 is None, the weights give 2"


@pytest.mark.parametrize(
    ("said", "passes"),
    [(0.6 * 2 - 0.049, True), (0.6 * 2 - 0.051, False), (1.7 * 4 + 0.049, True), (1.7 * 4 + 0.051, False)],
)
def test_the_training_loss_lies_near_those_before_and_after(
    monkeypatch: pytest.MonkeyPatch, said: float, passes: bool
) -> None:
    told = Watch(monkeypatch).fault(said, THEN)
    assert (told is None) == passes
    assert told is None or told == f"loss of epoch 1 is {said}, the weights give 1.2 to 6.8"


@pytest.mark.parametrize(("right", "passes"), [(0.75, True), (1.25, True), (1.26, False), (0.24, False)])
def test_accuracy_is_of_the_second_model_s_answers_but_for_two_ties(
    monkeypatch: pytest.MonkeyPatch, right: float, passes: bool
) -> None:
    """Three of four are right; two of four may be ties."""
    told = Watch(monkeypatch).fault(3.0, THEN, right)
    assert (told is None) == passes
    assert told is None or told == f"val_accuracy of epoch 1 is {right}, the weights give 0.75"


@pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False), (-0.99, True), (-1.01, False)])
def test_a_loss_of_nothing_may_be_a_millionth(
    monkeypatch: pytest.MonkeyPatch, share: float, passes: bool
) -> None:
    told = Watch(monkeypatch).fault(3.0, share * 1e-6, weight=0.0)
    assert (told is None) == passes


def test_accuracy_of_every_place_of_a_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two places of three classes each, class 2 and class 0: of eight labels six are right."""
    watch = Watch(monkeypatch, labels=[[2, 0], [2, 0], [2, 1], [1, 0]])
    watch.plain.answer = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    assert watch.fault(3.0, THEN, 0.75 - 0.24) is None
    assert watch.fault(3.0, THEN) is not None  # the weight stands still
    other = Watch(monkeypatch, labels=[[2, 0], [2, 0], [2, 1], [1, 0]])
    other.plain.answer = watch.plain.answer
    assert other.fault(3.0, THEN, 0.75 - 0.27) == (
        f"val_accuracy of epoch 1 is {0.75 - 0.27}, the weights give 0.75"
    )


@pytest.mark.parametrize(
    ("answer", "labels"), [([0.0, 1.0], [1, 1, 1, 0]), ([[0.0, 0.0, 1.0]], [[2], [2], [2], [1]])]
)
def test_two_classes_or_one_place_are_enough(
    monkeypatch: pytest.MonkeyPatch, answer: Any, labels: Any
) -> None:
    watch = Watch(monkeypatch, labels=labels)
    watch.plain.answer = np.array(answer)
    assert watch.fault(3.0, THEN, 0.75) is None


@pytest.mark.parametrize("answer", [np.array([1.0]), np.ones((2, 3))], ids=["one number", "another rank"])
def test_no_accuracy_without_an_output_for_each_class(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    watch = Watch(monkeypatch)
    watch.plain.answer = answer
    told = watch.fault(3.0, THEN, 0.75)
    assert told == "epoch 1 tells an accuracy, but the outputs are not one for each class"


def test_no_accuracy_of_what_are_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Watch(monkeypatch, labels=(1.0, 1.0, 1.0, 0.0)).fault(3.0, THEN, 0.75)
    assert told == "epoch 1 tells an accuracy, but the outputs are not one for each class"
    assert Watch(monkeypatch, labels=(1.0, 1.0, 1.0, 0.0)).fault(3.0, THEN) is None


class TestTrainingAccuracy:
    """Of 400 samples, eight batches of 50: six standard errors of a share are 0.15 at most, and 0.1 besides."""

    RECIPE = replace(RECIPE, batch_size=50)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> Watch:
        """All labels are class 1, which the model answers while its weight is 2 at least."""
        watch = Watch(monkeypatch, self.RECIPE, inputs=[0.0] * 400)

        def outputs(images: np.ndarray, training: bool) -> np.ndarray:
            return np.eye(3)[[1 if watch.plain.weight >= 2.0 else 2] * len(images)]

        monkeypatch.setattr(watch.plain, "outputs", outputs)
        return watch

    @pytest.mark.parametrize(("said", "passes"), [(0.76, True), (0.74, False), (1.0, True), (1.1, False)])
    def test_it_lies_near_those_of_the_weights_before_and_after(
        self, monkeypatch: pytest.MonkeyPatch, said: float, passes: bool
    ) -> None:
        told = self.watch(monkeypatch).fault(3.0, THEN, said)
        assert told == (None if passes else f"accuracy of epoch 1 is {said}, the weights give 0.75 to 1")

    def test_while_the_weights_change_it_may_be_anything_between(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.watch(monkeypatch).fault(3.0, 1.0, 0.5, weight=1.0) is None

    def test_batches_count_by_their_samples(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of 300 all are right, of 100 none: three quarters, and a quarter less at the least."""
        watch = Watch(monkeypatch, replace(RECIPE, batch_size=300), inputs=[0.0] * 400)
        answers = {300: 1, 100: 2}
        monkeypatch.setattr(
            watch.plain, "outputs", lambda images, training: np.eye(3)[[answers[len(images)]] * len(images)]
        )
        assert watch.fault(3.0, THEN, 0.9) is None
        other = Watch(monkeypatch, replace(RECIPE, batch_size=300), inputs=[0.0] * 400)
        monkeypatch.setattr(other.plain, "outputs", watch.plain.outputs)
        told = other.fault(3.0, THEN, 0.49)
        assert told == "accuracy of epoch 1 is 0.49, the weights give 0.5 to 1"

    def test_a_wrong_loss_is_told_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.watch(monkeypatch).fault(9.0, THEN, 0.5)
        assert told == "loss of epoch 1 is 9.0, the weights give 1.2 to 6.8"

    def test_nothing_is_held_against_it_where_outputs_are_not_of_classes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is told of the validation must be of classes all the same."""
        assert Watch(monkeypatch, self.RECIPE, inputs=[0.0] * 400).fault(3.0, THEN, 0.5) is None


def test_few_batches_from_the_whole_epoch_are_judged_by_their_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 17 batches, the last of one sample, every second one: 8 of them. Later ones count, too."""
    watch = Watch(monkeypatch, inputs=[0.0] * 28 + [80.0] * 5)
    assert watch.fault(0.6 * (THEN + 10.0), THEN) is None  # the eighth, of batches 0 to 14, adds 80 / 8
    assert watch.plain.judged_labels == [2] * 16
    short = Watch(monkeypatch, inputs=[0.0, 0.0, 9.0])
    assert short.fault(START + 3.0, THEN) is None
    assert short.fault(1.7 * (THEN + 3.0) + 0.051, THEN, None) is not None
    assert short.plain.judged_labels[:2] == [2, 1]


def test_a_batch_that_the_recipe_drops_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last sample alone: no loop trains on it, and PyTorch can't normalise a batch of one."""
    watch = Watch(monkeypatch, replace(RECIPE, remainder="drop"), inputs=[0.0, 0.0, 9.0])
    assert watch.fault(3.0, THEN) is None
    assert watch.plain.judged_labels == [2, 2]


def test_in_a_warm_up_s_first_step_nothing_has_to_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one step an epoch, the first by a rate of 0."""
    watch = Watch(monkeypatch, replace(RECIPE, batch_size=4, warmup_steps=2))
    assert watch.fault(START, START, weight=START) is None
    assert watch.fault(START, START, weight=START) == "w did not move in epoch 2"


def test_what_is_trained_moves_unless_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    assert watch.fault(3.0, THEN) is None
    assert watch.fault(2.0, THEN) == "w did not move in epoch 2"


@pytest.mark.parametrize(
    ("gradients", "rests"), [([0.0, 0.0], True), ([0.0, 1e-9], False), ([-1.0, 0.0], False)]
)
def test_a_weight_without_a_gradient_may_rest(
    monkeypatch: pytest.MonkeyPatch, gradients: list[float], rests: bool
) -> None:
    """As where all units of a layer are dead, by too high a rate: of two batches neither moves it."""
    watch = Watch(monkeypatch)
    assert watch.fault(3.0, THEN) is None
    watch.plain.gradients = iter(gradients)
    assert watch.fault(2.0, THEN) == (None if rests else "w did not move in epoch 2")


@pytest.mark.parametrize("state", [np.array([1.0, np.inf]), np.ones(3), None])
def test_weights_are_there_and_finite(monkeypatch: pytest.MonkeyPatch, state: np.ndarray | None) -> None:
    watch = Watch(monkeypatch)
    watch.weights = watch.of(THEN) | {"state": state}  # type: ignore[dict-item]
    if state is None:
        del watch.weights["state"]
    assert watch.fault(3.0, THEN) == "after epoch 1 state is missing, misshapen or not finite"


def test_epochs_seconds_steps_and_what_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(number: int = 1, passed: float = 1.0, steps: int = 2, metrics: str = "keras") -> str | None:
        watch = Watch(monkeypatch, replace(RECIPE, metrics=metrics))
        watch.weights, watch.steps = watch.of(THEN), steps
        return watch.watch.fault(Told(Epoch(number, 1.0, 0.0, 0.0, 3.0, 0.5, THEN, 0.75), passed))

    assert told() is None
    assert told(number=2) == "epoch 1 says that it is epoch 2"
    assert told(passed=0.5) == "epoch 1 tells of 1 s, 0.5 s passed"
    assert told(steps=3) == "3 steps of the optimizer after epoch 1, the recipe asks for 2"
    assert "tells an accuracy, 0.5" in str(told(metrics="none"))
    watch = Watch(monkeypatch)
    assert watch.watch.proven == "not proven: no epoch was timed"
    watch.fault(3.0, THEN)
    assert watch.watch.proven == "proven"
    monkeypatch.setattr(timed_epochs, "steps_taken", lambda trainer: None)
    assert watch.watch.proven.startswith("not proven: the trainer doesn't tell its optimizer's steps")
