"""``likeforlike``: one command, that answers at once and is not led astray by the folder it is called in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import environment, read

import likeforlike
from likeforlike.command import COMMANDS, main


def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "likeforlike", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment() | {"PY_COLORS": "0"},
        capture_output=True,
        text=True,
        timeout=900,
    )


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"likeforlike {likeforlike.__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"    {name} " in told for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["reprot", "f.json"], ["--verson"], ["--version", "report"]])
def test_what_there_is_not_is_one_line_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"likeforlike: unknown {arguments[0]!r}; known: {', '.join(COMMANDS)}, --help, --version"


def test_nothing_at_all_is_status_2_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: likeforlike" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (
            ["--help"],
            {"numpy", "pytest", "msgspec", "likeforlike.bench", "likeforlike.reports", "likeforlike.models"},
        ),
        (["report", "--help"], {"numpy", "scipy", "matplotlib", "pytest", "pandas", "likeforlike.models"}),
        (["models", "--help"], {"scipy", "matplotlib", "pytest", "pandas", "likeforlike.reports"}),
        (["devices", "--help"], {"scipy", "matplotlib", "pytest", "pandas", "likeforlike.models"}),
        (["check", "--help"], {"numpy", "scipy", "psutil", "pytest", "tabulate", "likeforlike.models"}),
        (["peak", "--help"], {"numpy", "scipy", "psutil", "pytest", "tabulate", "likeforlike.models"}),
        (["fleet", "--help"], {"matplotlib", "pandas", "likeforlike.models.tasks"}),
    ],
)
def test_help_imports_little(arguments: list[str], unneeded: set[str]) -> None:
    code = (
        "import sys; from likeforlike.command import main\n"
        f"try: main({arguments})\n"
        "except SystemExit: pass\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    told, _, modules = done.stdout.rpartition("MODULES")
    assert " ".join(["usage: likeforlike", *arguments[:-1]]) in told
    assert not unneeded & set(modules.split())


def test_help_of_bench_tells_our_options_first_then_those_of_pytest(tmp_path: Path) -> None:
    done = called(tmp_path, "bench", "--help")
    assert done.returncode == 0, done.stderr
    places = [
        done.stdout.index(word)
        for word in ("--preset NAME", "--ladder A:B", "-k EXPRESSION", "--benchmark-json")
    ]
    assert places == sorted(places)
    assert done.stdout.count("--preset NAME") == 1


def test_bench_takes_options_alone(tmp_path: Path) -> None:
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "conftest.py").write_text(
        "raise SystemExit('the conftest of a folder was imported')"
    )
    done = called(tmp_path, "bench", "--preset", "smoke", "smoke")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "'smoke' is no option" in done.stderr


def test_a_wrong_option_is_complained_of_by_the_command_s_own_name(tmp_path: Path) -> None:
    done = called(tmp_path, "bench", "--colour-of-the-bikeshed")
    assert done.returncode == 4
    assert "likeforlike bench: error: unrecognized arguments: --colour-of-the-bikeshed" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["models", "--unknown"], ["devices", "--unknown"], ["check", "--unknown"], ["report"], ["fleet", "now"]],
)
def test_each_part_complains_in_the_same_way(words: list[str], tmp_path: Path) -> None:
    done = called(tmp_path, *words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"likeforlike {words[0]}: ")


def test_hints_and_the_result_file_say_what_was_typed(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--workloads=matmul", "--implementations=numpy", "--sizes=32"]
    done = called(tmp_path, "bench", *options, "--benchmark-json=my results.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": likeforlike report 'my results.json' --output report" in done.stdout
    result = read(tmp_path / "my results.json")
    typed = " ".join(["likeforlike bench", *options, "'--benchmark-json=my results.json'"])
    assert result["likeforlike"]["command"] == typed
    assert "bench/test_cells.py::test_cell[matmul-numpy-cpu:0-32-float32]" in {
        bench["fullname"] for bench in result["benchmarks"]
    }, "the same full name as of pytest bench in a clone, so that pytest-benchmark finds it again"


def test_a_run_that_is_ended_early_says_how_to_go_on(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--workloads=matmul", "--implementations=raises,numpy", "--sizes=32,64"]
    done = called(tmp_path, "bench", *options, "--plugin=misbehaving", "-x", "--benchmark-json=r.json")
    assert done.returncode == 1
    told = " ".join(
        ["to go on: likeforlike bench", *options, "--plugin=misbehaving -x --benchmark-json=r.json --resume"]
    )
    assert told in done.stdout


def test_the_working_directory_comes_after_the_standard_library(tmp_path: Path) -> None:
    """A repository's ``random.py`` is not taken for Python's, yet its modules are found."""
    (tmp_path / "random.py").write_text("raise SystemExit('their random was imported')")
    (tmp_path / "own.py").write_text("IMPLEMENTATIONS = []")
    done = called(tmp_path, "models", "--plugin", "own")
    assert done.returncode == 0, done.stderr


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "likeforlike", "models"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, env=environment())
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
