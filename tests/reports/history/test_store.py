"""The folder of the history: added once, never rewritten, torn files named."""

from __future__ import annotations

import os

import pytest
import report_histories as histories
import report_samples as samples

pytest.importorskip("pyarrow")

from likeforlike.reports.history import store
from likeforlike.reports.history.command import main
from likeforlike.reports.read.files import published_names, read_named


@pytest.fixture
def kept(write, tmp_path):
    """A folder with two files in it, and their paths there."""
    folder = tmp_path / "history"
    for number, document in enumerate(histories.documents(2)):
        store.add(read_named(write(f"{number}.json", document)), folder)
    return folder, sorted(folder.glob("*/*/*.parquet"))


def test_a_cell_comes_back_as_it_was(write, tmp_path):
    document = histories.documents(1)[0]
    path = write("mine.json", document)
    added = store.add(read_named(path), tmp_path / "history")
    rows, left_out = store.read(tmp_path / "history")
    assert (added.cells, left_out) == (8, [])
    by_cell = {row.cell: row for row in rows}
    for cell in document["benchmarks"]:
        row = by_cell[cell["extra_info"]["cell"]]
        assert row.samples == cell["stats"]["data"]
        assert row.commit == histories.commit(0)
        assert row.dirty is False
    assert {row.implementation for row in rows if row.reference} == {"numpy-twin", "twin-a", "twin-b"}


def test_the_path_tells_machine_commit_and_date(kept):
    folder, (first, second) = kept
    machine = {path.relative_to(folder).parts[0] for path in (first, second)}
    assert len(machine) == 1
    assert {path.parent.name for path in (first, second)} == {histories.commit(n)[:12] for n in (0, 1)}
    assert any(path.name.startswith("2026-03-01T") for path in (first, second))


def test_a_file_added_twice_is_told_and_adds_nothing(write, tmp_path, capsys):
    path, folder = write("mine.json", histories.documents(1)[0]), tmp_path / "history"
    assert main(["add", path, "--folder", str(folder)]) == 0
    (kept,) = folder.glob("*/*/*.parquet")
    before = kept.stat().st_ino, kept.stat().st_mtime_ns
    assert main(["add", path, "--folder", str(folder)]) == 0
    assert "kept already" in capsys.readouterr().out
    found = [path.stat() for path in folder.glob("*/*/*")]
    assert [(of.st_ino, of.st_mtime_ns) for of in found] == [before]


def test_a_file_whose_copy_there_is_torn_is_not_said_to_be_kept(write, tmp_path, capsys):
    """The report leaves it out, and adding it again could not mend it: nothing there is written over."""
    words = ["add", write("mine.json", histories.documents(1)[0]), "--folder", str(tmp_path / "history")]
    assert main(words) == 0
    (torn,) = (tmp_path / "history").glob("*/*/*.parquet")
    torn.write_bytes(torn.read_bytes()[:-1])
    capsys.readouterr()
    assert main(words) == 2
    told = f"mine.json: kept before, but {torn} is torn; delete that, then add the file again"
    assert capsys.readouterr().err == f"likeforlike history add: {told}\n"
    torn.unlink()
    assert main(words) == 0
    assert len(store.read(tmp_path / "history")[0]) == 8


def test_what_is_there_is_never_written_over(kept, monkeypatch, write):
    """Not even where the look for it misses it, as when two add it at once."""
    folder, (first, _) = kept
    first.write_bytes(b"as it was")
    monkeypatch.setattr(type(folder), "glob", lambda self, pattern: iter(()))
    for number, document in enumerate(histories.documents(2)):
        store.add(read_named(write(f"{number}.json", document)), folder)
    assert first.read_bytes() == b"as it was"


@pytest.mark.parametrize("torn", ["half", "empty", "one byte", "one bit", "not parquet"])
def test_a_torn_file_is_named_and_left_out(kept, torn):
    folder, (first, second) = kept
    content = first.read_bytes()
    third = len(content) // 3
    first.write_bytes(
        {
            "half": content[: len(content) // 2],
            "empty": b"",
            "one byte": content[:-1],
            "one bit": content[:third] + bytes([content[third] ^ 1]) + content[third + 1 :],
            "not parquet": b"PAR1" + b"x" * 100 + b"PAR1",
        }[torn]
    )
    rows, (told,) = store.read(folder)
    (commit,) = {row.commit for row in rows}
    assert commit.startswith(second.parent.name)
    assert str(first.relative_to(folder)) in told
    assert "torn" in told


def test_a_write_that_fails_leaves_nothing(write, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    folder = tmp_path / "history"
    with pytest.raises(store.HistoryError, match="no space left"):
        store.add(read_named(write("mine.json", histories.documents(1)[0])), folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_name_that_would_leave_the_folder_does_not(write, tmp_path):
    document = histories.documents(1)[0]
    document["commit_info"]["id"] = "../../../../escaped"
    document["datetime"] = "../x"
    added = store.add(read_named(write("mine.json", document)), tmp_path / "history")
    assert (tmp_path / "history").resolve() in added.path.resolve().parents
    assert len(added.path.relative_to(tmp_path / "history").parts) == 3


def test_a_run_added_before_and_after_it_was_resumed_counts_once(write, tmp_path):
    document = histories.documents(1)[0]
    early = document | {"benchmarks": document["benchmarks"][:3]}
    for name, content in (("early", early), ("late", document)):
        store.add(read_named(write(f"{name}.json", content)), tmp_path / "history")
    rows, _ = store.read(tmp_path / "history")
    assert len(rows) == 8


def test_a_cell_that_had_fewer_launches_before_counts_as_it_was_in_the_end(write, tmp_path):
    late = histories.documents(1)[0]
    told = late["benchmarks"][0]["extra_info"]
    seconds = late["benchmarks"][0]["stats"]["data"]
    before = samples.cell("matmul", told["implementation"], "cpu:0", told["axes"], seconds[:4])
    for name, content in (("early", late | {"benchmarks": [before]}), ("late", late)):
        store.add(read_named(write(f"{name}.json", content)), tmp_path / "history")
    rows, _ = store.read(tmp_path / "history")
    assert len(rows) == 8
    assert [row.samples for row in rows if row.cell == told["cell"]] == [seconds]


def test_shipped_and_plain_files_are_kept_as_well(write, tmp_path):
    for name in published_names():
        store.add(read_named(name), tmp_path / "history")
    plain = write("plain.json", samples.plain_run({"test_x.py::test_a": [0.1, 0.2, 0.15]}))
    store.add(read_named(plain), tmp_path / "history")
    rows, left_out = store.read(tmp_path / "history")
    assert left_out == []
    assert {row.file for row in rows} == {*published_names(), "plain.json"}


def test_without_pyarrow_it_says_how_to_install_it(write, tmp_path, monkeypatch, capsys):
    import builtins

    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "pyarrow":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    path = write("mine.json", histories.documents(1)[0])
    assert main(["add", path, "--folder", str(tmp_path / "history")]) == 2
    error = capsys.readouterr().err
    assert error == "likeforlike history add: needs pyarrow: pip install 'likeforlike[history]'\n"


def test_a_run_of_several_sides_is_refused(write, tmp_path, capsys):
    document = histories.documents(1)[0]
    document["likeforlike"]["sides"] = [{"name": "base"}, {"name": "new"}]
    path = write("sides.json", document)
    assert main(["add", path, "--folder", str(tmp_path / "history")]) == 2
    assert "measured on several sides" in capsys.readouterr().err
    assert not (tmp_path / "history").exists()


def test_beside_a_file_that_is_refused_the_others_are_kept(write, tmp_path, capsys):
    sided, good = histories.documents(2)
    sided["likeforlike"]["sides"] = [{"name": "base"}, {"name": "new"}]
    folder = tmp_path / "history"
    paths = [write("a.json", sided), write("b.json", good)]
    assert main(["add", *paths, "--folder", str(folder)]) == 2
    out, error = capsys.readouterr()
    assert error.startswith("likeforlike history add: a.json: measured on several sides")
    assert error.count("\n") == 1
    assert out.startswith("b.json: 8 cells kept in ")
    assert {row.commit for row in store.read(folder)[0]} == {histories.commit(1)}


@pytest.mark.parametrize("wrong", [["report"], ["add", "missing.json"]])
def test_bad_input_is_one_line(wrong, tmp_path, capsys):
    assert main([*wrong, "--folder", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert not (tmp_path / "none").exists()
