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
        "--implementations=numpy,behaves,crashes,crashes-later,hoards,is-wrong,is-not-finite,raises,raises-at-import",
        "--sizes=64,20000",
        "--cell-memory=768MiB",
        "--benchmark-json=r.json",
    )
    return {"exit": done.returncode, "text": done.stdout + done.stderr, **read(folder / "r.json")}


def test_one_that_hangs_is_ended_after_its_time(tmp_path: Path) -> None:
    """In a run of its own: the others' workers all load at once, which takes longer than this one may wait."""
    options = ["--preset=smoke", "--workloads=matmul", "--plugin=misbehaving", "--sizes=64", "-k", "matmul"]
    options += ["--implementations=numpy,hangs", "--cell-timeout=12", "--benchmark-json=r.json"]
    done = run_bench(tmp_path, *options)
    assert done.returncode == 1
    result = read(tmp_path / "r.json")
    (lost,) = result["likeforlike"]["unmeasured"]
    assert (lost["implementation"], lost["outcome"]) == ("hangs", "timed-out")
    assert "--cell-timeout" in lost["reason"]
    assert "\n" not in lost["reason"]
    assert "timed-out: " in done.stdout
    assert [bench["extra_info"]["implementation"] for bench in result["benchmarks"]] == ["numpy"]


@pytest.mark.parametrize(
    ("implementation", "outcome", "reason"),
    [
        ("crashes", "crashed", "SIGSEGV"),
        ("crashes-later", "crashed", "SIGABRT"),
        ("hoards", "out-of-memory", "the limit (--cell-memory) is 0.75 GiB"),
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
        cell
        for cell in result["likeforlike"]["unmeasured"]
        if cell["implementation"] == implementation and cell["axes"]["size"] == 64
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


def test_a_cell_that_cannot_fit_is_skipped_with_the_figures(result: dict[str, Any]) -> None:
    large = [cell for cell in result["likeforlike"]["unmeasured"] if cell["axes"].get("size") == 20000]
    assert {cell["implementation"] for cell in large} >= {"numpy", "behaves"}
    for cell in large:
        assert cell["outcome"] == "skipped"
        assert "GiB, 0.75 GiB may be used" in cell["reason"]
