"""Sides through the whole product: two commits, another interpreter and a variable, measured once for all tests."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import environment, read, run_bench

from likeforlike.bench.keep.journal import journal_path
from likeforlike.bench.studies.killed_runs import kill_and_resume

PLUGIN = """
import os
from likeforlike.models.contract import Implementation
from likeforlike.models.frameworks.on_numpy import kernel

def product(problem):
    assert os.environ.get("REFUSED") is None, "refused here"
    return kernel(problem, lambda left, right: {product})

def entry(name):
    return Implementation(name, "matmul", "numpy", "a product", f"{{__name__}}:product")

IMPLEMENTATIONS = [entry(name) for name in {names}]
"""
SIDES = {"base": "git:HEAD~1", "new": "git:HEAD", "py": "{python}", "set": "env:REFUSED=1"}
OPTIONS = (
    "--preset=smoke",
    "--workloads=matmul",
    "--sizes=40",
    "--plugin=mine",
    "--implementations=mine,another",
    "--launches=1",
    "--patience=0",
    "-k",
    "matmul",
    "--benchmark-json=r.json",
)


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    done = subprocess.run(("git", *identity, *words), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def sides_of(folder: Path) -> list[str]:
    python = folder.parent / "python"
    return [f"--side={name}={what.format(python=python)}" for name, what in SIDES.items()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two commits, of which the second changes an answer and adds an implementation."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("sides") / "repo"
    folder.mkdir()
    python = folder.parent / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    git(folder, "init", "-q")
    for product, names in (("left @ right", ["mine"]), ("left[:, ::-1] @ right[::-1]", ["mine", "another"])):
        (folder / "mine.py").write_text(PLUGIN.format(product=product, names=names))
        git(folder, "add", "mine.py")
        git(folder, "commit", "-qm", product)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
        done = run_bench(folder, *OPTIONS, *sides_of(folder), extra_path=folder)
    assert done.returncode == 1, done.stdout + done.stderr  # what the variable refuses has failed
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    return read(folder / "r.json")


def cells(result: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found = [benchmark["extra_info"] for benchmark in result["benchmarks"]]
    return {(e["implementation"], e["axes"]["side"]): e for e in found if "side" in e["axes"]}


def test_each_cell_is_measured_once_for_each_side_that_has_it(result: dict[str, Any]) -> None:
    assert set(cells(result)) == {("mine", "base"), ("mine", "new"), ("mine", "py"), ("another", "new"), ("another", "py")}  # fmt: skip
    lost = {c["cell"]: (c["outcome"], c["reason"]) for c in result["likeforlike"]["unmeasured"]}
    told = "side base has no implementation another of matmul"
    assert lost["matmul-another-cpu:0-40-float32-base"] == ("skipped", told)
    for name in ("mine", "another"):
        assert lost[f"matmul-{name}-cpu:0-40-float32-set"] == ("failed", "AssertionError: refused here")


def test_the_sides_take_turns_in_the_same_rounds_of_one_group(result: dict[str, Any]) -> None:
    found = cells(result).values()
    assert {extra["group"] for extra in found} == {"matmul cpu:0 40 float32"}
    shared = set.intersection(*(set(extra["round_numbers"]) for extra in found))
    assert len(shared) >= 5
    assert all(extra["timed_calls"] == "proven" for extra in found)


def test_their_answers_are_held_against_each_other(result: dict[str, Any]) -> None:
    """The second commit adds in another order, which moves the last digits of float32."""
    found = cells(result)
    assert "side_answers" not in found["mine", "base"]
    assert 1e-8 < found["mine", "new"]["side_answers"]["largest"] < 1e-6
    assert found["mine", "new"]["side_answers"]["side"] == "base"
    assert "kept no answer" in found["another", "new"]["side_answers"]["not_compared"]


def test_what_each_side_was_stands_in_the_file(folder: Path, result: dict[str, Any]) -> None:
    told = {side["name"]: side for side in result["likeforlike"]["sides"]}
    assert list(told) == list(SIDES)
    assert told["base"]["revision"] == git(folder, "rev-parse", "HEAD~1")
    assert told["base"]["code"]["mine"] != told["new"]["code"]["mine"] == told["py"]["code"]["mine"]
    assert told["set"]["variables"] == {"REFUSED": "1"}
    assert told["py"]["packages"] == told["base"]["packages"]


def test_no_folder_of_this_machine_is_told_but_what_was_typed(folder: Path, result: dict[str, Any]) -> None:
    assert str(folder.parent / "cache") not in str(result)
    assert "likeforlike-sides" not in str(result)


def again(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
        return run_bench(folder, *OPTIONS, *options, "--resume", extra_path=folder)


def test_resumed_it_measures_nothing_again(folder: Path, result: dict[str, Any]) -> None:
    before = journal_path(folder / "r.json").read_bytes()
    done = again(folder, *sides_of(folder))
    assert done.returncode == 1, done.stdout + done.stderr
    assert read(folder / "r.json")["benchmarks"] == result["benchmarks"]
    after = journal_path(folder / "r.json").read_bytes()
    assert after.startswith(before)
    assert b'"cell"' not in after[len(before) :]


def test_a_branch_that_moved_is_another_side(folder: Path, result: dict[str, Any]) -> None:
    git(folder, "commit", "-q", "--allow-empty", "-m", "further")
    done = again(folder, *sides_of(folder))
    git(folder, "reset", "-q", "--hard", "HEAD~1")
    assert done.returncode == 4
    assert "side new revision was" in done.stdout + done.stderr


def test_the_report_tells_both(folder: Path, result: dict[str, Any]) -> None:
    words = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(words, cwd=folder, env=environment(), check=True, capture_output=True)
    text = (folder / "report" / "report.md").read_text()
    assert "## Sides: base, new, py and set" in text
    assert "differ by " in text
    assert (folder / "report" / "plots" / "sides.png").exists()


def test_killed_and_resumed_no_side_is_measured_twice(tmp_path: Path) -> None:
    sides = ("--side=a=env:", "--side=b=env:SOMETHING=1")
    options = ("--preset=smoke", "--workloads=matmul", "--implementations=numpy", "--no-measured-ceiling")
    options = (*options, "--patience=0", "-k", "matmul")
    kills = kill_and_resume((*options, *sides), 2, 4.0, random.Random(5), tmp_path)
    assert len(kills) == 2
