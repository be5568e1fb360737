"""Which candidates for the floor are given up, at the bounds."""

from __future__ import annotations

import pytest

from likeforlike.bench.measure.floors import far_from_the_fastest


@pytest.mark.parametrize("nothing", [{}, {"a": []}, {"a": [1.0], "b": []}, {"a": [], "b": [9.0]}])
def test_nobody_is_far_before_all_were_tried(nothing):
    assert far_from_the_fastest(nothing) == []


@pytest.mark.parametrize("rounds", [1, 2])
def test_one_round_is_enough_for_who_takes_more_than_eight_times_as_long(rounds):
    seconds = {"far": [8.01] * rounds, "edge": [8.0] * rounds, "fastest": [1.0] * rounds}
    assert far_from_the_fastest(seconds) == ["far"]


@pytest.mark.parametrize("rounds", [3, 4])
def test_after_three_rounds_who_takes_more_than_half_as_long_again(rounds):
    seconds = {
        "fastest": [1.0] * rounds,
        "edge": [1.5] * rounds,
        "far": [1.51] * rounds,
        "near": [1.4] * rounds,
    }
    assert far_from_the_fastest(seconds) == ["far"]


def test_three_rounds_are_those_of_who_has_the_fewest():
    assert far_from_the_fastest({"a": [1.0] * 3, "b": [2.0] * 2}) == []


def test_the_best_of_the_first_three_rounds_counts():
    assert far_from_the_fastest({"fastest": [9.0, 9.0, 1.0], "disturbed": [9.0, 1.5, 9.0]}) == []
    late = {"fastest": [1.0] * 4, "late": [2.0, 2.0, 2.0, 1.0]}
    assert far_from_the_fastest(late) == ["late"]
