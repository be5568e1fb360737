"""The README's example, built as a package, installed, measured, verified and reported."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import REPOSITORY, environment, read, run_bench


def example(name: str) -> str:
    """A block of the README that is marked as a file of the example."""
    found = re.search(
        rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```",
        (REPOSITORY / "README.md").read_text(),
        re.S,
    )
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example package installed into it."""
    pytest.importorskip("setuptools")
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    package = source / "my_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "entries.py").write_text(example("entries.py"))
    project = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
    project += '[project]\nname = "my-package"\nversion = "1.0"\n\n' + example("pyproject.toml")
    (source / "pyproject.toml").write_text(project)
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    subprocess.run([*install, "--target", str(site), str(source)], check=True)
    return site


def test_the_example_is_measured_verified_and_reported(site: Path, tmp_path: Path) -> None:
    options = [
        "--preset=smoke",
        "--implementations=numpy,einsum,gathered-loop",
        "--recipes=matched",
        "--sizes=64",
    ]
    options += ["-k", "matmul or training", "--benchmark-json=r.json"]
    done = run_bench(tmp_path, *options, extra_path=site)
    assert done.returncode == 0, done.stdout
    cells = {
        b["extra_info"]["implementation"]: b["extra_info"] for b in read(tmp_path / "r.json")["benchmarks"]
    }
    for name in ("einsum", "gathered-loop"):
        assert cells[name]["verified"]["error"] <= cells[name]["verified"]["tolerance"]
        assert cells[name]["origin"] == "my-package"
    report = [sys.executable, "-m", "reports", "r.json", "--output", "report"]
    subprocess.run(report, cwd=tmp_path, env=environment(), check=True)
    text = (tmp_path / "report" / "report.md").read_text()
    assert "einsum" in text
    assert "gathered-loop" in text


def test_plug_ins_join_the_grid_unasked(site: Path, tmp_path: Path) -> None:
    done = run_bench(tmp_path, "--preset=smoke", "--collect-only", "-q", extra_path=site)
    assert "matmul-einsum-cpu:0-64-float32" in done.stdout
    assert "training-gathered-loop-cpu:0-matched" in done.stdout
    assert "training-gathered-loop-cpu:0-keras-2020" not in done.stdout


def test_a_plug_in_that_fails_to_import_is_named_and_costs_nothing_else(tmp_path: Path) -> None:
    options = [
        "--preset=smoke",
        "--plugin=raises_at_import",
        "--workloads=eigen",
        "--implementations=numpy-eigh",
    ]
    done = run_bench(tmp_path, *options, "--benchmark-json=r.json", "-k", "eigen")
    assert done.returncode == 0
    assert "raises_at_import" in done.stdout
    assert "no such luck" in done.stdout
    (fault,) = read(tmp_path / "r.json")["likeforlike"]["plugin_faults"]
    assert "no such luck" in fault["error"]
