"""The wheel: one top-level name, and everything works from it in a repository that has our folders' names."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import read

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("bench", "devices", "likeforlike", "models", "reports")
SETUPTOOLS = 77
"""The first that takes the project's licence as it is written."""

PLUGIN = """
import likeforlike
from likeforlike.models.contract import Implementation, Kernel, Problem

assert likeforlike.__file__.startswith({site!r}), likeforlike.__file__


def product(problem: Problem) -> Kernel:
    left, right = problem.operands
    return Kernel(call=lambda: left.dot(right))


IMPLEMENTATIONS = [
    Implementation(
        "ours", "matmul", "numpy", "ndarray.dot", f"{{__name__}}:product", device_kinds=("cpu",), dtypes=("float32",)
    )
]
"""


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def own_setuptools() -> bool:
    try:
        return int(importlib.metadata.version("setuptools").partition(".")[0]) >= SETUPTOOLS
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed into it, built from a copy: nothing that an older build left gets in."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name in PACKAGES:
        shutil.copytree(
            REPOSITORY / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    pip(
        "wheel",
        "--wheel-dir",
        str(source / "dist"),
        *(["--no-build-isolation"] if own_setuptools() else []),
        str(source),
    )
    (wheel,) = (source / "dist").glob("*.whl")
    pip("install", "--no-index", "--target", str(site), str(wheel))
    return site


@pytest.fixture(scope="module")
def repository(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's repository: our folders' names, the standard library's, a test configuration, experiments."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("bench", "devices", "reports", "models"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
    for name in ("bench/conftest", "devices/limits", "reports/command", "random", "statistics", "conftest"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('their {name} was imported')")
    (folder / "models" / "own.py").write_text(PLUGIN.format(site=str(site)))
    (folder / "torch").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    return folder


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``likeforlike``'s script, beside this environment's packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    variables = {
        **kept,
        "PYTHONPATH": str(site),
        "PYTEST_ADDOPTS": "--no-such-option",
        "PYTEST_PLUGINS": "no_such_plugin",
    }
    command = [sys.executable, str(site / "bin" / "likeforlike"), *words]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_it_has_one_top_level_name_and_all_its_data(site: Path) -> None:
    names = {path.name for path in site.iterdir()} - {"bin"}
    assert {name for name in names if not name.endswith(".dist-info")} == {"likeforlike"}
    package = site / "likeforlike"
    wanted = {
        *(REPOSITORY / "reports").rglob("*.json"),
        *(REPOSITORY / "reports" / "write" / "templates").iterdir(),
    }
    wanted |= {REPOSITORY / "bench" / "run" / "pytest.ini"}
    assert len(wanted) >= 5
    assert [path for path in wanted if not (package / path.relative_to(REPOSITORY)).is_file()] == []
    assert not any(path.is_symlink() for path in package.iterdir())
    modules = {
        path.relative_to(REPOSITORY) for name in PACKAGES for path in (REPOSITORY / name).glob("**/*.py")
    }
    assert {
        module for module in modules if not (package / module).is_file() and module.parts[0] != "likeforlike"
    } == set()


def test_its_metadata_name_the_command_and_the_pythons(site: Path) -> None:
    (found,) = importlib.metadata.distributions(path=[str(site)])
    scripts = {point.name: point.value for point in found.entry_points if point.group == "console_scripts"}
    assert scripts == {"likeforlike": "likeforlike.command:main"}
    base = [line for line in found.requires or () if "extra ==" not in line]
    assert not any(line.startswith(("tensor", "keras", "torch", "jax", "pandas")) for line in base)
    extras = {"tensorflow", "torch", "jax", "gpu", "fleet", "pandas", "history", "all"}
    assert set(found.metadata.get_all("Provides-Extra")) == extras
    pythons = {
        line.rpartition(" ")[2] for line in found.metadata.get_all("Classifier") if "Python :: 3." in line
    }
    assert pythons == {"3.11", "3.12", "3.13"}


def test_report_models_and_devices_work_in_that_repository(site: Path, repository: Path) -> None:
    run(site, repository, "report", "notebook-2020", "--output", "r")
    assert "28.6" in (repository / "r" / "report.md").read_text()
    listing = json.loads(run(site, repository, "models", "--json", "--plugin", "models.own").stdout)
    assert [e["name"] for e in listing["implementations"] if e["origin"] == "models.own"] == ["ours"]
    assert "Fingerprint" in run(site, repository, "devices").stdout


def test_bench_measures_a_plug_in_of_that_repository(site: Path, repository: Path) -> None:
    options = ["--preset", "smoke", "--workloads", "matmul,jacobian", "--plugin", "models.own"]
    options += ["--implementations", "numpy,ours,finite-differences", "--benchmark-json=f.json"]
    run(site, repository, "bench", *options)
    told = {bench["extra_info"]["implementation"] for bench in read(repository / "f.json")["benchmarks"]}
    assert told == {"numpy", "ours", "finite-differences", "twin-a", "twin-b", "nothing"}
    run(site, repository, "report", "f.json", "--output", "own")
    assert "ours" in (repository / "own" / "report.md").read_text()
