"""Functions measured in this very process, where a lock keeps them from being sent to another: nothing starts."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
import threadpoolctl

from likeforlike.bench.functions import measuring
from likeforlike.bench.functions.asked import Asked
from likeforlike.bench.functions.document import document_of, entries_of, failures_of, header_of, notes_of
from likeforlike.bench.functions.measuring import measure
from likeforlike.bench.measure.many_calls import limits_of
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.models.functions.given import ENTRANT_VARIABLE, FILE_VARIABLE, HELD

LOCK = threading.Lock()


def locked_here():
    lock = threading.Lock()

    def theirs(x):
        with lock:
            return np.sort(x)

    return theirs


def make(rng):
    return (rng.random(100_000),)


@pytest.fixture(scope="module")
def measured():
    lines: list[str] = []
    functions = {"mine": np.sort, "theirs": locked_here(), "wrong": lambda x: x}
    done = measure(Asked(functions, make), Progress(lines.append, None))
    assert any("measuring in this process" in line for line in lines)
    return done


def test_all_take_turns_here_in_one_launch_and_say_so(measured):
    mine, theirs, wrong = (measured.records[cell.id] for cell in measured.cells)
    # who has used its time up sits out, and the other may have some rounds more
    shared = min(len(mine.round_numbers), len(theirs.round_numbers))
    assert shared >= 12
    assert mine.round_numbers[:shared] == theirs.round_numbers[:shared]
    assert set(mine.extra_info["launch_numbers"]) == {0}
    assert mine.extra_info["fresh_process"] is False
    assert mine.extra_info["timed_calls"] == "proven"
    assert min(mine.seconds) > 0
    assert (wrong.outcome, "differs from mine's" in wrong.reason) == ("wrong-answer", True)
    (note,) = notes_of(measured)
    assert "in one process" in note
    assert "nothing is sure" in note
    assert list(failures_of(measured)) == [measured.cells[2].id]


class LoadsHereAlone:
    """What is sent without complaint, and can't be put together again anywhere else."""

    def __reduce__(self):
        return _put_together, (os.getpid(),)

    def __call__(self, x):
        return np.sort(x)


def _put_together(process):
    assert os.getpid() == process, "not the process that it is of"
    return LoadsHereAlone()


def test_what_is_sent_and_can_not_be_loaded_there_is_called_here():
    asked = Asked({"mine": np.sort, "theirs": LoadsHereAlone()}, make, launches=(1, 1))
    done = measure(asked, Progress(lambda text: None, None))
    assert "not the process that it is of" in done.handed.why_here
    assert {record.outcome for record in done.records.values()} == {"measured"}


def test_nothing_is_left_behind(measured):
    assert HELD == {}
    assert not os.path.exists(measured.plan.results_folder)
    assert {FILE_VARIABLE, ENTRANT_VARIABLE}.isdisjoint(os.environ)
    assert all(pool["num_threads"] >= 1 for pool in threadpoolctl.threadpool_info())


def test_the_document_has_each_sample_and_names_who_gave_none(measured):
    document = document_of(measured)
    assert [entry["name"] for entry in document["benchmarks"]] == ["mine", "theirs"]
    for entry, cell in zip(document["benchmarks"], measured.cells, strict=False):
        assert entry["stats"]["data"] == measured.records[cell.id].seconds
        assert entry["stats"]["rounds"] == len(measured.records[cell.id].seconds)
    header = document["likeforlike"]
    assert [lost["implementation"] for lost in header["unmeasured"]] == ["wrong"]
    assert header["code"].keys() >= {"likeforlike"}
    assert document["machine_info"]["likeforlike"]["id"] == measured.plan.context.fingerprint["id"]


def test_in_a_suite_records_are_named_by_their_test(measured):
    entries = entries_of(measured, "test_it.py::test_speed")
    assert [(entry.name, entry.fullname) for entry in entries] == [
        ("test_speed[mine]", "test_it.py::test_speed[mine]"),
        ("test_speed[theirs]", "test_it.py::test_speed[theirs]"),
    ]
    assert {entry.group for entry in entries} == {"test_it.py::test_speed"}


def test_what_several_comparisons_have_to_tell_stands_in_one_header(measured):
    header = header_of([measured, measured], "an id")
    assert len(header["unmeasured"]) == 2
    assert len(header["notes"]) == 1
    assert header["run_id"] == "an id"


@pytest.mark.parametrize(
    ("launches", "of_each"), [((3, 10), 0.4), ((2, 2), 0.4), ((12, 20), 0.4), ((1, 1), 1.0)]
)
def test_what_one_launch_takes_goes_into_more_of_them_where_there_are_several(launches, of_each):
    options = measuring._options(Asked({"mine": np.sort, "theirs": np.sort}, make), launches)
    assert limits_of(options).max_seconds == pytest.approx(of_each)
