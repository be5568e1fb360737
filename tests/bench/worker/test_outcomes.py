from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command import read, run_bench


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("failures")
    done = run_bench(
        folder,
        "--preset=smoke",
        "--workloads=matmul",
        "--plugin=misbehaving",
        "--implementations=numpy,behaves,crashes,crashes-later,hoards,hangs,is-wrong,is-not-finite,raises,raises-at-import",
        "--sizes=64",
        "--cell-timeout=30",  # of one that hangs; ten workers that load at once must be done by then
        "--cell-memory=768MiB",
        "--benchmark-json=r.json",
    )
    return {"exit": done.returncode, "text": done.stdout + done.stderr, **read(folder / "r.json")}


@pytest.mark.parametrize(
    ("implementation", "outcome", "reason"),
    [
        ("crashes", "crashed", "SIGSEGV"),
        ("crashes-later", "crashed", "SIGABRT"),
        ("hoards", "out-of-memory", "the limit (--cell-memory) is 0.75 GiB"),
        ("hangs", "timed-out", "--cell-timeout"),
        ("is-wrong", "wrong-answer", "against the reference, tolerance"),
        ("is-not-finite", "non-finite", "against the reference"),
        ("raises", "failed", "RuntimeError: two lines"),
        ("raises-at-import", "import-error", "RuntimeError: no such luck"),
    ],
)
def test_each_way_to_fail_has_its_outcome_and_reason(
    result: dict[str, Any], implementation: str, outcome: str, reason: str
) -> None:
    (lost,) = [
        cell for cell in result["likeforlike"]["unmeasured"] if cell["implementation"] == implementation
    ]
    assert lost["outcome"] == outcome
    assert reason in lost["reason"]
    assert "\n" not in lost["reason"]
    assert f"{outcome}: " in result["text"]


def test_all_others_are_measured_and_the_exit_status_is_that_of_failures(result: dict[str, Any]) -> None:
    measured = {bench["extra_info"]["implementation"] for bench in result["benchmarks"]}
    assert measured == {"numpy", "behaves", "twin-a", "twin-b", "nothing"}
    assert result["exit"] == 1


def test_the_group_went_on_with_its_pairs(result: dict[str, Any]) -> None:
    rounds = {
        bench["extra_info"]["implementation"]: set(bench["extra_info"]["round_numbers"])
        for bench in result["benchmarks"]
        if bench["extra_info"]["workload"] == "matmul"
    }
    assert len(rounds["numpy"] & rounds["behaves"]) >= 6


def test_a_cell_that_cannot_fit_is_skipped_with_the_figures(tmp_path: Path) -> None:
    done = run_bench(
        tmp_path,
        "--preset=smoke",
        "--workloads=matmul",
        "--implementations=numpy",
        "--sizes=64,20000",
        "--cell-memory=1GiB",
        "--benchmark-json=r.json",
    )
    (lost,) = read(tmp_path / "r.json")["likeforlike"]["unmeasured"]
    assert done.returncode == 0
    assert lost["outcome"] == "skipped"
    assert "GiB, 1.00 GiB may be used" in lost["reason"]
