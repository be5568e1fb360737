"""A page of shared results against the files of its folder, name by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeforlike.reports.publish.command import main
from likeforlike.reports.publish.folder import PAGE, stale
from likeforlike.reports.publish.told_files import FILES_TABLE, told_files
from likeforlike.reports.tell.document import Report, Section, Table, row
from likeforlike.reports.write.html_page import to_page


def page(*names: str, table: str = FILES_TABLE) -> str:
    """A page as the product writes it: another table first, then that of the files."""
    other = Table("shared-machines", "Machines", ("machine", "id"), (row("machine.json", "m.json"),))
    files = Table(table, "Files", ("file", "machine"), tuple(row(name, "other.json") for name in names))
    sections = (Section("machines", "Machines", (other,)), Section("files", "Files", (files,)))
    return to_page(Report("Shared", "before.json", (), sections), {})


def folder(tmp_path: Path, *names: str, told: str | None = None) -> Path:
    for name in names:
        (tmp_path / name).write_text("{}")
    if told is not None:
        (tmp_path / PAGE).write_text(told)
    return tmp_path


def test_names_are_those_at_the_rows_of_the_table_of_files() -> None:
    assert told_files(page("b.json", "a.json")) == ("b.json", "a.json")
    assert told_files(page()) == ()
    assert told_files(page("a.json", table="elsewhere")) == ()
    assert told_files("") == ()


def test_a_name_with_marks_of_html_comes_back_as_it_was() -> None:
    assert told_files(page("a&b<c>\"d'.json")) == ("a&b<c>\"d'.json",)


def test_only_the_heads_of_rows_are_names() -> None:
    told = (
        '<table id="t-shared-files"><thead><tr><th scope="col">file</th></tr></thead>'
        '<tr><th scope="row">a</th><td>b</td></tr><tr><th scope="row">c<i>d</i></th><td>e</td></tr></table>'
        '<th scope="row">f</th>'
    )
    assert told_files(told) == ("a", "cd")


def test_a_page_that_tells_of_its_files_and_no_others_is_not_stale(tmp_path: Path) -> None:
    assert stale(folder(tmp_path, "a.json", "b.json", told=page("b.json", "a.json"))) == []


def test_a_file_that_is_gone_makes_a_page_stale(tmp_path: Path) -> None:
    made = folder(tmp_path, "b.json", told=page("a.json", "b.json", "c.json"))
    assert stale(made) == ["tells of a.json, c.json, which the folder no longer holds"]


def test_each_file_that_it_leaves_out_is_told(tmp_path: Path) -> None:
    assert stale(folder(tmp_path, "a.json", "b.json")) == [
        "tells nothing of a.json",
        "tells nothing of b.json",
    ]


def test_a_name_within_another_s_is_not_told(tmp_path: Path) -> None:
    made = folder(tmp_path, "a.json", "ba.json", told=page("ba.json"))
    assert stale(made) == ["tells nothing of a.json"]


def test_both_at_once_and_a_page_that_is_no_text(tmp_path: Path) -> None:
    made = folder(tmp_path, "new.json", told=page("old.json"))
    assert stale(made) == [
        "tells nothing of new.json",
        "tells of old.json, which the folder no longer holds",
    ]
    (made / PAGE).write_bytes(b"\xff\xfe")
    assert stale(made) == ["tells nothing of new.json"]


def test_the_check_fails_with_one_line_for_all_that_are_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = folder(tmp_path, "a.json", told=page("a.json", "b.json", "c.json"))
    assert main(["--check", str(made)]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if PAGE in line]
    assert told == [
        f"likeforlike publish: {made / PAGE}: tells of b.json, c.json, which the folder no longer holds; "
        f"write it anew: likeforlike publish --to {made}"
    ]


def test_of_a_folder_without_files_that_alone_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its page could not be written anew either."""
    made = folder(tmp_path, told=page("a.json"))
    assert main(["--check", str(made)]) == 2
    expected = f"likeforlike publish: {made}: the folder holds no shared file (*.json)\n"
    assert capsys.readouterr().err == expected
