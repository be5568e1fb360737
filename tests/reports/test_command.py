"""``python -m reports`` from the outside: exit status, output folder, speed of thought."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import report_samples as samples

from likeforlike.reports.command import main
from likeforlike.reports.write.report_folder import MANIFEST

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small(write):
    """A file with one group of products, which draws one plot at most."""
    noise = samples.Noise(1)
    return write("small.json", samples.document(samples.products(noise, sizes=(500,))))


class TestReport:
    def test_files_of_a_report(self, small, tmp_path, capsys):
        assert main([small, "--output", str(tmp_path / "out")]) == 0
        found = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
        assert {"report.md", "report.html", "tables/products.csv", "tables/cells.csv", MANIFEST} <= found
        out = capsys.readouterr().out
        assert out.startswith("- At the largest product on cpu:0")
        assert out.rstrip().endswith("report.md and report.html")

    def test_csv_holds_bare_numbers(self, small, tmp_path):
        main([small, "--output", str(tmp_path / "out")])
        with open(tmp_path / "out/tables/products.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        document = json.loads(Path(small).read_text())
        medians = {b["extra_info"]["implementation"]: b["stats"]["median"] for b in document["benchmarks"]}
        assert {row["implementation"]: float(row["cpu:0"]) for row in rows} == pytest.approx(medians)

    def test_no_framework_and_no_slow_import(self, small, tmp_path):
        program = (
            "import sys; from likeforlike.reports.command import main; "
            f"main([{small!r}, '--output', {str(tmp_path / 'out')!r}]); "
            "print(sorted({m.partition('.')[0] for m in sys.modules} & "
            "{'tensorflow', 'keras', 'torch', 'jax', 'pandas', 'bench', 'models'})"
            " + [m for m in sys.modules if m in ('scipy.stats', 'matplotlib.pyplot')])"
        )
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert run.stdout.splitlines()[-1] == "[]"

    def test_plots_are_pictures(self, write, tmp_path):
        path = write("quick.json", samples.quick_run(with_ladder=True))
        assert main([path, "--output", str(tmp_path / "out")]) == 0
        plots = {p.name: p.read_bytes() for p in (tmp_path / "out/plots").iterdir()}
        assert set(plots) == {
            "findings.png",
            "ladder.png",
            "learning-curves-matched.png",
            "learning-curves-published.png",
            "seconds-per-epoch.png",
            "products-over-size.png",
            "trade-offs.png",
        }
        text = (tmp_path / "out/report.md").read_text()
        for name, content in plots.items():
            assert content.startswith(b"\x89PNG")
            assert f"](plots/{name})" in text


class TestFindingsAlone:
    """Without --output: what a reader came for, on the screen, and nothing is written."""

    def test_they_are_those_of_the_report(self, small, tmp_path, capsys, monkeypatch):
        monkeypatch.chdir(tmp_path)
        before = set(tmp_path.iterdir())
        assert main([small]) == 0
        alone = capsys.readouterr().out
        assert main([small, "--output", str(tmp_path / "out")]) == 0
        assert capsys.readouterr().out.startswith(alone)
        assert set(tmp_path.iterdir()) == before | {tmp_path / "out"}

    def test_a_baseline_may_be_named(self, small, capsys):
        assert main([small, "--baseline", "Intel"]) == 0
        assert main([small, "--baseline", "cray"]) == 2

    def test_the_width_and_the_colour_are_the_environment_s(self, write, capsys, monkeypatch):
        path = write("quick.json", samples.quick_run(with_ladder=True))
        main([path])
        whole = capsys.readouterr().out
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("FORCE_COLOR", "1")
        main([path])
        coloured = capsys.readouterr().out
        plain = re.sub(r"\x1b\[\d*m", "", coloured)
        assert plain != coloured
        assert max(map(len, plain.splitlines())) <= 60
        assert plain.split() == whole.split()
        monkeypatch.setenv("NO_COLOR", "1")
        main([path])
        assert capsys.readouterr().out == plain


class TestBadInput:
    def refuse(self, capsys, *arguments):
        assert main([str(argument) for argument in arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        return captured.err

    def test_a_bad_file_leaves_nothing(self, small, tmp_path, capsys):
        (tmp_path / "bad.json").write_text("{")
        error = self.refuse(capsys, small, tmp_path / "bad.json", "--output", tmp_path / "out")
        assert "the JSON is truncated" in error
        assert not (tmp_path / "out").exists()

    def test_keep_going_reports_the_good_and_lists_the_bad(self, small, tmp_path, capsys):
        (tmp_path / "bad.json").write_text("{")
        out = tmp_path / "out"
        assert main([small, str(tmp_path / "bad.json"), "--output", str(out), "--keep-going"]) == 0
        assert "left out" in capsys.readouterr().err
        assert "Left out:" in (out / "report.md").read_text()

    def test_nothing_good_to_keep_going_with(self, tmp_path, capsys):
        (tmp_path / "bad.json").write_text("{")
        assert main([str(tmp_path / "bad.json"), "--output", str(tmp_path / "out"), "--keep-going"]) == 2
        assert "none of the files can be read" in capsys.readouterr().err

    def test_unknown_baseline(self, small, tmp_path, capsys):
        error = self.refuse(capsys, small, "--output", tmp_path / "out", "--baseline", "cray")
        assert "fits no machine; known: 2 x Intel Xeon" in error

    def test_a_hostile_name_of_a_file(self, tmp_path, capsys):
        error = self.refuse(capsys, tmp_path / "a\x1b[31m\nb.json", "--output", tmp_path / "out")
        assert "\\x1b[31m\\nb.json" in error

    @pytest.mark.parametrize("share", ["fast", "1%", "-5%", "2000%", "5%%"])
    def test_limits_that_make_no_sense(self, small, capsys, share):
        assert "--fail-if-slower" in self.refuse(
            capsys, small, "--against", small, f"--fail-if-slower={share}"
        )

    def test_options_that_need_each_other(self, small, capsys):
        assert "needs --against" in self.refuse(capsys, small, "--output", "x", "--fail-if-slower", "5%")
        assert "needs --output" in self.refuse(capsys, small, "--against", small, "--baseline", "x")
        assert "--only needs --against" in self.refuse(capsys, small, "--output", "x", "--only", "a*")

    @pytest.mark.parametrize("option", [("--only", "mutmal*"), ("--fail-if-slower", "mutmal*=5%")])
    def test_patterns_of_no_cell(self, small, capsys, option):
        error = self.refuse(capsys, small, "--against", small, *option)
        assert (
            f"{option[0]} 'mutmal*' is the name of no cell; known: matmul-tf-eager-cpu:0-500-float32, "
            in error
        )


class TestAgainst:
    def run(self, factor, spread=0.004, twins=1.0, rounds=60):
        noise = samples.Noise(int(factor * 1000))
        cells = [
            samples.cell(
                "matmul",
                name,
                "cpu:0",
                {"size": 500, "dtype": "float32"},
                [float(x) for x in 0.01 * scale * noise.rng.normal(1, spread, rounds)],
                flop=2.5e8,
                group=f"matmul {name}",
            )
            for name, scale in (("numpy", 1.0), ("tf-eager", factor))
        ]
        return samples.document(cells + samples.twins(samples.Noise(3), 0.005 * twins))

    def exit_status(self, write, now, *arguments, before=None):
        base = write("before.json", before or self.run(1.0))
        return main([write("now.json", now), "--against", base, *arguments])

    def test_ten_percent_slower_fails(self, write, capsys):
        assert self.exit_status(write, self.run(1.1), "--fail-if-slower", "5%") == 1
        out = capsys.readouterr().out
        assert "| matmul tf-eager cpu:0 500 float32 |" in " ".join(out.split())
        assert "SLOWER" in out
        assert "1 slower by more than 5.0 %" in out

    def test_slower_but_by_less_passes(self, write):
        assert self.exit_status(write, self.run(1.04), "--fail-if-slower", "5%") == 0

    def test_without_a_limit_nothing_fails(self, write):
        assert self.exit_status(write, self.run(1.5)) == 0

    def test_faster_passes(self, write):
        assert self.exit_status(write, self.run(0.8), "--fail-if-slower", "5%") == 0

    def test_unclear_passes_with_a_warning(self, write, capsys):
        noisy = self.run(1.1, spread=0.4)
        assert self.exit_status(write, noisy, "--fail-if-slower", "5%") == 0
        out = capsys.readouterr().out
        assert "unclear: too noisy to tell" in out
        assert "2 of 2 cells judged: " in out

    def test_a_machine_that_got_slower_itself_is_no_regression(self, write):
        everything = self.run(1.1, twins=1.12)
        assert self.exit_status(write, everything, "--fail-if-slower", "5%") == 0

    def test_a_base_compared_with_itself_is_told(self, write, capsys):
        assert self.exit_status(write, self.run(1.0), "--fail-if-slower", "5%", before=self.run(1.0)) == 0
        assert "note: now.json is the base itself: nothing new was measured." in capsys.readouterr().out

    def test_a_machine_too_noisy_to_tell_is_told_and_no_rounds_are_promised(self, write, capsys):
        slower = self.run(1.2)
        slower["likeforlike"]["noise"]["aa_interval"] = [0.62, 1.95]
        assert self.exit_status(write, slower, "--fail-if-slower", "5%") == 0
        out = capsys.readouterr().out
        assert "unclear: copies of one implementation differed by up to 95 % here |" in " ".join(out.split())
        assert "1 unclear: too noisy to tell; measure both sides in one run, on a quieter machine." in out
        assert "more round" not in out
        assert "more launch" not in out

    def test_an_implausible_figure_decides_nothing(self, write, capsys):
        impossible = self.run(1e-6)
        assert self.exit_status(write, self.run(1.0), "--fail-if-slower", "5%", before=impossible) == 0
        assert "no verdict: implausible" in capsys.readouterr().out

    def test_cells_that_one_side_lacks_are_told(self, write, capsys):
        lacking = self.run(1.0)
        del lacking["benchmarks"][1]
        assert self.exit_status(write, lacking, "--fail-if-slower", "5%") == 0
        assert "tf-eager cpu:0 500 float32: only in the base" in capsys.readouterr().out

    def test_a_cell_that_gives_no_figure_any_more_is_told_with_its_reason(self, write, capsys):
        lacking = self.run(1.0)
        lost = lacking["benchmarks"].pop(1)["extra_info"]["cell"]
        gap = {"cell": lost, "outcome": "timed-out", "reason": "took over 60 s"}
        lacking["likeforlike"]["unmeasured"] = [gap]
        assert self.exit_status(write, lacking, "--fail-if-slower", "5%") == 2
        out, error = capsys.readouterr()
        assert error == (
            "likeforlike report: --fail-if-slower: matmul-tf-eager-cpu:0-500-float32 has a figure in the base "
            "and none now: timed-out, took over 60 s\n"
        )
        assert "note: matmul tf-eager cpu:0 500 float32: now timed-out, took over 60 s." in out
        assert "only in the base" not in out

    def test_five_rounds_a_side_have_no_ratio_of_medians_and_that_is_said(self, write, capsys):
        now, told = self.run(1.3, rounds=5), "fewer than 6 rounds on a side: the ratio is the median of all"
        assert self.exit_status(write, now, before=self.run(1.0, rounds=5)) == 0
        assert f"note: 2 cells with {told}" in capsys.readouterr().out
        assert self.exit_status(write, self.run(1.3)) == 0
        assert told not in capsys.readouterr().out

    def test_nothing_in_common(self, write, capsys):
        other = samples.plain_run({"t.py::a": [0.1]})
        assert self.exit_status(write, other, "--fail-if-slower", "5%") == 2
        assert "no cell in common" in capsys.readouterr().err

    def test_each_cell_has_the_limit_that_names_it(self, write, capsys):
        now = self.run(1.1)
        assert self.exit_status(write, now, "--fail-if-slower=5%", "--fail-if-slower=*tf-eager*=20%") == 0
        assert "0 slower by more than the limit of the cell (5.0 % to 20.0 %)" in capsys.readouterr().out
        assert self.exit_status(write, now, "--fail-if-slower=*tf-eager*=2%", "--fail-if-slower=50%") == 1

    def test_only_some_cells_are_looked_at(self, write, capsys):
        slower = self.run(1.5)
        assert self.exit_status(write, slower, "--fail-if-slower", "5%", "--only", "*numpy*") == 0
        out = capsys.readouterr().out
        assert "1 of 1 cell judged" in out
        assert "tf-eager" not in out
        assert self.exit_status(write, slower, "--fail-if-slower", "5%", "--only", "*eager*") == 1

    def test_what_could_not_be_judged_is_told_beside_what_could(self, write, capsys):
        now = self.run(1.0)
        (numpy, *_) = now["benchmarks"]
        numpy["extra_info"] |= {"round_numbers": [0], "launch_numbers": [0]}
        numpy["stats"] = samples.stats(numpy["stats"]["data"][:1])
        assert self.exit_status(write, now, "--fail-if-slower", "5%") == 0
        out = capsys.readouterr().out
        assert "1 of 2 cells judged: 0 faster, 0 same, 0 slower, 1 unclear; " in out
        assert "1 cell not judged: 60 rounds against 1, too few." in out

    def test_nothing_that_can_be_judged_is_no_pass(self, write, capsys):
        few = self.run(1.3, rounds=3)
        for cell in few["benchmarks"]:
            cell["extra_info"].pop("launch_numbers", None)
        for limit in (["--fail-if-slower", "5%"], []):
            assert self.exit_status(write, few, *limit) == 2
            assert (
                "--against: none of the 2 cells could be judged: 60 rounds against 3"
                in capsys.readouterr().err
            )

    def test_every_file_of_now_is_held_against_the_base(self, write, capsys):
        """Two files that are no repetitions of each other: the second may not hide behind the first."""
        base, good, bad = self.run(1.0), self.run(1.0), self.run(1.5)
        good["commit_info"]["id"], bad["commit_info"]["id"] = "d" * 40, "e" * 40
        good["likeforlike"]["run_id"], bad["likeforlike"]["run_id"] = "good", "bad"
        paths = [write(f"{n}.json", d) for n, d in (("good", good), ("bad", bad), ("before", base))]
        assert main([*paths[:2], "--against", paths[2], "--fail-if-slower", "5%"]) == 1
        out = " ".join(capsys.readouterr().out.split())
        assert "matmul tf-eager cpu:0 500 float32 file=bad.json" in out
        assert "4 of 4 cells judged" in out

    def test_plain_files(self, write):
        rng = samples.np.random.default_rng(1)
        before = samples.plain_run({"t.py::a": list(rng.normal(1.0, 0.01, 20))})
        now = samples.plain_run({"t.py::a": list(rng.normal(1.2, 0.01, 20))})
        assert self.exit_status(write, now, "--fail-if-slower", "5%", before=before) == 1
