"""What a ladder's changes are worth, in words, by hand."""

from __future__ import annotations

import pytest
import report_by_hand as by_hand

from likeforlike.reports.judge.ladder.effects import Effect, Step
from likeforlike.reports.read.schema.runs import Change, Rung
from likeforlike.reports.tell.wording.changes_text import added_text, explanation, interaction_text


@pytest.mark.parametrize(
    ("seconds", "largest", "text"),
    [
        (23.456, 23.456, "+23.46"),
        (-0.004, 1.0, "+0.00"),
        (-0.1, 0.1, "-0.10"),
        (0.0996, 0.0996, "+0.10"),
        (0.0994, 0.0994, "+0.099"),
        (-0.0032, 0.0032, "-0.0032"),
        (0.0004, 0.0032, "+0.0004"),
        (0.0, 0.0, "+0.00"),
        (0.0, 1e-20, "+0.000000000000"),
    ],
)
def test_seconds_are_told_by_two_digits_of_the_largest_and_two_decimals_at_least(seconds, largest, text):
    assert added_text(seconds, largest) == text


def step(order, base, other, **recipe):
    """A change of the batch size in an order, from these seconds to those."""
    rung = Rung(1, "ladder-01", "keras-fit", Change("batch_size", 32, 64))
    told = {"batch_size": 32, "epochs": 3} | recipe
    before = by_hand.measured(by_hand.training(samples=(base,) * 3, recipe=told))
    after = by_hand.measured(by_hand.training(samples=(other,) * 3, recipe=told | {"batch_size": 64}))
    return Step(order, rung, before, after, None)


def effect(*steps, **more):
    return Effect(steps[0].rung.change, steps[0].rung, steps, len(steps), **more)


def test_changes_of_short_epochs_are_not_worth_nothing():
    """Of epochs of 10 ms one saves 3.2 ms, the other 0.4 ms."""
    sure = [effect(step(1, 0.010, 0.0068)), effect(step(1, 0.0068, 0.0064))]
    assert explanation(sure, "on cpu:0") == (
        "What changes of the ladder add, in seconds per epoch as timed on cpu:0, made in one order: "
        "batch size 32 to 64 -0.0032 s, batch size 32 to 64 -0.0004 s."
    )


def test_over_several_orders_the_range_has_as_many_decimals():
    """The mean of -3.0 and -3.4 ms."""
    sure = [effect(step(1, 0.010, 0.0070), step(2, 0.010, 0.0066))]
    assert explanation(sure, "on cpu:0") == (
        "What changes of the ladder add, in seconds per epoch as timed on cpu:0, averaged over 2 orders: "
        "batch size 32 to 64 -0.0032 s (-0.0034 to -0.0030, by order)."
    )


def test_an_interaction_of_short_epochs():
    made = effect(step(1, 0.010, 0.0070, bias=True), step(2, 0.010, 0.0096, bias=False))
    assert interaction_text(made) == (
        "The change batch size 32 to 64 is worth -0.0004 s with bias off, but -0.0030 s with bias on."
    )
