"""Accuracies by seed, and when runs arrived."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_studies import study_of
from report_trainings import trainings

from likeforlike.reports.sort.beside_time.accuracies import (
    accuracies_by_seed,
    arrivals,
    compared_accuracies,
    last_epoch,
    target_of,
    trains,
    validation_images,
)
from likeforlike.reports.sort.epochs import whole_epochs

SECONDS = {"keras-fit": 5.0, "graph-loop": 3.0, "floor": 1.0}


def measured(cells):
    """The measurements of cells by implementation."""
    return {item.key.implementation: item for item in study_of(samples.document(cells)).measurements}


def test_the_accuracy_is_that_after_the_recipes_last_epoch():
    item = measured(trainings({"keras-fit": [0.9, 0.8]}, SECONDS, epochs=6))["keras-fit"]
    assert last_epoch(item) == 6
    assert accuracies_by_seed(item) == {("2020", "0"): 0.9, ("2021", "1"): 0.8}
    assert accuracies_by_seed(item, 3) == {("2020", "0"): 0.5, ("2021", "1"): 0.5}


def test_a_run_that_ended_before_has_none():
    cells = trainings({"keras-fit": [0.9, 0.8]}, SECONDS, epochs=6)
    cells[1]["extra_info"]["epochs"].pop()
    item = measured(cells)["keras-fit"]
    assert accuracies_by_seed(item) == {("2020", "0"): 0.9}


def test_epochs_beyond_the_recipes_last_are_not_looked_at():
    cells = trainings({"keras-fit": [0.9]}, SECONDS, epochs=6)
    cells[0]["extra_info"]["recipe"]["epochs"] = 4
    assert accuracies_by_seed(measured(cells)["keras-fit"]) == {("2020", "0"): 0.5}


def test_one_seed_twice_is_one_draw():
    twice = trainings({"keras-fit": [0.9]}, SECONDS) + trainings({"keras-fit": [0.8]}, SECONDS)
    assert accuracies_by_seed(measured(twice)["keras-fit"]) == {("2020", "0"): pytest.approx(0.85)}


def test_without_a_seed_runs_are_told_apart_by_their_numbers():
    cells = trainings({"keras-fit": [0.9, 0.8]}, SECONDS)
    for cell in cells:
        del cell["extra_info"]["recipe"]["seed"]
    assert accuracies_by_seed(measured(cells)["keras-fit"]) == {("None", "0"): 0.9, ("None", "1"): 0.8}


def test_under_unlike_recipes_each_is_compared_after_its_own_last_epoch():
    keras = measured(trainings({"keras-fit": [0.9]}, SECONDS, recipe=samples.KERAS_2020, epochs=8))
    manual = measured(trainings({"graph-loop": [0.8]}, SECONDS, recipe=samples.MANUAL_2020, epochs=6))
    both = compared_accuracies(keras["keras-fit"], manual["graph-loop"])
    assert [list(values.values()) for values in both] == [[0.9], [0.8]]


def test_the_fewest_validation_images_count():
    cells = trainings({"keras-fit": [0.9]}, SECONDS) + trainings(
        {"graph-loop": [0.9]}, SECONDS, data=samples.DATA | {"validation_samples": 2_000}
    )
    items = measured(cells)
    assert validation_images([items["keras-fit"]]) == 10_000
    assert validation_images(items.values()) == 2_000
    del cells[0]["extra_info"]["data"]["validation_samples"]
    assert validation_images([measured(cells[:1])["keras-fit"]]) is None


def test_a_floor_does_not_train():
    floor = samples.training("floor", samples.RECIPE, 0, samples.Noise(1), 1.0, 6)
    items = measured([*trainings({"keras-fit": [0.9]}, SECONDS), floor])
    assert trains(items["keras-fit"])
    assert not trains(items["floor"])


def arriving(*courses):
    """Runs of two-second epochs, one second of them evaluation, with these accuracies."""
    cells = trainings({"keras-fit": [0.5] * len(courses)}, SECONDS, epochs=len(courses[0]))
    for cell, course in zip(cells, courses, strict=True):
        for row, accuracy in zip(cell["extra_info"]["epochs"], course, strict=True):
            row |= {"train_seconds": 1.0, "evaluation_seconds": 1.0, "val_accuracy": accuracy}
    return measured(cells)["keras-fit"]


def test_arrivals_by_hand():
    item = arriving((0.8, 0.88, 0.9, 0.9), (0.8, 0.8, 0.8, 0.89), (0.8, 0.8, 0.8, 0.8))
    assert target_of(item) == 0.88
    assert arrivals(item, 0.88) == [(2.0, True), (4.0, True), (4.0, False)]
    assert arrivals(whole_epochs(item), 0.88) == [(4.0, True), (8.0, True), (8.0, False)]
    assert arrivals(item, 0.895) == [(3.0, True), (4.0, False), (4.0, False)]


def test_where_no_accuracy_is_recorded_the_files_own_word_counts():
    cells = trainings({"keras-fit": [0.5] * 3}, SECONDS, epochs=3)
    told = ({"seconds": 7.0, "epoch": 2}, {"seconds": None, "epoch": None}, {"seconds": 3.0, "epoch": 1})
    for cell, arrival, target in zip(cells, told, (0.88, 0.88, 0.8), strict=True):
        info = cell["extra_info"]
        info |= {"epochs": [], "cold_seconds": 1.5, "time_to_accuracy": {"target": target} | arrival}
        cell["stats"]["data"] = [1.0, 1.0]
    item = measured(cells)["keras-fit"]
    assert arrivals(item, 0.88) == [(7.0, True), (3.5, False)]
