"""Which commits are meant, asked of a repository made here."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeforlike.commits import measuring, revisions
from likeforlike.commits.ab import main as ab
from likeforlike.commits.measuring import check_options

spec = importlib.util.spec_from_file_location("commits_repository", Path(__file__).with_name("repository.py"))
assert spec is not None
assert spec.loader is not None
repository = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = repository
spec.loader.exec_module(repository)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    return folder, repository.commits(folder, 4)


def test_commits_between_are_the_oldest_first_without_the_good_one(history):
    folder, names = history
    assert revisions.between(folder, names[0], names[3]) == names[1:]
    with pytest.raises(ValueError, match="is no ancestor"):
        revisions.between(folder, names[3], names[0])
    with pytest.raises(ValueError, match="nothing between"):
        revisions.between(folder, names[1], names[1])


def test_a_branch_is_measured_against_where_it_left_main(history, tmp_path):
    folder, names = history
    clone = tmp_path / "clone"
    repository.git(tmp_path, "clone", "-q", str(folder), str(clone))
    repository.git(clone, "checkout", "-q", "-b", "topic", names[1])
    (clone / "code.py").write_text("NUMBER = 9\n")
    assert revisions.is_changed(clone)
    assert revisions.merge_base(clone) == names[1]
    assert revisions.subject_of(clone, names[1]) == "commit 2"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--base", "nowhere"], "--base: 'nowhere' names no commit of"),
        (["--base", "HEAD", "--new", "main"], "--base and --new are both"),
        ([], "the working tree is the base itself"),
        (
            ["--markdown", "nowhere/c.md"],
            "--markdown nowhere/c.md: expected a file in a folder that is there",
        ),
        (["--fail-if-slower", "x"], "--fail-if-slower 'x': expected a share"),
        (["--", "--side", "a=env:"], "--side: is not for the options behind --"),
    ],
)
def test_what_can_not_run_is_one_line_before_anything_is_measured(
    arguments, told, history, monkeypatch, capsys
):
    monkeypatch.chdir(history[0])

    def never(*_):
        raise AssertionError("measured")

    assert ab(arguments, measure=never) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert told in error


def test_outside_a_repository_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert ab([]) == 2
    assert "is in no git repository" in capsys.readouterr().err


def test_the_result_file_may_be_named_among_the_options_of_bench(tmp_path):
    kept, named = check_options(["--preset", "smoke", f"--benchmark-json={tmp_path}/r.json"])
    assert (kept, named) == (("--preset", "smoke"), tmp_path / "r.json")
    assert check_options(["--benchmark-json", f"{tmp_path}/r.json"])[1] == tmp_path / "r.json"
    with pytest.raises(ValueError, match="--benchmark-json"):
        check_options(["--benchmark-json=/nowhere/r.json"])


def test_what_an_earlier_run_left_is_no_result_of_one_that_wrote_nothing(tmp_path, monkeypatch):
    (tmp_path / "r.json").write_text("{}")
    failed = subprocess.CompletedProcess((), 1)
    monkeypatch.setattr(measuring.subprocess, "run", lambda *_, **__: failed)
    sides = measuring.TwoSides("git:a", "tree:b", ())
    with pytest.raises(ValueError, match="ended with status 1"):
        measuring.measure(sides, tmp_path / "r.json", tmp_path)


def test_a_repository_s_own_random_py_is_not_the_standard_library_s(tmp_path, monkeypatch):
    """Python would look into the working directory first; bench itself looks there last."""
    asked = []

    def run(command, **how):
        asked.append((command, how))
        return subprocess.CompletedProcess(command, 4)

    monkeypatch.setattr(measuring.subprocess, "run", run)
    sides = measuring.TwoSides("git:a", "tree:b", ("--preset=smoke",))
    with pytest.raises(ValueError, match="ended with status 4"):
        measuring.measure(sides, tmp_path / "r.json", tmp_path)
    ((command, how),) = asked
    assert command == [
        *(sys.executable, "-P", "-m", "likeforlike", "bench"),
        *("--side=base=git:a", "--side=new=tree:b", "--preset=smoke"),
        *(f"--benchmark-json={tmp_path}/r.json", "-q"),
    ]
    assert how["cwd"] == tmp_path
    assert how["env"]["PYTHONPATH"] == os.pathsep.join(filter(None, sys.path))
