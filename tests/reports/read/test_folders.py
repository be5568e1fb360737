"""A folder, or a pattern, in a file's place."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
import report_samples as samples

from likeforlike.reports.command import main
from likeforlike.reports.read.folders import base_meant, files_meant
from likeforlike.reports.read.result_file import ResultError


@pytest.fixture
def tree(tmp_path):
    """A function that makes a folder with empty files of these names."""

    def make(*names):
        for name in names:
            path = tmp_path / "results" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        (tmp_path / "results").mkdir(exist_ok=True)
        return tmp_path / "results"

    return make


def below(folder, files):
    return [str(Path(file).relative_to(folder)) for file in files]


class TestFolder:
    def test_its_result_files_and_those_of_its_folders_sorted(self, tree):
        folder = tree("b.json", "a.json.gz", "sub/c.json", "a/z.json", "notes.txt", "x.json.journal.jsonl")
        found = below(folder, files_meant([str(folder)]))
        assert found == ["a/z.json", "a.json.gz", "b.json", "sub/c.json"]

    def test_the_storage_of_pytest_benchmark(self, tree):
        place = ".benchmarks/Linux-CPython-3.11-64bit"
        folder = tree(f"{place}/0002_b.json", f"{place}/0001_a.json", ".cache/x.json", "sub/.hidden.json")
        expected = [f"{place}/0001_a.json", f"{place}/0002_b.json"]
        assert below(folder, files_meant([str(folder)])) == expected
        storage = folder / ".benchmarks"
        assert below(folder, files_meant([str(storage)])) == expected

    def test_samples_beside_an_nvbench_file_are_no_result_files(self, tree):
        folder = tree("out.json", "out.json-bin/0.bin")
        assert below(folder, files_meant([str(folder)])) == ["out.json"]

    def test_links_that_lead_back(self, tree):
        folder = tree("a.json")
        os.symlink(folder, folder / "loop", target_is_directory=True)
        assert below(folder, files_meant([str(folder)])) == ["a.json"]

    def test_an_empty_one(self, tree):
        with pytest.raises(ResultError, match=r"results; the folder holds no result file \(\*?\.json"):
            files_meant([str(tree("readme.md"))])

    def test_files_stay_as_they_are_and_in_their_place(self, tree):
        folder = tree("b.json", "a.json")
        given = ["none.json", str(folder), "notebook-2020", "nul\0l.json"]
        assert files_meant(given) == [
            "none.json",
            str(folder / "a.json"),
            str(folder / "b.json"),
            "notebook-2020",
            "nul\0l.json",
        ]


class TestPattern:
    def test_files_and_folders_that_fit(self, tree):
        folder = tree("run1.json", "run2.json", "other.json", "run-x/a.json")
        assert below(folder, files_meant([f"{folder}/run*"])) == ["run-x/a.json", "run1.json", "run2.json"]

    def test_folders_without_result_files_are_passed_over(self, tree):
        folder = tree("run1.json", "run-notes/readme.md")
        assert below(folder, files_meant([f"{folder}/run*"])) == ["run1.json"]

    def test_what_fits_twice_counts_once(self, tree):
        folder = tree("a/b.json")
        assert below(folder, files_meant([f"{folder}/**"])) == ["a/b.json"]

    def test_any_depth(self, tree):
        folder = tree("a.json", "b/c/d.json")
        assert below(folder, files_meant([f"{folder}/**/*.json"])) == ["a.json", "b/c/d.json"]

    def test_a_file_whose_name_is_a_pattern(self, tree):
        folder = tree("a[1].json", "a1.json")
        assert below(folder, files_meant([f"{folder}/a[1].json"])) == ["a[1].json"]

    def test_none_fits(self, tree):
        with pytest.raises(ResultError, match="the pattern fits no result file"):
            files_meant([f"{tree()}/*.json"])


class TestBase:
    def test_a_file_is_itself(self, tree):
        file = str(tree("a.json") / "a.json")
        assert base_meant(file) == file
        assert base_meant("notebook-2020") == "notebook-2020"

    def test_the_only_one_of_a_folder(self, tree):
        folder = tree("sub/a.json")
        assert base_meant(str(folder)) == str(folder / "sub/a.json")

    def test_the_newest_of_a_storage_by_number(self, tree):
        place = "Linux-CPython-3.11-64bit"
        folder = tree(f"{place}/9999_z.json", f"{place}/10000_a.json", f"{place}/0001_x.json")
        assert base_meant(str(folder)) == str(folder / place / "10000_a.json")

    def test_never_a_file_that_is_compared_with_it(self, tree):
        folder = tree("m/0001_a.json", "m/0002_b.json")
        newest = folder / "m/0002_b.json"
        assert base_meant(str(folder), [str(newest)]) == str(folder / "m/0001_a.json")
        with pytest.raises(ResultError, match="holds only the files that are to be compared"):
            base_meant(str(folder), files_meant([str(folder)]))

    def test_several_machines(self, tree):
        folder = tree("Linux-3.11/0001_a.json", "Linux-3.12/0001_a.json")
        with pytest.raises(ResultError, match="result files in 2 folders; expected those of one machine"):
            base_meant(str(folder))

    def test_several_files(self, tree):
        with pytest.raises(ResultError, match="2 result files; expected one to compare with; name it"):
            base_meant(str(tree("a.json", "b.json")))


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / ".benchmarks" / "Linux"
        folder.mkdir(parents=True)
        for number, factor in enumerate((1.0, 1.0, 1.5), 1):
            noise = samples.Noise(number)
            run = samples.plain_run({"t.py::a": list(0.01 * factor * noise.rng.normal(1, 0.004, 60))})
            (folder / f"000{number}_run.json.gz").write_bytes(gzip.compress(json.dumps(run).encode()))
        return folder.parent

    def test_report_of_a_folder(self, folder, tmp_path):
        assert main([str(folder), "--output", str(tmp_path / "out")]) == 0
        text = (tmp_path / "out/report.md").read_text()
        assert all(f"000{number}_run.json.gz" in text for number in (1, 2, 3))
        assert "pytest-benchmark 5.3.1" in text

    def test_against_the_newest_but_oneself(self, folder, capsys):
        newest = str(folder / "Linux/0003_run.json.gz")
        assert main([newest, "--against", str(folder), "--fail-if-slower", "5%"]) == 1
        assert "SLOWER" in capsys.readouterr().out

    def test_what_is_no_result_file_is_refused_or_left_out(self, folder, tmp_path, capsys):
        (folder / "package.json").write_text('{"name": "x", "version": "1", "dependencies": {}}')
        out = tmp_path / "out"
        assert main([str(folder), "--output", str(out)]) == 2
        error = capsys.readouterr().err
        assert "package.json: looks like an npm package's description; likeforlike reads" in error
        assert error.count("\n") == 1
        assert not out.exists()
        assert main([str(folder), "--output", str(out), "--keep-going"]) == 0
        assert "left out: " in capsys.readouterr().err
        assert "Left out: " in (out / "report.md").read_text()

    @pytest.mark.parametrize("more", [[], ["--keep-going"]])
    def test_an_empty_folder(self, tmp_path, capsys, more):
        (tmp_path / "empty").mkdir()
        assert main([str(tmp_path / "empty"), "--output", str(tmp_path / "out"), *more]) == 2
        assert "the folder holds no result file" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
