from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from likeforlike.bench.sides import requirements
from likeforlike.bench.sides.requirements import Requirements, Unreadable, requirements_of, unmet

PROJECT = '[project]\nname = "mine"\nrequires-python = ">=3.9"\ndependencies = ["one>=2", "two", "old; python_version < \'3\'"]\n'


def project(folder: Path, **files: str) -> Requirements:
    for name, text in files.items():
        (folder / name.replace("_DOT_", ".")).write_text(text)
    return requirements_of(folder)


def test_a_project_that_says_nothing_needs_nothing(tmp_path: Path):
    assert requirements_of(tmp_path) == Requirements()
    assert unmet(Requirements(), lambda name: None) == []


def test_what_concerns_another_python_is_left_out(tmp_path: Path):
    needs = project(tmp_path, pyproject_DOT_toml=PROJECT)
    assert needs.lines == ("one>=2", "two")
    assert needs.pinned is None


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ({"one": "2.1", "two": "0.1"}, []),
        ({"one": "1.9", "two": "0.1"}, ["one>=2 (1.9 is installed)"]),
        ({"one": "3.0rc1", "two": "1"}, []),
        ({"two": "1"}, ["one>=2 (not installed)"]),
        ({}, ["one>=2 (not installed)", "two (not installed)"]),
    ],
)
def test_what_is_not_met_is_told(tmp_path: Path, installed: dict[str, str], told: list[str]):
    assert unmet(project(tmp_path, pyproject_DOT_toml=PROJECT), installed.get) == told


def test_a_python_that_is_too_old_is_not_met(tmp_path: Path):
    needs = project(tmp_path, pyproject_DOT_toml='[project]\nname = "mine"\nrequires-python = ">=99"\n')
    assert unmet(needs, lambda name: None) == ["Python >=99"]


UV = '[[package]]\nname = "mine"\nversion = "0"\n[[package]]\nname = "One"\nversion = "2.5"\n'
FORKED = '[[package]]\nname = "two"\nversion = "1"\n[[package]]\nname = "two"\nversion = "2"\n'


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pylock.toml"])
def test_a_lock_pins_each_package_but_the_project_and_what_it_has_twice(tmp_path: Path, lock: str):
    text = (UV + FORKED).replace("[[package]]", "[[packages]]") if lock == "pylock.toml" else UV + FORKED
    (tmp_path / lock).write_text(text)
    needs = project(tmp_path, pyproject_DOT_toml=PROJECT)
    assert needs.pinned == {"one": "2.5"}
    assert needs.constraints == ["one==2.5"]


def test_what_is_installed_must_not_contradict_the_lock(tmp_path: Path):
    needs = project(tmp_path, pyproject_DOT_toml=PROJECT, uv_DOT_lock=UV)
    assert unmet(needs, {"one": "2.5.0", "two": "1"}.get) == []
    assert unmet(needs, {"one": "2.6", "two": "1"}.get) == ["one==2.5 (2.6 is installed)"]


def test_without_a_pyproject_requirements_txt_counts_without_pips_options(tmp_path: Path):
    text = "# all\n-e .\none==2  # why\n--index-url x\ntwo==1 \\\n  --hash=sha256:abc\n"
    assert project(tmp_path, requirements_DOT_txt=text).lines == ("one==2", "two==1")


@pytest.mark.parametrize(
    "files", [{"pyproject_DOT_toml": "[project"}, {"requirements_DOT_txt": "not a requirement at all\n"}]
)
def test_what_can_not_be_read_is_told_in_a_line(tmp_path: Path, files: dict[str, str]):
    with pytest.raises(Unreadable) as told:
        project(tmp_path, **files)
    assert "\n" not in str(told.value)


def test_alike_requirements_share_an_environment_and_others_do_not():
    one = Requirements(("a", "b"), {"a": "1"})
    assert one.digest == Requirements(("b", "a"), {"a": "1"}).digest
    assert len({one.digest, Requirements(("a",)).digest, Requirements(("a", "b")).digest}) == 3


def test_another_build_of_one_version_of_python_has_an_environment_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
):
    """As with and without the lock on the interpreter, which bear one version."""
    here = Requirements(("a",)).digest
    monkeypatch.setattr(requirements, "sys", SimpleNamespace(version="3.14.0 free-threading build"))
    assert Requirements(("a",)).digest != here
