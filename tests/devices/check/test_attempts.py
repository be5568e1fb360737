"""Workers that end well, crash, hang, can't be started: processes of a line or two."""

from __future__ import annotations

import sys

import pytest

from likeforlike.devices.check.attempts import Attempt, attempt, ended_badly, fault_rows, read_facts
from likeforlike.devices.check.rows import Place

PLACE = Place("cpu:0", "torch")
START = """print('check {"probe": "start", "facts": {"version": "1", "complaint": null}}', flush=True)\n"""


def ran(code, limit=60.0, left=60.0, look=lambda: None):
    return attempt([sys.executable, "-c", code], {}, limit, left, look)


def test_facts_are_read_among_what_frameworks_print():
    tried = ran("print('I am a framework', end='\\n\\n')\n" + START + "print('check {broken')")
    assert tried.facts == {"start": {"version": "1", "complaint": None}}
    assert tried.fault == "it ended without a word"


def test_a_crash_is_a_bad_row_with_its_last_words():
    dies = (
        "import os, sys; print('Fatal:  no\\tmemory', file=sys.stderr, flush=True); os.kill(os.getpid(), 11)"
    )
    tried = ran(START + dies)
    (row,) = fault_rows(PLACE, tried)
    assert (row.what, row.verdict) == ("process", "bad")
    assert row.found == "it died of SIGSEGV: Fatal: no memory, during memory"
    assert "import torch" in row.remedy


def test_a_traceback_s_last_line_is_what_is_told():
    (row,) = fault_rows(PLACE, ran("import no_such_framework"))
    assert row.found == "it died of status 1: ModuleNotFoundError: No module named 'no_such_framework'"


def test_a_worker_that_hangs_is_bad_and_looked_at_meanwhile():
    looks = []
    tried = ran("import signal; signal.pause()", limit=0.6, look=lambda: looks.append(1))
    (row,) = fault_rows(PLACE, tried)
    assert (row.verdict, row.found) == ("bad", "no answer within 1 s")
    assert looks


def test_a_worker_cut_off_by_the_end_of_the_check_is_not_bad():
    (row,) = fault_rows(PLACE, ran("import signal; signal.pause()", left=0.3))
    assert (row.verdict, row.found) == ("not measurable", "the check ran out of time")


def test_a_worker_that_cannot_be_started_is_bad():
    (row,) = fault_rows(PLACE, attempt(["/no/such/python"], {}, 1.0, 1.0))
    assert (row.verdict, row.found) == ("bad", "it could not be started: No such file or directory")


def test_a_folder_for_passing_files_that_is_full_is_no_traceback(monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert ran("pass").fault == "it could not be started: No space left on device"


def test_a_probe_that_raised_is_a_bad_row_of_its_own():
    facts = {"start": {}, "memory": {}, "waiting": {"error": "ValueError: no"}, "end": {}}
    (row,) = fault_rows(PLACE, Attempt(facts))
    assert (row.what, row.verdict, row.found) == ("waited call", "bad", "raised ValueError: no")


@pytest.mark.parametrize(
    ("last", "fault"),
    [
        ({"end": {}}, ""),
        ({"start": {"error": "ImportError: x", "complaint": None}}, ""),
        ({"start": {"complaint": "sees no GPU"}}, ""),
        ({"start": {"complaint": None}}, "it ended without a word"),
    ],
)
def test_what_counts_as_ending_well(last, fault):
    assert ended_badly(0, "", last) == fault


def test_no_words_no_facts():
    assert read_facts("") == {}
    assert ended_badly(-9, " \n", {}) == "it died of SIGKILL"
