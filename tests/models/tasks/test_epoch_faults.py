"""What speaks against a timed epoch, by hand: seconds, metrics, steps, and weights that rounding may leave."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.training.task import Told
from likeforlike.models.contract.training.trainer import Epoch
from likeforlike.models.tasks.epoch_faults import (
    Seconds,
    accuracy_fault,
    largest_rate,
    may_rest,
    metrics_fault,
    seconds_fault,
    steps_fault,
    steps_taken,
)


def epoch(*seconds: float, accuracy: float | None = None, val_accuracy: float | None = None) -> Epoch:
    return Epoch(2, *seconds, 0.5, accuracy, 0.6, val_accuracy)


@pytest.mark.parametrize(
    ("said", "passed", "number", "fault"),
    [
        (0.1, 0.0, 1, False),  # a tenth of a second is nobody's
        (0.1000001, 0.0, 1, True),
        (1.3, 1.0, 2, False),  # and a fifth of what passed
        (1.31, 1.0, 2, True),
        (0.0, 0.125, 2, False),
        (0.69, 1.0, 2, True),
        (0.69, 1.0, 1, False),  # before the first epoch it may prepare
    ],
)
def test_phases_take_what_passed_but_for_a_fifth_and_a_tenth_of_a_second(
    said: float, passed: float, number: int, fault: bool
) -> None:
    assert (seconds_fault(Told(epoch(said, 0.0, 0.0), passed), number) is not None) == fault


def test_all_three_phases_count() -> None:
    told = Told(epoch(1.0, 2.0, 4.0), 1.0)
    assert seconds_fault(told, 3) == "epoch 3 tells of 7 s, 1 s passed"


def test_many_short_epochs_leave_less_untold_than_each_of_them() -> None:
    """Of 0.1 s each 0.05 s untold: 0.05 n against 0.02 n, 0.1 s and another 0.02 n; above it from the eleventh on."""
    seconds = Seconds()
    assert seconds.fault(Told(epoch(0.0, 0.0, 0.0), 0.1), 1) is None, "before the first it may prepare"
    short = Told(epoch(0.02, 0.02, 0.01), 0.1)
    found = [seconds.fault(short, number) for number in range(2, 13)]
    assert found[:9] == [None] * 9
    assert found[-1] == "epochs 2 to 12 tell of 0.55 s, 1.1 s passed"


def test_a_single_epoch_s_fault_is_told_as_before() -> None:
    assert Seconds().fault(Told(epoch(1.0, 2.0, 4.0), 1.0), 3) == "epoch 3 tells of 7 s, 1 s passed"


def test_of_long_epochs_a_fifth_may_be_left_out_of_all_together() -> None:
    seconds = Seconds()
    assert {seconds.fault(Told(epoch(8.0, 0.0, 0.0), 10.0), number) for number in range(1, 50)} == {None}


def test_what_is_told_in_full_is_never_too_little() -> None:
    seconds = Seconds()
    assert {seconds.fault(Told(epoch(0.5, 0.3, 0.2), 1.0), number) for number in range(1, 200)} == {None}


def test_no_accuracy_where_there_are_no_metrics() -> None:
    without = replace(MATCHED, metrics="none")
    told = "epoch 2 tells an accuracy, {}, though the recipe has no metrics"
    assert metrics_fault(without, epoch(1, 1, 1, accuracy=0.0, val_accuracy=0.75)) == told.format("0")
    assert metrics_fault(without, epoch(1, 1, 1, val_accuracy=0.12345)) == told.format("0.1235")
    assert metrics_fault(without, epoch(1, 1, 1)) is None
    assert metrics_fault(MATCHED, epoch(1, 1, 1, accuracy=0.5)) is None


def test_steps_are_the_recipe_s_in_so_many_epochs() -> None:
    data: Any = SimpleNamespace(train_labels=np.zeros(100))
    recipe = replace(MATCHED, batch_size=30)  # 30, 30, 30 and 10
    taken: Any = SimpleNamespace(steps_taken=lambda: np.int64(8))
    assert steps_fault(taken, recipe, data, 2) is None
    assert steps_fault(taken, recipe, data, 3) == (
        "8 steps of the optimizer after epoch 3, the recipe asks for 12"
    )
    assert steps_taken(taken) == 8
    silent: Any = SimpleNamespace()
    assert steps_taken(silent) is None
    assert steps_fault(silent, recipe, data, 3) is None


@pytest.mark.parametrize(
    ("weights", "rests"), [([1.0, -1.0], True), ([1.0, 0.25], False), ([0.5, 0.5], False), ([], True)]
)
def test_in_bfloat16_what_moves_by_less_than_half_a_spacing_may_rest(
    weights: list[float], rests: bool
) -> None:
    """Half a spacing is a 512th: of 1 more than the rate, of 1/2 as much."""
    recipe = replace(MATCHED, precision="bfloat16")
    assert may_rest(recipe, np.array(weights), 2.0**-10) is rests
    assert not may_rest(replace(recipe, precision="float32"), np.array(weights), 2.0**-10)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_by_a_rate_of_0_everything_may_rest(precision: str) -> None:
    recipe = replace(MATCHED, precision=precision)
    assert may_rest(recipe, np.array([0.0, 1.0]), 0.0)
    assert not may_rest(recipe, np.array([0.0, 1.0]), 1e-9)


def test_the_largest_rate_of_an_epoch_is_the_schedule_s() -> None:
    """Two epochs of two steps. Cosine: 1, 0.85, 0.5, 0.15; a warm-up over four: 0, 1/4, 1/2, 3/4."""
    recipe = replace(MATCHED, batch_size=10, epochs=2, learning_rate=1.0)
    cosine, rising = replace(recipe, schedule="cosine"), replace(recipe, warmup_steps=4)
    assert [largest_rate(recipe, 20, number) for number in (1, 2)] == [1.0, 1.0]
    assert [largest_rate(cosine, 20, number) for number in (1, 2)] == pytest.approx([1.0, 0.5])
    assert [largest_rate(rising, 20, number) for number in (1, 2)] == [0.25, 0.75]


def test_an_epoch_of_one_step_that_begins_a_warm_up_has_no_rate() -> None:
    recipe = replace(MATCHED, batch_size=20, epochs=2, learning_rate=1.0, warmup_steps=2)
    assert [largest_rate(recipe, 20, number) for number in (1, 2)] == [0.0, 0.5]


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        (0.3 - 5e-7, True),
        (0.3 - 2e-6, False),
        (0.5625, True),
        (0.825 + 5e-7, True),
        (0.825 + 2e-6, False),
        (float("nan"), False),
    ],
)
def test_a_running_accuracy_lies_near_those_of_both_ends(said: float, passes: bool) -> None:
    """Of 900 samples: 0.1, and six times 0.5 / 30, which is 0.1 too, below 0.5 and above 0.625."""
    for ends in ((0.5, 0.625), (0.625, 0.5)):
        fault = accuracy_fault(epoch(0.0, 0.0, 0.0, accuracy=said), ends, 900)
        assert fault == (None if passes else f"accuracy of epoch 2 is {said}, the weights give 0.3 to 0.825")


@pytest.mark.parametrize(("said", "passes"), [(-1e-6, True), (-2e-6, False), (1 + 1e-6, True), (1.5, False)])
@pytest.mark.parametrize(("ends", "samples"), [((0.125, 0.875), 900), ((0.5, 0.5), 4)])
def test_a_running_accuracy_is_a_share(
    said: float, passes: bool, ends: tuple[float, float], samples: int
) -> None:
    """Of four samples 0.1 and six times 0.5 / 2 are more than all there is."""
    fault = accuracy_fault(epoch(0.0, 0.0, 0.0, accuracy=said), ends, samples)
    assert fault == (None if passes else f"accuracy of epoch 2 is {said}, the weights give 0 to 1")


def test_who_tells_no_accuracy_tells_no_wrong_one() -> None:
    assert accuracy_fault(epoch(0.0, 0.0, 0.0, val_accuracy=7.0), (0.5, 0.5), 900) is None
