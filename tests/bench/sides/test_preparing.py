"""Sides made ready by real interpreters: virtual environments of the test's own, and programs that are none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import psutil
import pytest

from likeforlike.bench.plan.asked.options import OptionError
from likeforlike.bench.plan.sides import asked_side
from likeforlike.bench.sides.commits import Source
from likeforlike.bench.sides.preparing import FURTHER, prepare_sides
from likeforlike.bench.sides.sources import import_folders, interpreter_of, moved
from likeforlike.devices.process.interpreter import Interpreter
from likeforlike.models.contract.axis import readable
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.registry import built_in_workloads

PLUGIN = """
from likeforlike.models.contract import Implementation
import helper
IMPLEMENTATIONS = [Implementation("mine", "matmul", "numpy", helper.SUMMARY, f"{__name__}:product")]
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_what_all_sides_read_bears_the_name_of_none() -> None:
    """One called ``further`` wrote what it is over what the others had yet to read."""
    assert not readable(FURTHER.removesuffix(".json"))


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def prepare(*plugins: str, **sides: str):
    prepared = prepare_sides(sides, plugins, lambda text: None)
    prepared.close()
    return prepared.sides


class TestInterpreters:
    def test_one_of_another_environment_gets_what_the_harness_alone_needs(self, tmp_path: Path):
        """A virtual environment with NumPy and nothing else; msgspec and the like are lent to it."""
        venv.create(tmp_path / "v", symlinks=True)
        (packages,) = (tmp_path / "v/lib").glob("python*/site-packages")
        numpy = Path(np.__file__).parent
        for part in (numpy, *numpy.parent.glob("numpy*")):
            if not (packages / part.name).exists():
                (packages / part.name).symlink_to(part)
        (side, _) = prepare(a=str(tmp_path / "v/bin/python"), b="env:")
        assert set(side.facts["packages"]) == {"numpy"}
        assert side.facts["packages"]["numpy"] == np.__version__
        assert side.why_missing(next(e for e in side.entries if e.name == "tf-xla"))
        assert side.why_missing(next(e for e in side.entries if e.name == "numpy")) is None

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('echo \'[[3, 8], "cpython", "x", []]\'', "is Python 3.8; the harness needs 3.11 or newer"),
            ('echo \'[[3, 99], "cpython", "x", ["msgspec"]]\'', "has no msgspec: .* -m pip install msgspec"),
            ('echo \'[[3, 11], "cpython", "x", ["numpy"]]\'', "has no numpy: .* -m pip install numpy"),
            ("echo hello", "does not work as a Python"),
            ("exit 3", "does not work as a Python"),
        ],
    )
    def test_one_that_can_not_run_the_harness_is_refused_in_a_line(
        self, tmp_path: Path, text: str, told: str
    ):
        with pytest.raises(OptionError, match=f"--side a: .*{told}") as refused:
            prepare(a=str(program(tmp_path / "python", text)), b="env:")
        assert "\n" not in str(refused.value)

    def test_what_is_no_program_is_refused(self):
        with pytest.raises(OptionError, match="--side a: '/nope/python' is no program that can be run"):
            prepare(a="/nope/python", b="env:")

    def test_one_that_fails_as_soon_as_it_runs_ours_says_its_last_words(self, tmp_path: Path):
        text = (
            f'case "$*" in *bench.sides.there*) echo "on fire" >&2; exit 1;; esac; exec {sys.executable} "$@"'
        )
        with pytest.raises(OptionError, match="--side a: its interpreter does not run our harness: on fire"):
            prepare(a=str(program(tmp_path / "python", text)), b="env:")

    def test_a_sides_variables_reach_its_own_registry_and_facts(self, tmp_path: Path):
        old, new = prepare(old="env:", new="env:SOME_FLAG=1")
        assert (old.variables, new.variables) == ({}, {"SOME_FLAG": "1"})
        assert new.facts["variables"] == {"SOME_FLAG": "1"}
        assert old.facts["packages"] == new.facts["packages"] != {}
        assert new.summary.endswith("SOME_FLAG=1")

    def test_a_model_of_the_users_own_is_on_every_side(self):
        """Its loops are of no registry; what they need is asked for there."""
        loops = [
            Implementation(
                "fit", "mine", "numpy", "", "a:b", modules=("my_models",), environment=(("A", "1"),)
            ),
            Implementation("other", "mine", "numpy", "", "a:b", needs=("no_such_package_of_ours",)),
        ]
        prepared = prepare_sides({"a": "env:", "b": "env:X=1"}, (), lambda text: None, loops)
        prepared.close()
        for side in prepared.sides:
            assert [entry for entry in side.entries if entry.workload == "mine"] == loops
            assert side.why_missing(loops[0]) is None
            assert "no_such_package_of_ours not installed" in str(side.why_missing(loops[1]))
        assert prepared.left_out(("mine",))[0].startswith("side a: left out")
        assert not prepared.left_out({"mine", *built_in_workloads()})

    def test_nothing_is_left_behind(self):
        gone = str(next(pid for pid in range(2**22 - 1, 0, -1) if not psutil.pid_exists(pid)))
        made = prepare_sides({"a": "env:", "b": "env:X=1"}, (), lambda text: None)
        folders = [Path(folder.name) for folder in (made.folder, made.answers) if folder is not None]
        orphans = [folder.with_name(folder.name.replace(str(os.getpid()), gone)) for folder in folders]
        assert len(folders) == 2
        assert all(folder.is_dir() for folder in folders)
        made.close()
        assert not any(folder.exists() for folder in folders)
        for orphan in orphans:  # as a run that was killed leaves them
            orphan.mkdir()
        prepare(a="env:", b="env:X=1")
        assert not any(folder.exists() for folder in orphans)


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *identity, *words), cwd=folder, capture_output=True, check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plug-in whose second commit says something else; and which the first does not have."""
    folder = (tmp_path / "repo").resolve()
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "random.py").write_text("raise ImportError('the repository hides the standard library')\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "before")
    for number in (1, 2):
        (folder / "mine.py").write_text(PLUGIN)
        (folder / "helper.py").write_text(f"SUMMARY = 'commit {number}'\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"commit {number}")
    (folder / "helper.py").write_text("SUMMARY = 'working tree'\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
class TestCommits:
    def summaries(self, sides) -> list[str]:
        return [entry.summary for side in sides for entry in side.entries if entry.name == "mine"]

    def test_each_side_has_the_source_of_its_own_commit(self, repository: Path):
        sides = prepare("mine", one="git:main~1", two="git:main", now="tree:.", plain="env:")
        assert self.summaries(sides) == ["commit 1", "commit 2", "working tree", "working tree"]
        assert [side.facts.get("source") for side in sides] == [
            "commit 1",
            "commit 2",
            "working tree, changed since",
            None,
        ]

    def test_what_a_commit_lacks_is_not_taken_from_the_working_tree(self, repository: Path):
        before, _ = prepare("mine", before="git:main~2", now="git:main")
        assert not [entry for entry in before.entries if entry.name == "mine"]
        assert [fault for fault in before.faults if "No module named 'mine'" in fault]

    def test_its_own_requirements_decide_whether_the_present_environment_serves(
        self, repository: Path, monkeypatch
    ):
        (repository / "requirements.txt").write_text("no-such-package-of-ours==7\n")
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "needs more")
        program(repository.parent / "uv", "echo 'error: nothing is fetched here' >&2; exit 1")
        paths = f"{repository.parent}{os.pathsep}{os.environ['PATH']}"
        monkeypatch.setenv("PATH", paths)
        with pytest.raises(OptionError, match="--side old: .*nothing is fetched"):
            prepare(old="git:main~1", new="git:main")


class TestSources:
    def source(self, repository: Path, folder: Path) -> Source:
        return Source(repository, folder, "", "")

    def test_folders_of_the_repository_are_those_of_the_source_or_none(self, tmp_path: Path):
        repository, folder = tmp_path / "repo", tmp_path / "tree"
        for path in ("repo/src", "repo/gone", "tree/src", "elsewhere"):
            (tmp_path / path).mkdir(parents=True)
        paths = [
            str(repository),
            str(repository / "src"),
            str(repository / "gone"),
            str(tmp_path / "elsewhere"),
        ]
        expected = [str(folder), str(folder / "src"), str(tmp_path / "elsewhere")]
        assert moved(paths, self.source(repository, folder)) == expected

    def test_an_environment_inside_of_the_repository_stays(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "repo/.venv"))
        (tmp_path / "repo/.venv/lib").mkdir(parents=True)
        inside = str(tmp_path / "repo/.venv/lib")
        assert moved([inside], self.source(tmp_path / "repo", tmp_path / "tree")) == [inside]

    def test_modules_lie_in_src_or_where_the_project_says(self, tmp_path: Path):
        for name in ("src", "python"):
            (tmp_path / name).mkdir()
        assert import_folders(tmp_path) == [str(tmp_path / "src"), str(tmp_path)]
        find = '[tool.setuptools.packages.find]\nwhere = ["python", "gone"]\n'
        (tmp_path / "pyproject.toml").write_text(find)
        assert import_folders(tmp_path) == [str(tmp_path / n) for n in ("python", "src")] + [str(tmp_path)]

    def test_our_own_commits_bring_their_implementations_and_not_their_harness(self, tmp_path: Path):
        tree = tmp_path / "tree/likeforlike"
        for name in ("models/registry.py", "models/__init__.py", "bench/worker/__main__.py", "__init__.py"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(f"WHERE = {name!r}\n")
        source = self.source(tmp_path / "repo", tmp_path / "tree")
        made = interpreter_of(asked_side("a", "git:x"), source, None, tmp_path / "own")
        told = "import likeforlike.bench.worker as w, likeforlike.models.registry as r; print(w.__file__, r.WHERE)"
        words = [made.executable, "-P", "-c", told]
        done = subprocess.run(words, env=made.environment(), capture_output=True, text=True, check=True)
        worker, where = done.stdout.split()
        assert where == "models/registry.py"
        assert not Path(worker).resolve().is_relative_to(tmp_path)


class TestInterpreter:
    def run(self, folder: Path, made: Interpreter, module: str) -> str:
        done = subprocess.run(
            made.command(module, "an argument"),
            env=made.environment(),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def test_folders_stand_where_they_are_to(self, tmp_path: Path):
        for folder in ("before", "amid", "behind", "gone"):
            (tmp_path / folder).mkdir()
        telling = "import sys; print([p.split('/')[-1] for p in sys.path if 'pytest' in p], sys.argv[1:])"
        (tmp_path / "behind/telling.py").write_text(telling)
        (tmp_path / "amid/random.py").write_text("raise ImportError")
        (tmp_path / "amid/telling_random.py").write_text("import random; print(random.__name__)")
        paths = {name: (str(tmp_path / name),) for name in ("amid", "behind")}
        before = tuple(str(tmp_path / name) for name in ("before", "gone"))
        made = Interpreter(sys.executable, before, **paths, without=(str(tmp_path / "gone"),))
        assert self.run(tmp_path, made, "telling") == "['before', 'amid', 'behind'] ['an argument']"
        assert self.run(tmp_path, made, "telling_random") == "random"
