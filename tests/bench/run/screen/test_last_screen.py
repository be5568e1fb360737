"""What stands on the screen when a run has ended."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command import QUICK, run_bench

from likeforlike.bench.run.screen.last_screen import Ending, findings_of, last_screen

WHOLE = Ending("- a is faster\n! b failed", {}, 17, 17, False, Path("r.json"), "likeforlike report r.json")
TABLES = re.compile(r"^-{9,} benchmark ", re.MULTILINE)
MATMUL = (*QUICK, "--workloads=matmul", "--sizes=32")


def test_the_findings_then_the_file_then_the_next_command() -> None:
    assert last_screen(WHOLE, 80) == [
        "What this run found:",
        "- a is faster",
        "! b failed",
        "",
        "result file: r.json",
        "tables and plots: likeforlike report r.json",
    ]


def test_every_failed_cell_with_its_reason_and_of_many_the_first() -> None:
    failures = {f"cell-{number}": "wrong-answer: error 0.3" for number in range(8)}
    lines = last_screen(replace(WHOLE, failures=failures), 80)
    told = [line for line in lines if line.startswith("- cell")]
    assert told == [f"- cell-{number}: wrong-answer: error 0.3" for number in range(6)]
    assert "- and 2 more, listed above" in lines


def test_reasons_are_wrapped_and_commands_are_not() -> None:
    long = "likeforlike bench " + " ".join(f"--option-{n}=value" for n in range(9))
    ending = replace(WHOLE, failures={"c": "crashed: " + "word " * 40}, next_command=long)
    lines = "\n".join(last_screen(ending, 60)).split("\n")
    assert lines[-1].endswith(long)
    assert max(map(len, lines[:-1])) <= 60


def test_a_run_that_ended_early_says_how_far_it_came_and_how_to_go_on() -> None:
    lines = last_screen(replace(WHOLE, early=True, measured=7), 80)
    assert "ended early, with 7 of 17 cells measured" in lines
    assert lines[-1].startswith("to go on: ")


def test_without_a_file_it_says_how_to_keep_one() -> None:
    lines = last_screen(replace(WHOLE, result_file=None, next_command="again --benchmark-json=f"), 80)
    assert lines[-2:] == [
        "Figures are not kept without --benchmark-json. To keep them next time:",
        "again --benchmark-json=f",
    ]


def test_findings_that_cannot_be_told_are_one_line_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    assert re.fullmatch(
        r"not told: likeforlike report: .*bad\.json.*", findings_of(tmp_path / "bad.json", 80, False)
    )


def test_the_report_finds_no_module_of_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository's own random.py would be taken for the standard library's, and nothing be told."""
    asked: list[list[str]] = []

    def answer(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "- a is faster\n", "")

    monkeypatch.setattr(subprocess, "run", answer)
    assert findings_of(Path("r.json"), 80, False) == "- a is faster"
    assert asked == [[sys.executable, "-P", "-m", "likeforlike", "report", "r.json"]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    folder = tmp_path_factory.mktemp("run")
    options = ["--plugin=misbehaving", "--implementations=numpy,raises", "--benchmark-json=r.json"]
    return run_bench(folder, *MATMUL, *options)


def test_the_answer_comes_after_all_that_pytest_says(run: subprocess.CompletedProcess[str]) -> None:
    assert run.returncode == 1
    before, _, after = run.stdout.partition("What this run found:\n")
    assert re.search(r"1 failed, \d+ passed", before)
    assert after.startswith("- ")
    assert "\n- matmul-raises-cpu:0-32-float32: failed: " in after
    assert after.rstrip().endswith("tables and plots: likeforlike report r.json --output report")
    assert "\x1b" not in after


def test_pytest_benchmark_s_tables_are_shown_to_those_who_ask(
    run: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    assert not TABLES.search(run.stdout)
    asked = run_bench(tmp_path, *MATMUL, "--benchmark-columns=median,rounds", "--workloads=eigen")
    assert TABLES.search(asked.stdout)
    assert asked.stdout.index("What this run found") > max(m.start() for m in TABLES.finditer(asked.stdout))


@pytest.mark.parametrize("how", ["-q", "-qq", "-v", "--tb=no"])
def test_however_talkative_pytest_is_the_answer_is_last_and_no_file_is_left(tmp_path: Path, how: str) -> None:
    done = run_bench(tmp_path, *MATMUL, "--workloads=eigen", "-k", "eigh", how)
    assert done.returncode == 0, done.stdout
    assert "What this run found:\n- Eigen: the answer agrees with the reference." in done.stdout
    lines = done.stdout.rstrip().splitlines()
    assert lines[-2] == "Figures are not kept without --benchmark-json. To keep them next time:"
    assert lines[-1].endswith("--benchmark-json=results.json")
    assert "this run" not in lines[-1]
    assert [path.name for path in tmp_path.iterdir() if path.name != ".benchmarks"] == []


def test_called_once_each_there_is_nothing_to_find(tmp_path: Path) -> None:
    done = run_bench(tmp_path, *MATMUL, "--benchmark-disable", "-k", "matmul")
    assert "What this run found" not in done.stdout


def test_the_harness_loads_nothing_of_the_reports_for_it() -> None:
    code = (
        "import sys, likeforlike.bench.run.session; "
        "print(sorted({m.split('.')[2] for m in sys.modules if m.startswith('likeforlike.reports.')}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['statistics']"
