"""A variable that changes speed, set on purpose: told before the run, recorded, kept away when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import QUICK, read, run_bench

MATMUL = (*QUICK, "--workloads=matmul", "--sizes=32", "--benchmark-json=r.json")
WARNING = "WARNING: OPENBLAS_CORETYPE=Nehalem makes OpenBLAS use the kernels of another processor"


@pytest.fixture(autouse=True, scope="module")
def _variable() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_CORETYPE", "Nehalem")
        patch.setenv("JAX_DISABLE_JIT", "1")  # touches none of these cells
        yield


@pytest.fixture(scope="module")
def told(_variable: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run under these variables, and what it said."""
    folder = tmp_path_factory.mktemp("told")
    done = run_bench(folder, *MATMUL)
    assert done.returncode == 0, done.stdout
    return folder, done.stdout


def cells(result: dict[str, Any]) -> dict[str, Any]:
    return {b["extra_info"]["cell"]: b["extra_info"] for b in result["benchmarks"]}


def test_it_is_warned_of_recorded_and_a_condition_of_resuming(
    told: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = told
    assert WARNING in said
    assert "to measure without: --clean-environment" in said
    assert "JAX_DISABLE_JIT" not in said
    result = read(folder / "r.json")
    ours = result["likeforlike"]
    assert ours["environment"] == {"JAX_DISABLE_JIT": "1", "OPENBLAS_CORETYPE": "Nehalem"}
    assert ours["environment_effects"].keys() == ours["environment"].keys()
    assert ours["clean_environment"] is False
    assert "transparent_huge_pages" in ours["setup"]
    for info in cells(result).values():
        assert info["environment"] == {"OPENBLAS_CORETYPE": "Nehalem"}
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    resumed = run_bench(folder, *MATMUL, "--resume")
    assert resumed.returncode == 4
    assert "environment OPENBLAS_CORETYPE was 'Nehalem', is None" in resumed.stdout + resumed.stderr


def test_a_clean_environment_keeps_it_from_the_workers_and_the_machine_stays_the_same(
    told: tuple[Path, str], tmp_path: Path
) -> None:
    done = run_bench(tmp_path, *MATMUL, "--clean-environment", "-q")
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout
    assert "workers start without JAX_DISABLE_JIT, OPENBLAS_CORETYPE" in done.stdout
    clean = read(tmp_path / "r.json")
    ours = clean["likeforlike"]
    assert (ours["environment"], ours["clean_environment"]) == ({}, True)
    assert all(info["environment"] == {} for info in cells(clean).values())
    machines = [result["machine_info"]["likeforlike"] for result in (clean, read(told[0] / "r.json"))]
    assert machines[0] == machines[1]
