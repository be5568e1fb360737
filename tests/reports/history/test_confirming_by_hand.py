"""The command beside a step: of cells that options of the bench name, and of no others."""

from __future__ import annotations

import json

import pytest
import report_by_hand as by_hand

from likeforlike.reports.history.confirming import confirming_command, confirming_commands
from likeforlike.reports.history.machine_factor import Factor
from likeforlike.reports.history.rows import HistoryRow, rows_of
from likeforlike.reports.history.series import history_of
from likeforlike.reports.history.steps import Marked
from likeforlike.reports.statistics.change_points import Segmented, Step

STEP = Step(position=1, earliest=1, latest=1, log_ratio=0.1, low=0.05, high=0.15, p_value=0.001)
MATCHED = (
    "likeforlike ab --base aaaaaaaaaaaa --new bbbbbbbbbbbb -- --workloads training "
    "--implementations keras-fit --devices cpu:0 --recipes matched"
)


def row(commit, day, axes, **fields):
    own = {
        "machine": "m",
        "machine_label": "2 x Xeon",
        "software": "{}",
        "commit": commit * 40,
        "commit_time": f"2026-03-0{day}T12:00:00+00:00",
        "branch": "",
        "dirty": False,
        "datetime": f"2026-03-0{day}T12:00:00+00:00",
        "file": f"{commit}.json",
        "digest": commit,
        "run_id": commit,
        "tool": "likeforlike",
        "workload": "training",
        "implementation": "keras-fit",
        "device": "cpu:0",
        "axes": " ".join(map(str, axes.values())),
        "axes_json": json.dumps(axes),
        "run": "0",
        "cell": "c",
        "work": "timing synchronised",
        "reference": False,
        "plugins": "[]",
        "doubt": "",
        "samples": [1.0],
        "launches": [0],
        "disturbed": [False],
        "median_seconds": 1.0,
    }
    return HistoryRow(**own | fields)


def stepped(axes, **fields):
    """A cell that stepped between the commits a and b."""
    (series,) = history_of([row("a", 1, axes, **fields), row("b", 2, axes, **fields)]).series
    found = Segmented((STEP,), (0.0, 0.1), frozenset(), 0.001)
    return Marked(series, series.logs, False, Factor(), found), STEP


def test_a_training_is_measured_by_its_recipe():
    assert confirming_command(*stepped({"recipe": "matched"})) == MATCHED


@pytest.mark.parametrize(
    "other",
    [
        stepped({"recipe": "ladder-03"}),
        stepped({"n": 100}, workload="functions", implementation="mine", handed_over=True),
        stepped({"recipe": "matched"}, run_id=""),
    ],
    ids=["a rung", "a function that was handed over", "another tool's"],
)
def test_what_no_option_names_has_no_command_and_spoils_none(other):
    """The bench refuses --recipes ladder-03, and with it all else that the command asks for."""
    assert confirming_command(*other) == ""
    assert confirming_commands([stepped({"recipe": "matched"}), other]) == [MATCHED]


@pytest.mark.parametrize(
    ("command", "handed_over"),
    [("likeforlike.compare mine theirs", True), ("likeforlike bench --plugin mine", False), (None, False)],
)
def test_a_row_tells_whether_its_function_was_handed_over(command, handed_over):
    file = by_hand.file(by_hand.cell(), header=by_hand.head("run", command=command))
    (found,) = rows_of(file)
    assert found.handed_over is handed_over
