"""A session takes up a journal, or is refused and leaves it as it was: no process, no grid."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.journal import Header, Journal, JournalError, journal_path
from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.run.session import Bench

CONDITIONS = {"option -k": ""}
NEEDS = "--resume: needs --benchmark-json=FILE, whose journal it takes up"


def session(file: Path, **asked: Any) -> SimpleNamespace:
    """What of a run decides whether it goes on: others use a device now, and the code has changed."""
    options = {"result_file": file, "resume": True, "order_seed": 7, "retry_failed": False}
    options |= {"resume_anyway": False, "resume_elsewhere": False}
    conditions = asked.pop("conditions", CONDITIONS)
    return SimpleNamespace(
        options=SimpleNamespace(**{**options, **asked}),
        busy=("gpu:0 is busy",),
        code={"mine": "2"},
        host={},
        journal=None,
        marks={},
        _conditions=lambda data: conditions,
    )


def begun(run: SimpleNamespace) -> tuple[str, int]:
    try:
        return Bench._begin_journal(run, 2, {}, False, None)  # type: ignore[arg-type]
    finally:
        run.journal.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a run whose code was another: a cell that was measured, and one that failed."""
    journal = Journal(journal_path(tmp_path / "r.json"), resume=False)
    journal.begin(Header("run-1", 42, CONDITIONS, 2))
    journal.add([CellRecord("a", "measured", code={"mine": "1"}), CellRecord("b", "failed", "why")])
    journal.close()
    return tmp_path / "r.json"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "the source code of mine, which has measured a"),
        ({"conditions": {"option -k": "x"}}, "option -k was '', is 'x'"),
        ({"conditions": {"option -k": "x"}, "resume_anyway": True}, "option -k was '', is 'x'"),
    ],
)
def test_a_session_that_is_refused_is_none_of_the_run(file: Path, asked: dict[str, Any], told: str) -> None:
    """What was busy when it was refused has disturbed no figure."""
    before = journal_path(file).read_bytes()
    with pytest.raises(JournalError) as error:
        begun(session(file, **asked))
    assert told in str(error.value)
    assert journal_path(file).read_bytes() == before


def test_one_that_goes_on_has_the_first_s_seed_and_what_was_busy_in_each(file: Path) -> None:
    run = session(file, resume_anyway=True, retry_failed=True)
    assert begun(run) == ("run-1", 42)
    assert run.marks == {"a": {"other_code": ["mine"]}}
    assert set(run.journal.records) == {"a"}
    assert (run.journal.session, run.busy) == (1, ("gpu:0 is busy",))
    again = session(file, resume_anyway=True)
    begun(again)
    assert (again.journal.session, again.busy) == (2, ("gpu:0 is busy", "gpu:0 is busy"))


def test_without_a_journal_it_begins_one(tmp_path: Path) -> None:
    run = session(tmp_path / "r.json")
    name, seed = begun(run)
    assert (name, seed) == (run.journal.header.run_id, 7)
    assert (run.journal.session, run.marks, run.busy) == (0, {}, ("gpu:0 is busy",))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"resume": True}, NEEDS),
        ({"resume": True, "retry_failed": True}, NEEDS),
        ({"retry_failed": True}, "--retry-failed: of use with --resume alone; add it, or leave this out"),
    ],
)
def test_what_nothing_can_be_taken_up_for_is_refused(asked: dict[str, Any], told: str) -> None:
    options = SimpleNamespace(**{"resume": False, "retry_failed": False, "result_file": None, **asked})
    with pytest.raises(OptionError) as error:
        Bench.begin(SimpleNamespace(options=options, devices=()), ())  # type: ignore[arg-type]
    assert str(error.value) == told
