"""Which candidates for the floor are given up, at the bounds."""

from __future__ import annotations

import pytest

from likeforlike.bench.measure.floors import far_from_the_fastest, far_in_an_earlier_run
from likeforlike.bench.plan.cells import Cell
from likeforlike.models.contract.implementation import Implementation


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
    assert far_from_the_fastest({"fastest": [1.0, 1.0, 1.0], "disturbed": [9.0, 1.5, 9.0]}) == []
    late = {"fastest": [1.0] * 4, "late": [2.0, 2.0, 2.0, 1.0]}
    assert far_from_the_fastest(late) == ["late"]


def candidate(name, run=0, device="cpu:0", recipe="matched", role="floor", workload="training"):
    entry = Implementation(name, workload, "numpy", "", "m:a", role=role)
    return Cell(entry, device, (("recipe", recipe), ("run", run)), "g")


def test_who_was_far_in_the_first_run_is_not_tried_again():
    """Best of the first run: 1.0 of the fastest, 1.5 and 1.51 of two others."""
    first = [candidate(name) for name in ("fastest", "edge", "far", "lost")]
    seconds = {
        cell.id: samples
        for cell, samples in zip(first, ([9.0, 1.0], [1.5, 9.0], [1.51, 9.0], []), strict=True)
    }

    def told(cell):
        return far_in_an_earlier_run(cell, first, seconds)

    assert told(candidate("far", run=1)) == "far from the fastest candidate for the floor in the first run"
    assert told(candidate("far", run=2)) is not None
    for tried in (
        candidate("far"),
        candidate("fastest", run=1),
        candidate("edge", run=1),
        candidate("lost", run=1),
        candidate("new", run=1),
        candidate("far", run=1, role="contestant"),
        candidate("far", run=1, device="gpu:0"),
        candidate("far", run=1, recipe="other"),
        candidate("far", run=1, workload="convnet"),
    ):
        assert told(tried) is None
    assert far_in_an_earlier_run(candidate("far", run=1), first, {}) is None


def test_only_the_first_run_s_candidates_of_the_same_device_and_recipe_count():
    far = candidate("far")
    quicker = [
        candidate("fast", run=1),
        candidate("fast", device="gpu:0"),
        candidate("fast", recipe="other"),
        candidate("fast", role="contestant"),
        candidate("fast", workload="convnet"),
    ]
    for other in quicker:
        seconds = {far.id: [2.0], other.id: [1.0]}
        assert far_in_an_earlier_run(candidate("far", run=1), [far, other], seconds) is None


def test_one_name_in_two_networks_is_two_candidates():
    """The far one of the first network is the fastest of the second, whose epochs take ten times as long."""
    first = [candidate(name, workload=of) for of in ("training", "convnet") for name in ("a", "b")]
    seconds = dict(zip((cell.id for cell in first), ([1.0], [2.0], [20.0], [10.0]), strict=True))
    again = [candidate(name, run=1, workload=of) for of in ("training", "convnet") for name in ("a", "b")]
    told = [far_in_an_earlier_run(cell, first, seconds) is not None for cell in again]
    assert told == [False, True, True, False]
