"""Environments are made by programs of the test's own: nothing is fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import asked_side
from likeforlike.bench.sides import environments
from likeforlike.bench.sides.environments import complaint, environment_with

SIDE = asked_side("old", "git:old")
UV = """#!/bin/sh
echo "$@" >> {log}
for last; do :; done
case "$1" in
venv) mkdir -p "$last/bin" && ln -s {python} "$last/bin/python" ;;
pip) {pip} ;;
esac
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``uv`` was asked for, line by line."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    install_uv(tmp_path)
    return tmp_path / "log"


def install_uv(folder: Path, pip: str = "true") -> None:
    program = folder / "uv"
    program.write_text(UV.format(log=folder / "log", python=sys.executable, pip=pip))
    program.chmod(0o755)


def make(digest: str = "abc", say=lambda text: None) -> str:
    return environment_with(SIDE, digest, ["one>=2"], ["one==2.5"], say)


def test_it_is_made_once_by_uv_where_that_is_installed(log: Path):
    said: list[str] = []
    python = make(say=said.append)
    venv, install = log.read_text().splitlines()
    assert venv.startswith(f"venv --quiet --python {sys.executable} ")
    assert install.startswith(f"pip install --quiet --python {python} -r ")
    folder = Path(python).parents[1]
    assert (folder / "requirements.txt").read_text() == "one>=2\n"
    assert (folder / "constraints.txt").read_text() == "one==2.5\n"
    assert make(say=said.append) == python
    assert len(log.read_text().splitlines()) == 2
    assert len(said) == 1
    assert "side old: making its environment, once" in said[0]
    assert make("def") != python


def test_one_that_can_not_be_made_leaves_nothing_behind_and_says_why(log: Path, tmp_path: Path):
    install_uv(tmp_path, "echo noise; echo 'error: no such package one' >&2; exit 1")
    with pytest.raises(
        OptionError, match="--side old: no environment can be made: no such package one"
    ) as told:
        make()
    assert "\n" not in str(told.value)
    assert not list((tmp_path / "cache/likeforlike/sides/environments/abc").glob("*"))


def test_one_that_was_killed_while_it_was_made_is_made_anew(log: Path):
    python = Path(make())
    (python.parents[1] / ".likeforlike-ready").unlink()
    (python.parents[1] / "half").touch()
    assert make() == str(python)
    assert not (python.parents[1] / "half").exists()


def test_without_uv_by_python_s_own_which_look_past_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A repository's random.py would be taken for the standard library's."""
    asked: list[list[str]] = []

    def run(side, words):
        asked.append(list(words))
        if "venv" in words:
            Path(words[-1]).mkdir(parents=True)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "_run", run)
    monkeypatch.setattr(environments.shutil, "which", lambda name: None)
    python = make()
    venv, install = asked
    assert venv == [sys.executable, "-P", "-m", "venv", str(Path(python).parents[1])]
    assert install[:5] == [python, "-P", "-m", "pip", "install"]


def test_packages_on_top_are_found_before_those_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A real virtual environment, in which a module of its own hides one that is there besides."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    below = tmp_path / "below"
    below.mkdir()
    (below / "only_below.py").write_text("")
    (below / "both.py").write_text("WHERE = 'below'")
    run = environments._run
    monkeypatch.setattr(environments, "_run", lambda asked, words: run(asked, [*words, "--without-pip"]))
    python = environment_with(SIDE, "top", [], [], lambda text: None, on_top=[str(below)])
    (packages,) = (Path(python).parents[1] / "lib").glob("python*/site-packages")
    (packages / "both.py").write_text("WHERE = 'on top'")
    told = "import only_below, both; print(both.WHERE)"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    assert (
        subprocess.run([python, "-c", told], env=clean, capture_output=True, text=True).stdout == "on top\n"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ERROR: one\nERROR: two\nnotice\n", "two"),
        ("  × No solution found:\n  ╰─▶ Because one\n", "Because one"),
        ("just this\n", "just this"),
        ("", "no reason told"),
    ],
)
def test_an_installers_complaint_is_a_line(text: str, told: str):
    assert complaint(text) == told
