"""The plain training of a made-up model of one weight: its accuracies, and what others may be off, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED, Recipe
from likeforlike.models.contract.training.trainer import Dataset
from likeforlike.models.tasks.own.answers import are_of_classes, leads
from likeforlike.models.tasks.own.bringing.reference import Course, allowed_of, course_of
from likeforlike.models.tasks.own.families.model import Step


class TestLeads:
    @pytest.mark.parametrize(
        ("label", "ahead"), [(0, 0.5), (1, -0.5), (2, -1.75), (3, -1.0), (-1, -1.0), (-100, -1.0)]
    )
    def test_of_the_right_class_before_the_best_other_one(self, label: int, ahead: float) -> None:
        """Of 3, 1 and -4: (3 - 1) / 4, (1 - 3) / 4, (-4 - 3) / 4; there are no other classes."""
        outputs = np.array([[3.0, 1.0, -4.0]], np.float32)
        assert leads(outputs, np.array([label], np.int32)).tolist() == [ahead]

    def test_at_each_place_of_a_sequence(self) -> None:
        outputs = np.array([[[1.0, 0.0], [0.0, 2.0]], [[2.0, 2.0], [0.0, 0.0]]])
        found = leads(outputs, np.array([[0, 0], [1, 1]], np.uint8))
        assert found.tolist() == [1.0, -1.0, 0.0, 0.0]

    def test_what_is_no_number_leads_by_none(self) -> None:
        assert np.isnan(leads(np.array([[np.nan, 1.0], [np.inf, np.inf]]), np.array([1, 0]))).all()

    @pytest.mark.parametrize(
        ("outputs", "targets", "are"),
        [
            ((4, 3), np.zeros(4, np.int32), True),
            ((4, 2), np.zeros(4, np.uint8), True),
            ((4, 5, 3), np.zeros((4, 5), np.int64), True),
            ((4, 1), np.zeros(4, np.int32), False),
            ((4, 3), np.zeros(4, np.float32), False),
            ((4, 3), np.zeros((4, 3), np.int32), False),
            ((4, 1, 3), np.zeros((4, 5), np.int32), False),
        ],
    )
    def test_an_accuracy_is_of_class_numbers_with_an_output_each(
        self, outputs: tuple[int, ...], targets: np.ndarray, are: bool
    ) -> None:
        assert are_of_classes(np.zeros(outputs), targets) == are


class OneWeight:
    """Outputs [w, 3/8] whatever the input; the gradient is 1, so that sgd by a quarter takes 1/4 a step."""

    family = "torch"

    def __init__(self) -> None:
        self.weight = np.zeros(1)

    def weights(self) -> dict[str, np.ndarray]:
        return {"w": self.weight.copy()}

    def trained(self) -> frozenset[str]:
        return frozenset({"w"})

    def assign(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weight = np.array(weights["w"], np.float64)

    restart = assign

    def confine(self) -> None:
        pass

    def outputs(self, inputs: np.ndarray, training: bool = False) -> np.ndarray:
        return np.stack([[self.weight[0], 0.375]] * len(inputs))

    def step(self, inputs: np.ndarray, targets: np.ndarray, training: bool) -> Step:
        return Step(np.ones(len(inputs)), 0.0, self.outputs(inputs), {"w": np.ones(1)})

    def evaluated(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        return 2.0, self.outputs(inputs)


def trained(targets: np.ndarray, validation: np.ndarray) -> Course:
    """Eighteen samples: a batch of sixteen, and one of two."""
    recipe = Recipe("plain", batch_size=16, epochs=2, shuffle="none", optimizer="sgd", learning_rate=0.25)
    inputs = np.zeros((18, 1), np.float32)
    data = Dataset("made-up", "test", inputs, targets, inputs[: len(validation)], validation)
    model: Any = OneWeight()
    return course_of(model, {"w": np.array([0.5])}, data, recipe, training=True)


class TestAccuracies:
    def test_they_are_shares_of_the_answers_before_each_update(self) -> None:
        """By 1/2 sixteen samples of class 0 are right, by 1/4 two are not; by 0 and -1/4 none is. After the
        epochs the weight is 0 and -1/2, and one in four of the validation's is of class 1."""
        course = trained(np.zeros(18, np.int32), np.array([0, 1, 0, 0], np.int32))
        assert [moved["w"].item() for moved in course.moved] == [-0.5, -1.0]
        assert [(told["accuracy"], told["val_accuracy"]) for told in course.epochs] == [
            (16 / 18, 0.25),
            (0.0, 0.25),
        ]
        first, second = course.leads
        assert first["accuracy"] == pytest.approx([0.25] * 16 + [-1 / 3] * 2)
        assert first["val_accuracy"].tolist() == [-1.0, 1.0, -1.0, -1.0]
        assert second["accuracy"] == pytest.approx([-1.0] * 16 + [-5 / 3] * 2)
        assert second["val_accuracy"] == pytest.approx([-1.75, 1.75, -1.75, -1.75])

    def test_of_other_targets_there_is_none(self) -> None:
        course = trained(np.zeros(18, np.float32), np.zeros(4, np.float32))
        assert [(told["accuracy"], told["val_accuracy"]) for told in course.epochs] == [(None, None)] * 2
        assert course.leads == ({}, {})


def course(*leads: float, **more: np.ndarray) -> Course:
    told = {"loss": 1.0, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": None}
    return Course((told,), ({},), {}, 1.0, {}, (), ({"accuracy": np.array(leads), **more},))


class TestAllowed:
    """An answer that is ahead by a thousandth, or by ten times what it strays in float32, is right or wrong."""

    def allowed(self, exact: Course, *rounded: Course) -> Mapping[str, float]:
        return allowed_of(exact, rounded, MATCHED, frozenset(), 10).losses[0]

    def test_near_ties_may_fall_to_either_side_and_one_more_may(self) -> None:
        """Of four the tie and the 0.0005; the -0.002 is decided while it strays by 0.0001."""
        exact = course(0.5, 0.0, -0.002, 0.0005)
        found = self.allowed(exact, exact, course(0.5, 0.0, -0.0021, 0.0005))
        assert found == {"loss": 1e-3, "val_loss": 2e-3, "accuracy": 3.5 / 4}

    def test_what_strays_in_any_course_is_decided_by_rounding(self) -> None:
        """By 0.0003 the -0.002 may stray ten times as far in another loop: to 0.001."""
        exact = course(0.5, 0.0, -0.002, 0.0005)
        found = self.allowed(exact, course(0.5, 0.0, -0.0023, 0.0005), exact)
        assert found["accuracy"] == 4.5 / 4

    def test_what_is_no_number_is_decided_by_nothing(self) -> None:
        assert self.allowed(course(0.5, np.nan), course(0.5, 0.5))["accuracy"] == 2.5 / 2
        assert self.allowed(course(0.5, 0.5), course(0.5, np.nan))["accuracy"] == 2.5 / 2

    def test_each_accuracy_by_its_own_answers(self) -> None:
        validated = np.array([0.5, 0.5, 0.5])
        exact = course(0.5, val_accuracy=validated)
        found = self.allowed(exact, exact)
        assert (found["accuracy"], found["val_accuracy"]) == (1.5, 0.5)

    def test_of_a_loss_of_nothing_a_little_may_be_told(self) -> None:
        """As of a hinge that all samples are beyond: a share of 0 would be 0, and nothing divides by that."""
        told = {"loss": 0.0, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": None}
        nothing = replace(course(0.5), epochs=(told,))
        found = self.allowed(nothing, nothing)
        assert (found["loss"], found["val_loss"]) == (1e-7, 2e-3)


def moving(*by: float) -> Course:
    """Weights of four numbers each that have moved by so much in each."""
    moved = {f"w{number}": np.full(4, each) for number, each in enumerate(by)}
    return replace(course(0.5), moved=(moved,))


class TestResting:
    """By Adam what moves less than 0.02 of the rates of all steps, in each number, has no gradient to speak of."""

    def resting(self, recipe: Recipe, exact: Course) -> tuple[str, ...]:
        return allowed_of(exact, (exact,), recipe, frozenset({"w0", "w1"}), 10).resting

    def test_by_a_constant_rate_it_is_ten_times_that(self) -> None:
        """Of 0.001: 0.0002."""
        assert self.resting(MATCHED, moving(2.1e-4, 1.9e-4)) == ("w1",)

    def test_in_a_warm_up_all_move_little_and_don_t_rest(self) -> None:
        """Rates of 0 to 9 thousandths of 0.001 are 0.045 of it together: 0.0000009."""
        recipe = replace(MATCHED, warmup_steps=1000)
        assert self.resting(recipe, moving(1e-6, 8e-7)) == ("w1",)

    def test_by_sgd_it_is_of_what_moves_most(self) -> None:
        recipe = Recipe("plain", optimizer="sgd", warmup_steps=1000)
        assert self.resting(recipe, moving(1.0, 2e-4)) == ()
        assert self.resting(recipe, moving(1.0, 0.5e-4)) == ("w1",)
