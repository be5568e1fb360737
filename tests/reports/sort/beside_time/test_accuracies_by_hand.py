"""Accuracies and losses epoch by epoch: whose, after which, how far seeds move them, when runs arrive."""

from __future__ import annotations

import statistics

import pytest
from report_by_hand import cell, epoch, file, machine, measured, training

from likeforlike.reports.read.schema.cells import Verified
from likeforlike.reports.read.schema.training import Data, TimeToAccuracy
from likeforlike.reports.sort.beside_time.accuracies import (
    accuracies_by_seed,
    arrivals,
    compared_accuracies,
    compared_losses,
    last_epoch,
    losses_by_seed,
    place_of,
    scatter_of,
    seed_of,
    target_of,
    trains,
    usual_scatters,
    validation_images,
)
from likeforlike.reports.sort.measured.measurements import Run
from likeforlike.reports.statistics.moderated_variance import seed_scatter


def course(*accuracies, losses=None, **fields):
    """Epochs of one second with these accuracies, or none where they are None."""
    losses = losses or [None] * len(accuracies)
    return tuple(
        epoch(n, 1.0, val_accuracy=accuracy, val_loss=loss, **fields)
        for n, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True), 1)
    )


def run(epochs, name="keras-fit", seed=None, asked=None, number=0, recipe="matched", of=None, **extra):
    told = {"seed": seed, "epochs": asked}
    one = training(name, axes={"recipe": recipe, "run": number}, recipe=told, epochs=epochs, **extra)
    return Run(file(one, of=of), one)


def trained(*values, **more):
    """A trainer whose runs ended at these accuracies after two epochs, a seed each."""
    return measured(
        *(run(course(0.5, value), seed=7 + n, number=n, **more) for n, value in enumerate(values))
    )


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (training(), True),
        (training(recipe=None), False),
        (training(recipe=None, epochs=course(0.5)), True),
        (training("floor", epochs=course(0.5)), False),
        (training(role="floor"), False),
    ],
)
def test_a_training_has_a_recipe_or_epochs_and_is_no_floor(one, told):
    assert trains(measured(one)) is told


def test_seeds_are_named_by_recipe_and_repetition():
    assert seed_of(run((), seed=7, number=3)) == ("7", "3")
    bare = training(recipe=None)
    assert seed_of(Run(file(bare), bare)) == ("None", "0")


class TestEpochs:
    @pytest.mark.parametrize(("asked", "last"), [(None, 3), (2, 2), (3, 3), (9, 3), ("all", 3)])
    def test_the_last_is_the_recipe_s_or_the_last_that_any_run_came_to(self, asked, last):
        runs = [run(course(0.5, 0.6), asked=asked), run(course(0.5, 0.6, 0.7), asked=asked)]
        assert last_epoch(measured(*runs)) == last

    def test_without_epochs_it_is_none(self):
        assert last_epoch(measured(run((), asked=None))) == last_epoch(measured(run((), asked=5))) == 0
        assert last_epoch(measured(training(recipe=None, epochs=course(0.5)))) == 1

    def test_by_seed_after_an_epoch(self):
        told = course(0.5, None, 0.75, losses=(3.0, 2.0, None))
        item = measured(run(told, seed=1), run(told[:1], seed=2), run(course(0.25, 0.5, 0.25), seed=1))
        assert accuracies_by_seed(item) == {("1", "0"): 0.5}
        assert accuracies_by_seed(item, 1) == {("1", "0"): 0.375, ("2", "0"): 0.5}
        assert accuracies_by_seed(item, 2) == {("1", "0"): 0.5}
        assert losses_by_seed(item) == {}
        assert losses_by_seed(item, 1) == {("1", "0"): 3.0, ("2", "0"): 3.0}


class TestCompared:
    SHORT, LONG = course(0.5, 0.6), course(0.1, 0.2, 0.3)

    def test_under_one_recipe_after_the_last_epoch_that_both_have(self):
        base, other = measured(run(self.SHORT)), measured(run(self.LONG, "torch-loop"))
        both = compared_accuracies(base, other)
        assert both == ({("None", "0"): 0.6}, {("None", "0"): 0.2})
        assert compared_accuracies(other, base) == both[::-1]

    def test_under_two_each_after_its_own(self):
        base, other = measured(run(self.SHORT)), measured(run(self.LONG, recipe="other"))
        assert compared_accuracies(base, other) == ({("None", "0"): 0.6}, {("None", "0"): 0.3})

    def test_losses_where_neither_tells_an_accuracy(self):
        short, long = course(None, None, losses=(3.0, 2.0)), course(None, None, None, losses=(9.0, 8.0, 7.0))
        base, other = measured(run(short)), measured(run(long, "torch-loop"))
        assert compared_losses(base, other) == ({("None", "0"): 2.0}, {("None", "0"): 8.0})
        told = measured(run(course(0.5, 0.6, losses=(3.0, 2.0))))
        assert compared_losses(told, other) == compared_losses(other, told) == ({}, {})
        elsewhere = measured(run(long, workload="text"))
        assert compared_losses(base, elsewhere) == ({}, {})


class TestScatters:
    """Accuracies of two seeds each: variances of 0.02 and 0.005."""

    WIDE, NARROW = (0.6, 0.8), (0.6, 0.7)

    def test_of_all_that_train_at_a_place_each_counted_once(self):
        items = [trained(*self.WIDE), trained(*self.WIDE)]
        found = usual_scatters(items)
        assert list(found) == [place_of(items[0])]
        assert found[place_of(items[0])].alone.variance == pytest.approx(statistics.variance(self.WIDE))
        other = trained(*self.NARROW, name="torch-loop")
        both = seed_scatter([accuracies_by_seed(items[0]), accuracies_by_seed(other)])
        assert usual_scatters([*items, other]) == {place_of(other): both}

    def test_not_of_what_is_wrong_or_trains_nothing_or_has_one_seed(self):
        wrong = trained(*self.WIDE, verified=Verified(error=1.0, tolerance=0.5))
        floor = trained(*self.WIDE, role="floor")
        assert usual_scatters([wrong, floor, trained(0.6)]) == {}

    def test_places_are_machine_device_and_recipe(self):
        items = [
            trained(*self.WIDE),
            trained(*self.WIDE, device="gpu:0"),
            trained(*self.WIDE, recipe="other"),
            trained(*self.WIDE, of=machine("m2")),
        ]
        assert len(usual_scatters(items)) == 4
        assert len(usual_scatters([items[0], trained(*self.WIDE, name="torch-loop")])) == 1

    def test_of_two_places_the_larger(self):
        wide, narrow = trained(*self.WIDE), trained(*self.NARROW, recipe="other")
        unknown = trained(0.5, recipe="third")
        found = usual_scatters([wide, narrow])
        for pair in ((wide, narrow), (narrow, wide), (unknown, wide)):
            assert scatter_of(pair, found) is found[place_of(wide)]
        assert scatter_of([narrow], found) is found[place_of(narrow)]
        assert scatter_of([unknown], found) is None


def test_the_fewest_validation_images_that_are_told():
    def item(*counts):
        data = [None if count is None else Data("d", validation_samples=count or None) for count in counts]
        return measured(*(training(data=told) for told in data))

    assert validation_images([item(20, 30), item(10, None), item(0)]) == 10
    assert validation_images([item(None), item(0)]) is None


class TestArrivals:
    def test_the_target_is_the_first_that_is_told(self):
        told = [None, TimeToAccuracy(target=0.8), TimeToAccuracy(target=0.9)]
        assert target_of(measured(*(training(time_to_accuracy=each) for each in told))) == 0.8
        assert target_of(measured(cell())) is None

    def test_after_all_epochs_up_to_the_first_that_reaches_it(self):
        phases = {"evaluation_seconds": 0.5, "logging_seconds": 0.25}
        courses = [(0.5, 0.8, 0.9), (None, 0.7, 0.8), (0.5, 0.5, None), (0.9, 0.5, 0.5)]
        runs = [run(course(*each, **phases)) for each in courses]
        assert arrivals(measured(*runs), 0.8) == [(2.0, True), (3.0, True), (3.0, False), (1.0, True)]
        assert arrivals(measured(*runs, whole=True), 0.8) == [
            (3.5, True),
            (5.25, True),
            (5.25, False),
            (1.75, True),
        ]

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            (None, []),
            (TimeToAccuracy(target=0.7, seconds=5.0), []),
            (TimeToAccuracy(target=0.8, seconds=5.0), [(5.0, True)]),
            (TimeToAccuracy(target=0.8, seconds=0.0), [(0.0, True)]),
            (TimeToAccuracy(target=0.8), [(10.0, False)]),
        ],
    )
    @pytest.mark.parametrize("epochs", [(), course(None, None)])
    def test_without_accuracies_as_the_file_tells_it(self, told, expected, epochs):
        """Samples of 1, 2 and 4 s behind a first epoch of 3."""
        item = measured(run(epochs, time_to_accuracy=told, cold_seconds=3.0))
        assert arrivals(item, 0.8) == expected

    def test_of_an_unknown_first_epoch_nothing_is_added(self):
        assert arrivals(measured(run((), time_to_accuracy=TimeToAccuracy(target=0.8))), 0.8) == [(7.0, False)]
