"""Small files that came out wrong once, each with the value that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeforlike.reports.command import main
from likeforlike.reports.read.files import read_results

CASES = Path(__file__).parents[1] / "data" / "cases"


@pytest.mark.parametrize(
    ("name", "tool", "cell", "rounds", "median"),
    [
        ("version-3", "pytest-benchmark 3.4.1", "test_b.py::test_step", 20, 0.009977698877021667),
        ("utf8-bom", "pytest-benchmark 5.1.0", "test_b.py::test_step", 20, 0.009993493601370841),
        ("nan-extra", "pytest-benchmark 5.1.0", "test_b.py::test_step", 20, 0.009939039373436057),
        ("gbench", "google/benchmark", "BM_x/8", 1, 12.5e-9),
        ("hyperfine", "hyperfine", "sleep 0.1", 3, 0.1),
    ],
)
def test_reads(name, tool, cell, rounds, median, tmp_path, capsys):
    path = CASES / f"{name}.json"
    file = read_results(path)
    (found,) = file.cells
    assert (str(file.tool), found.id, found.summary.rounds) == (tool, cell, rounds)
    assert found.median_seconds == pytest.approx(median, rel=1e-15)
    assert main([str(path), "--output", str(tmp_path / "out")]) == 0
    assert tool in (tmp_path / "out/report.md").read_text()
    assert capsys.readouterr().err == ""


def test_what_google_benchmark_measured():
    (cell,) = read_results(CASES / "gbench.json").cells
    assert (cell.samples, cell.iterations) == ((12.5e-9,), 1000)
    assert cell.extra_info["cpu_seconds"] == pytest.approx(12.4e-9)


def test_a_number_that_is_none_is_null():
    (cell,) = read_results(CASES / "nan-extra.json").cells
    assert cell.extra_info == {"loss": None}
