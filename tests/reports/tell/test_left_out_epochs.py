"""How many first epochs are left out is told where trainings are compared."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read

from likeforlike.reports.tell.report import build_report

NAMES = {"keras-fit": 4.0, "graph-loop": 5.0}


def notes(*left_out):
    """The notes of the ranking and of the phases of trainers whose runs leave out so many epochs each."""
    noise = samples.Noise(1)
    cells = []
    for run, count in enumerate(left_out):
        for name, seconds in NAMES.items():
            one = samples.training(name, samples.RECIPE, run, noise, seconds, 9)
            times = [epoch["train_seconds"] for epoch in one["extra_info"]["epochs"]]
            one["stats"] = samples.stats(times[count:])
            one["extra_info"] |= {"round_numbers": list(range(9 - count)), "stop": None}
            cells.append(one)
    report = build_report([read(samples.document(cells, noise=None), "r.json")])
    (ranked,) = (table.note for table in report.tables if table.name.startswith("matched-default"))
    (phases,) = (
        table.note for table in report.tables if table.caption.startswith("What an epoch consists of")
    )
    assert ("left out" in ranked) == ("left out" in phases)
    return ranked, phases


def test_the_cold_one():
    note, _ = notes(1, 1)
    assert "of whole epochs, with evaluation and logging, the first epoch left out." in note


def test_the_cold_one_and_that_which_warms_up():
    note, phases = notes(2, 2)
    assert "with evaluation and logging, the first 2 epochs left out." in note
    assert phases.startswith(
        "Each a median of its own over the epochs, the first 2 epochs left out. The floor"
    )


def test_runs_of_which_more_are_left_out_than_of_others():
    note, _ = notes(1, 2)
    assert "with evaluation and logging, the first 1 to 2 epochs left out." in note


def test_none():
    note, _ = notes(0, 0)
    assert "left out" not in note


def test_ladders_and_the_published_pair_tell_it():
    noise = samples.Noise(2)
    rungs, ladder = samples.ladder(noise)
    cells = [
        *rungs,
        samples.training("keras-fit", samples.KERAS_2020, 0, noise, 9.0, 9),
        samples.training("eager-loop", samples.MANUAL_2020, 0, noise, 23.0, 9),
    ]
    for one in cells:
        one["stats"] = samples.stats(one["stats"]["data"][1:])
        one["extra_info"]["round_numbers"] = one["extra_info"]["round_numbers"][1:]
        numbers = one["extra_info"].pop("launch_numbers", None)
        if numbers:
            one["extra_info"]["launch_numbers"] = numbers[1:]
    report = build_report([read(samples.document(cells, ladder=ladder, noise=None), "r.json")])
    told = {table.name: table.note for table in report.tables}
    assert "each column is a median of its own, the first 2 epochs left out." in told["ladder"]
    pair = told["keras-and-manual"]
    assert "time per epoch is a median, the first 2 epochs left out, with evaluation and logging" in pair
