"""A run that asks for a quantile, through the whole product."""

from __future__ import annotations

from pathlib import Path

from command import read, run_bench

from likeforlike.reports.command import main

ASKED = (
    *("--preset=smoke", "--workloads=matmul", "--implementations=numpy", "--sizes=16", "--launches=2"),
    *("--patience=0", "--benchmark-json=r.json", "-k", "matmul or nothing", "--statistic=p95"),
)


def test_a_run_asked_for_a_quantile_keeps_its_calls_and_resumes_for_nothing_else(
    tmp_path: Path,
) -> None:
    done = run_bench(tmp_path, *ASKED)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = {b["extra_info"]["cell"]: b for b in read(tmp_path / "r.json")["benchmarks"]}
    product = next(b["extra_info"] for b in cells.values() if b["extra_info"]["workload"] == "matmul")
    assert product["statistic"] == "p95"
    assert product["timed_calls"] == "proven"
    assert [told["launch"] for told in product["call_times"]] == [0, 1]
    assert all(told["calls"] == len(told["seconds"]) > 0 for told in product["call_times"])
    noise = [b["extra_info"] for b in cells.values() if b["extra_info"]["workload"] == "noise"]
    assert noise
    assert not any("call_times" in info for info in noise)
    assert read(tmp_path / "r.json")["likeforlike"]["options"]["statistic"] == "p95"
    again = run_bench(tmp_path, *ASKED[:-1], "--resume")
    assert again.returncode == 4
    assert "option statistic was 'p95', is None" in again.stdout + again.stderr
    assert main([str(tmp_path / "r.json"), "--output", str(tmp_path / "out")]) == 0
    assert "Tails: quantiles of many calls" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
