"""Rows sorted into series by hand: what is the same work, and in what order its runs stand."""

from __future__ import annotations

import json
import math

import pytest
import report_by_hand as by_hand

from likeforlike.reports.history.rows import HistoryRow
from likeforlike.reports.history.series import history_of
from likeforlike.reports.history.steps import judge
from likeforlike.reports.sort.likeness.comparability import lasting_work_text, work_text

OLDER = "timing synchronised; batch_size 64; epochs 7"
"""As it was kept before recipes told their optimizer."""


def row(run_id, seconds=1.0, **fields):
    """A row of a run of its own: one sample, and nothing known of the code."""
    own = {
        "machine": "m",
        "machine_label": "2 x Xeon",
        "software": "{}",
        "commit": "",
        "commit_time": "",
        "branch": "",
        "dirty": None,
        "datetime": "2026-03-01T12:00:00+00:00",
        "file": f"{run_id}.json",
        "digest": run_id,
        "run_id": run_id,
        "tool": "likeforlike",
        "workload": "training",
        "implementation": "keras-fit",
        "device": "cpu:0",
        "axes": "matched",
        "axes_json": json.dumps({"recipe": "matched"}),
        "run": "0",
        "cell": "training-keras-fit",
        "work": OLDER,
        "reference": False,
        "plugins": "[]",
        "doubt": "",
        "samples": [seconds],
        "launches": [0],
        "disturbed": [False],
        "median_seconds": seconds,
    }
    return HistoryRow(**own | fields)


def today(**recipe):
    """The work of a recipe as it is kept today."""
    told = {"name": "matched", "batch_size": 64, "epochs": 7} | recipe
    return work_text(by_hand.training(recipe=told).extra)


def test_what_recipes_got_later_is_no_other_work():
    assert "; optimizer adam; momentum 0; " in today()
    assert lasting_work_text(today()) == OLDER == lasting_work_text(OLDER)
    assert lasting_work_text(today(optimizer="sgd", momentum=0.9)) == (
        "timing synchronised; batch_size 64; optimizer sgd; momentum 0.9; epochs 7"
    )


def test_a_cell_kept_before_and_after_recipes_got_a_field_is_one_series():
    (found,) = history_of([row("a"), row("b", 2.0, work=today())]).series
    assert found.logs == (0.0, math.log(2.0))
    assert found.apart == ""


def test_a_cell_that_asks_for_such_a_field_is_another_series():
    found = history_of([row("a"), row("b", work=today(feeding="numpy"))]).series
    assert [len(item.logs) for item in found] == [1, 1]
    assert all(item.apart for item in found)


def test_runs_without_a_commit_stand_in_the_order_of_their_moments():
    """As text half past eleven in New York comes first, which is half past four of the next day in UTC."""
    later = row("a", 2.0, datetime="2026-03-01T23:30:00-05:00")
    earlier = row("b", datetime="2026-03-02T01:00:00+00:00")
    (found,) = history_of([later, earlier]).series
    assert [visit.id for visit in found.visits] == ["b", "a"]
    moments = [visit.when for visit in found.visits]
    assert moments == ["2026-03-02T01:00:00+00:00", "2026-03-02T04:30:00+00:00"]
    assert found.logs == (0.0, math.log(2.0))


def test_a_time_that_is_none_is_sorted_as_it_stands():
    (found,) = history_of([row("a", datetime="then"), row("b", datetime="")]).series
    assert [visit.when for visit in found.visits] == ["", "then"]


LEFT_OUT = "2 figures left out: implausible, wrong or no time at all."


def test_a_history_of_figures_that_count_for_nothing_says_so():
    rows = [row("a", doubt="wrong: error 1, tolerance 0.1"), row("b", 0.0)]
    with pytest.raises(ValueError, match=f"^the history holds no figure that counts; {LEFT_OUT}$"):
        judge(history_of(rows))


def test_a_history_of_copies_alone_says_what_else_was_left_out():
    rows = [row("a", doubt="implausible: x"), row("b", 0.0), row("c", implementation="copy", reference=True)]
    with pytest.raises(ValueError, match=f"^the history holds no cell but the machine's own; {LEFT_OUT}$"):
        judge(history_of(rows))
