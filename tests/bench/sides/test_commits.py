from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import asked_side
from likeforlike.bench.sides.commits import files_of, source_of_commit, source_of_tree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    done = subprocess.run(("git", *identity, *words), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, the first of them tagged."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = (tmp_path / "repo").resolve()
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number in (1, 2):
        (folder / "mine.py").write_text(f"NUMBER = {number}\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"commit {number}")
    git(folder, "tag", "first", "HEAD~1")
    return folder


def commit(repository: Path, revision: str):
    return source_of_commit(asked_side("a", f"git:{revision}"), repository)


def test_a_commits_source_is_its_own_whatever_the_working_tree_holds(repository: Path):
    (repository / "mine.py").write_text("NUMBER = 3\n")
    first, second = commit(repository, "first"), commit(repository, "main")
    assert [(s.folder / "mine.py").read_text() for s in (first, second)] == ["NUMBER = 1\n", "NUMBER = 2\n"]
    assert [source.revision for source in (first, second)] == [
        git(repository, "rev-parse", name) for name in ("first", "main")
    ]
    assert [source.about for source in (first, second)] == ["commit 1", "commit 2"]


def test_in_a_hook_of_git_s_each_folder_is_asked_of_its_own_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
):
    """Hooks find GIT_DIR set, by which git would tell of the newest commit wherever it is asked."""
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    made = commit(repository, "first")
    assert (made.about, (made.folder / "mine.py").read_text()) == ("commit 1", "NUMBER = 1\n")
    (made.folder / "left-behind.pyc").write_text("")
    assert commit(repository, "first") == made
    assert (made.folder / "left-behind.pyc").exists(), "it was made anew"
    assert source_of_tree(asked_side("a", "tree:."), repository).about == "working tree"


def test_it_is_made_once_and_found_by_every_name_of_the_commit(repository: Path):
    folder = commit(repository, "first").folder
    (folder / "left-behind.pyc").write_text("")
    assert commit(repository, "HEAD~1").folder == folder
    assert (folder / "left-behind.pyc").exists()


def test_one_that_was_killed_while_it_was_made_is_made_anew(repository: Path):
    folder = commit(repository, "first").folder
    folder.with_name(f"{folder.name}.ready").unlink()
    (folder / "mine.py").unlink()
    assert (commit(repository, "first").folder / "mine.py").read_text() == "NUMBER = 1\n"


def test_one_that_is_gone_is_made_anew(repository: Path):
    shutil.rmtree(commit(repository, "first").folder)
    assert (commit(repository, "first").folder / "mine.py").exists()


def test_one_that_was_changed_is_refused(repository: Path):
    folder = commit(repository, "first").folder
    (folder / "mine.py").write_text("NUMBER = 9\n")
    with pytest.raises(OptionError, match=r"--side a: its worktree .* was changed; remove that folder"):
        commit(repository, "first")


@pytest.mark.parametrize("revision", ["nope", "--all", "main:mine.py"])
def test_what_is_no_commit_is_refused_in_a_line(repository: Path, revision: str):
    with pytest.raises(OptionError, match=f"--side a: git:{revision} names no commit of repo") as told:
        commit(repository, revision)
    assert "\n" not in str(told.value)


def test_outside_of_a_repository_there_is_no_commit(tmp_path: Path):
    with pytest.raises(OptionError, match="--side a: git:main: there is no git repository around"):
        commit(tmp_path, "main")


def test_a_folder_stands_as_it_is_and_says_whether_it_was_changed(repository: Path):
    def tree():
        return source_of_tree(asked_side("a", "tree:."), repository)

    assert (tree().folder, tree().about) == (repository, "working tree")
    (repository / "new.py").write_text("")
    assert tree().about == "working tree, changed since"
    assert set(files_of(repository)) == {"mine.py", "new.py"}


def test_a_folder_needs_no_version_control(tmp_path: Path):
    (tmp_path / "mine.py").write_text("")
    source = source_of_tree(asked_side("a", f"tree:{tmp_path}"), Path("/"))
    assert (source.folder, source.revision) == (tmp_path.resolve(), "")
    assert set(files_of(tmp_path)) == {"mine.py"}
    with pytest.raises(OptionError, match="'nope' is no folder"):
        source_of_tree(asked_side("a", "tree:nope"), tmp_path)
