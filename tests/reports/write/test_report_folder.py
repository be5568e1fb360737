"""The output folder: whole or not at all, and nobody else's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeforlike.reports.write.report_folder import MANIFEST, OutputError, write_folder


class TestOutputFolder:
    def test_an_earlier_report_goes(self, tmp_path):
        out = tmp_path / "out"
        write_folder(out, {"old.txt": b"1", "plots/a.png": b"2"})
        write_folder(out, {"report.md": b"3"})
        assert {p.name for p in out.rglob("*")} == {"report.md", MANIFEST}
        assert {p.name for p in tmp_path.iterdir()} == {"out"}

    def test_an_empty_folder_is_taken(self, tmp_path):
        write_folder(tmp_path / "a/b", {"x": b""})
        (tmp_path / "c").mkdir()
        write_folder(tmp_path / "c", {"x": b""})
        assert (tmp_path / "a/b/x").exists()
        assert (tmp_path / "c/x").exists()

    def test_what_is_not_ours_stays(self, tmp_path):
        out = tmp_path / "out"
        write_folder(out, {"report.md": b"1"})
        (out / "notes.txt").write_text("mine")
        with pytest.raises(OutputError, match="holds notes.txt, which no report of ours wrote"):
            write_folder(out, {"report.md": b"2"})
        assert (out / "report.md").read_bytes() == b"1"

    def test_a_file_in_the_way(self, tmp_path):
        (tmp_path / "out").write_text("mine")
        with pytest.raises(OutputError, match="is a file"):
            write_folder(tmp_path / "out", {"x": b""})

    def test_a_failure_halfway_leaves_the_earlier_report(self, tmp_path, monkeypatch):
        out = tmp_path / "out"
        write_folder(out, {"report.md": b"1"})

        def full(path, content):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="no space left on device"):
            write_folder(out, {"report.md": b"2"})
        monkeypatch.undo()
        assert (out / "report.md").read_bytes() == b"1"
        assert {p.name for p in tmp_path.iterdir()} == {"out"}
