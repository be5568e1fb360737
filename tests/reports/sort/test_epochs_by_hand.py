"""Epochs one by one: what all of one takes, which are samples, and means over runs."""

from __future__ import annotations

import pytest
from report_by_hand import cell, epoch, file, measured, run_of, training

from likeforlike.reports.sort.epochs import (
    epoch_seconds,
    epochs_left_out,
    mean,
    mean_of_last,
    on_one_basis,
    phase_seconds,
    runs_with_epochs,
    tells_phases,
    warm_epochs,
    whole_epochs,
)
from likeforlike.reports.sort.measured.measurements import Run

EPOCHS = tuple(epoch(n, 10.0 * n, evaluation_seconds=1.0 * n, logging_seconds=0.25) for n in range(1, 6))
"""Of 11.25, 22.25, 33.25, 44.25 and 55.25 s; the last three are samples."""
SILENT = (*EPOCHS[:4], epoch(5, 50.0, evaluation_seconds=5.0))


def trained(epochs=EPOCHS, samples=(30.0, 40.0, 50.0)):
    return training(samples=samples, epochs=epochs)


class TestPhases:
    def test_all_of_an_epoch_that_is_told(self):
        assert [epoch_seconds(one) for one in EPOCHS[:2]] == [11.25, 22.25]
        assert epoch_seconds(epoch(1, 10.0)) == 10.0
        assert epoch_seconds(epoch(1, 10.0, logging_seconds=2.0)) == 12.0

    def test_the_epochs_behind_the_samples_are_the_last(self):
        assert warm_epochs(run_of(trained())) == EPOCHS[2:]
        assert warm_epochs(run_of(trained(samples=()))) == ()

    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            ([trained()], True),
            ([trained(), trained(EPOCHS[2:])], True),
            ([trained(samples=(50.0,))], True),
            ([trained(SILENT)], False),
            ([trained(), trained(SILENT)], False),
            ([trained(EPOCHS[3:])], False),  # fewer than there are samples
            ([trained(samples=())], False),
            ([trained(())], False),
            ([trained((SILENT[4], *EPOCHS[2:]))], True),  # of the cold one nothing need be told
        ],
    )
    def test_every_sample_has_an_epoch_that_tells_all_of_its_phases(self, cells, told):
        assert tells_phases([measured(*cells)]) is told
        assert tells_phases([measured(one) for one in cells]) is told

    def test_the_middle_of_each_phase(self):
        item = measured(trained(), trained(EPOCHS[:4]))
        # training 30, 40, 50 and 20, 30, 40; evaluation a tenth of it
        assert phase_seconds(item) == {"training": 35.0, "evaluation": 3.5, "logging": 0.25}


class TestWholeEpochs:
    def test_they_take_the_place_of_the_samples(self):
        item = measured(trained(), trained(EPOCHS[:4]))
        whole = whole_epochs(item)
        assert [run.cell.samples for run in whole.runs] == [(33.25, 44.25, 55.25), (22.25, 33.25, 44.25)]
        assert [run.cell.median_seconds for run in whole.runs] == [44.25, 33.25]
        assert (whole.whole, item.whole) == (True, False)
        assert whole_epochs(whole) is whole

    def test_what_is_compared_has_one_basis(self):
        first, second, silent = (measured(trained(told)) for told in (EPOCHS, EPOCHS, SILENT))
        assert [item.whole for item in on_one_basis([first, second])] == [True, True]
        assert [item.whole for item in on_one_basis([first, silent])] == [False, False]


class TestRuns:
    def test_how_many_first_epochs_are_no_samples(self):
        both = measured(trained(), trained(EPOCHS[1:]), trained(EPOCHS[3:]))
        assert epochs_left_out([measured(trained()), both]) == [0, 1, 2]
        assert epochs_left_out([measured(trained(()), trained(samples=()))]) == []

    def test_runs_that_recorded_none_are_left_out(self):
        assert runs_with_epochs(measured(cell(), trained())) == [EPOCHS]

    def test_the_mean_of_nothing_is_none(self):
        assert (mean([1.0, 2.0, 6.0]), mean([])) == (3.0, None)

    def test_a_figure_of_the_last_epoch_is_its_mean_over_the_runs_that_tell_it(self):
        runs = [(epoch(1, loss=9.0), epoch(2, loss=7.0), epoch(3, loss=last)) for last in (1.0, None, 4.0)]
        item = measured(*(Run(file(), training(epochs=told)) for told in (*runs, ())))
        assert mean_of_last(item, "loss") == 2.5
        assert mean_of_last(item, "val_loss") is None
