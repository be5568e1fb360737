from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from likeforlike.bench.keep.cell_record import CellRecord
from likeforlike.bench.keep.journal import (
    Header,
    Journal,
    JournalError,
    differences,
    journal_path,
    refusal_of,
)

HEADER = Header("run-1", 42, {"machine": "abc", "option sizes": [500]})


_opened: list[Journal] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def opened(path: Path, resume: bool) -> Journal:
    _opened.append(Journal(path, resume))
    return _opened[-1]


def record(cell: str) -> CellRecord:
    return CellRecord(cell, "measured", "", [0.1, 0.2], [0, 1], {"axes": {"size": 500}})


def begun(path: Path, *cells: str) -> Journal:
    journal = opened(path, resume=False)
    journal.begin(HEADER)
    journal.add([record(cell) for cell in cells])
    return journal


def test_what_was_added_is_found_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "r.json.journal.jsonl"
    begun(path, "a", "b").close()
    journal = opened(path, resume=True)
    journal.begin(Header("run-2", 7, HEADER.conditions))
    assert journal.header == HEADER, "run id and order seed are the first run's"
    assert journal.records == {"a": record("a"), "b": record("b")}
    assert journal.session == 1
    journal.close()
    again = opened(path, resume=True)
    again.begin(HEADER)
    assert again.session == 2


def test_what_was_busy_in_any_session_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    for number, busy in enumerate((("gpu:0 is busy",), (), ("cpu:0 is busy",))):
        journal = opened(path, resume=number > 0)
        journal.begin(Header("run-1", 42, HEADER.conditions, 3, busy))
        journal.close()
    assert journal.busy == opened(path, resume=True).busy == ("gpu:0 is busy", "cpu:0 is busy")


def test_without_resume_the_journal_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "j"
    begun(path, "a").close()
    begun(path, "b").close()
    assert set(opened(path, resume=True).records) == {"b"}


def test_resuming_without_a_journal_simply_starts(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j", resume=True)
    journal.begin(HEADER)
    assert journal.records == {}
    assert journal.session == 0


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_torn_last_line_is_dropped_with_a_warning_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    begun(path, "a", "b").close()
    path.write_bytes(path.read_bytes()[:-cut])
    journal = opened(path, resume=True)
    journal.begin(HEADER)
    assert set(journal.records) == {"a"}
    assert "torn" in journal.warning
    journal.add([record("b")])
    journal.close()
    assert set(opened(path, resume=True).records) == {"a", "b"}


def test_a_damaged_line_in_the_middle_is_refused_by_number(tmp_path: Path) -> None:
    path = tmp_path / "j"
    begun(path, "a", "b").close()
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{}", lines[2]]) + "\n")
    with pytest.raises(JournalError, match="line 2 is no journal line.*without --resume"):
        opened(path, resume=True)


def test_a_line_that_is_no_utf_8_is_refused_by_number(tmp_path: Path) -> None:
    path = tmp_path / "j"
    begun(path, "a", "b").close()
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"\xff"'))
    with pytest.raises(JournalError, match="line 3 is no journal line.*without --resume"):
        opened(path, resume=True)


def test_other_conditions_are_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    begun(path, "a").close()
    before = path.read_bytes()
    journal = opened(path, resume=True)
    with pytest.raises(JournalError, match=r"option sizes was \[500\], is \[1000\]"):
        journal.begin(Header("x", 1, {"machine": "abc", "option sizes": [1000]}))
    assert path.read_bytes() == before


def test_a_second_run_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    path = tmp_path / "j"
    code = f"from likeforlike.bench.keep.journal import Journal; from pathlib import Path; Journal(Path({str(path)!r}), True)"
    first = begun(path, "a")
    command = [sys.executable, "-c", code]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert "another run is writing" in refused.stderr
    first.close()
    assert subprocess.run(command).returncode == 0


def test_forgotten_cells_are_replaced_by_their_later_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = opened(path, resume=False)
    journal.begin(HEADER)
    journal.add([CellRecord("a", "timed-out", "no answer")])
    journal.forget(["a"])
    journal.add([record("a")])
    journal.close()
    assert opened(path, resume=True).records == {"a": record("a")}


def test_a_retry_that_was_killed_goes_on_with_its_own_launches(tmp_path: Path) -> None:
    """Neither the failure that it is to replace nor launches from before that stand after it."""
    journal = begun(tmp_path / "j", "done")
    journal.add([launched("a", 0), launched("a", 1), CellRecord("a", "timed-out", "no answer")])
    journal.forget(["a"])
    again = launched("a", 0, mine="2")
    journal.add([again])
    journal.close()
    resumed = opened(tmp_path / "j", resume=True)
    assert set(resumed.records) == {"done"}
    assert resumed.launches == {"a": {0: again}}


def test_the_journal_lies_beside_the_result_file() -> None:
    assert journal_path(Path("results/x.json")) == Path("results/x.json.journal.jsonl")


def test_what_a_full_disk_refuses_is_written_once_there_is_room(tmp_path, monkeypatch):
    path = tmp_path / "r.json.journal.jsonl"
    journal = opened(path, resume=False)
    journal.begin(Header("run", 1, {}))
    before, write = path.read_bytes(), os.write

    def torn(descriptor, data):
        """Takes a few bytes before it is full."""
        if len(data) > 8:
            return write(descriptor, data[:8])
        raise OSError(errno.ENOSPC, "No space left on device")

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", torn)
    told = journal.add([record("a")])
    assert told.startswith(f"{path}: cannot be written: No space left on device; ")
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "write", full)
    assert journal.add([record("b")]) is None
    monkeypatch.setattr(os, "write", write)
    assert journal.add([record("c")]) is None
    assert set(journal.records) == {"a", "b", "c"}
    journal.close()
    assert list(opened(path, resume=True).records) == ["a", "b", "c"]


def test_a_run_that_cannot_be_begun_says_so_in_a_line(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left on device; make room or name another file$"):
        opened(tmp_path / "r.jsonl", resume=False).begin(Header("run", 1, {}))


def test_every_line_is_on_the_disk_before_measuring_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "j"
    sizes, fsync = [], os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size) or fsync(descriptor)
    )
    journal = opened(path, resume=False)
    journal.begin(HEADER)
    for cell in "ab":
        journal.add([record(cell)])
        assert sizes[-1] == path.stat().st_size
    assert len(sizes) == 3
    assert sorted(sizes) == sizes
    assert len(set(sizes)) == 3


def test_a_second_full_disk_is_told_once_there_was_room_between(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal, write = begun(tmp_path / "j"), os.write
    told = []
    for writer in (full, full, write, full, full):
        monkeypatch.setattr(os, "write", writer)
        told.append(journal.add([record(f"c{len(told)}")]) is not None)
    assert told == [True, False, False, True, False]
    monkeypatch.setattr(os, "write", write)
    journal.add([record("last")])
    journal.close()
    lines = (tmp_path / "j").read_text().splitlines()
    assert len(lines) == 1 + 6, "each record once, and the header"


def launched(cell: str, launch: int, **code: str) -> CellRecord:
    return CellRecord(cell, "measured", "", [0.1], [launch], {}, launch=launch, code=code)


def test_launches_are_kept_apart_and_forgotten_with_their_cell(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j", "done")
    journal.add([launched("a", 0), launched("a", 1), launched("b", 0)])
    journal.close()
    again = opened(tmp_path / "j", resume=True)
    assert set(again.records) == {"done"}
    assert {cell: list(known) for cell, known in again.launches.items()} == {"a": [0, 1], "b": [0]}
    again.forget(["a", "done", "never-there"])
    assert (set(again.records), set(again.launches)) == (set(), {"b"})


def test_changed_code_is_told_with_the_cells_it_has_measured(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j")
    journal.add(
        [
            launched("a", 0, mine="1", ours="1"),
            launched("a", 1, mine="1"),
            launched("b", 0, mine="2", ours="2"),
        ]
    )
    journal.add([CellRecord("c", "measured", code={"mine": "2", "gone": "9"})])
    assert journal.other_code({"mine": "1", "ours": "1"}) == {
        "mine": ("c", "b"),
        "gone": ("c",),
        "ours": ("b",),
    }
    assert journal.other_code({"mine": "2", "ours": "2", "gone": "9"}) == {"mine": ("a",), "ours": ("a",)}
    for cells, words in ((("a",), "a;"), (("a", "b"), "a and 1 more;"), (("a", "b", "c"), "a and 2 more;")):
        assert f"mine, which has measured {words}" in refusal_of(tmp_path / "j", {"mine": cells})


def test_another_host_is_told_with_the_cells_that_were_measured_there(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j")
    here, there = {"name": "a", "boot": "1"}, {"name": "b", "boot": "2"}
    journal.add([CellRecord("a", "measured", host=there), CellRecord("b", "measured", host=here)])
    journal.add([CellRecord("c", "measured", launch=0, host=there), CellRecord("d", "measured")])
    assert journal.other_hosts(here) == {"the host, b": ("a", "c")}
    assert journal.other_hosts(there) == {"the host, a": ("b",)}
    told = refusal_of(tmp_path / "j", {}, journal.other_hosts(here))
    assert "this has changed: the host, b, which has measured a and 1 more; restore it" in told
    assert told.endswith("marked, with --resume-elsewhere")
    assert refusal_of(tmp_path / "j", {"mine": ("a",)}).endswith("marked, with --resume-anyway")


def test_what_is_kept_on_resuming_is_marked_and_what_is_not_asked_for_refused(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j")
    here, there = {"name": "a"}, {"name": "b"}
    journal.add([CellRecord("x", "measured", code={"mine": "1"}, host=there)])
    journal.add([CellRecord("y", "measured", code={"mine": "2"}, host=there)])
    journal.add([CellRecord("z", "measured", code={"mine": "2"}, host=here)])
    code = {"mine": "2"}
    for anyway, elsewhere, refused in (
        (
            False,
            False,
            "the source code of mine, which has measured x; the host, b, which has measured x and 1 more",
        ),
        (False, True, "the source code of mine, which has measured x; restore"),
        (True, False, "has changed: the host, b, which has measured x and 1 more; restore"),
    ):
        with pytest.raises(JournalError, match=refused):
            journal.marks(code, here, anyway, elsewhere)
    assert journal.marks(code, here, True, True) == {
        "x": {"other_code": ["mine"], "other_hosts": ["the host, b"]},
        "y": {"other_hosts": ["the host, b"]},
    }


def test_all_that_differs_is_told_in_order() -> None:
    assert differences({"b": 1, "a": 1, "same": 3}, {"b": 2, "c": 5, "same": 3}) == [
        "a was 1, is None",
        "b was 1, is 2",
        "c was None, is 5",
    ]


def test_a_folder_that_can_t_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"cannot be written: .*; name another file$"):
        Journal(tmp_path / "file" / "j", resume=False)


def test_a_refused_journal_is_free_for_the_next(tmp_path: Path) -> None:
    """Whatever the reason, the file is let go of again."""
    path = tmp_path / "deep" / "down" / "j"

    def held() -> int:
        return [file.path for file in psutil.Process().open_files()].count(str(path))

    opened(path, resume=False).begin(HEADER)
    with pytest.raises(JournalError, match=r"another run is writing") as locked:
        Journal(path, resume=False)
    assert held() == 1, locked
    _opened.pop().close()
    path.write_text("no journal\n")
    with pytest.raises(JournalError, match=r"line 1 is no journal line") as unread:
        Journal(path, resume=True)
    assert held() == 0, unread
    opened(path, resume=False).begin(HEADER)


def test_who_tells_nothing_of_cells_or_of_what_was_busy_has_none() -> None:
    assert (Header("run", 1, {}).cells, Header("run", 1, {}).busy) == (0, ())


def test_a_file_system_without_locks_is_no_other_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was told to wait for another run waited for ever."""

    def refuses(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuses)
    with pytest.raises(JournalError, match="cannot be locked: No locks available; name a file"):
        Journal(tmp_path / "j", resume=False)
