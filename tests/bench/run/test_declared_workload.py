"""A workload of a plug-in's own, the README's page, through the whole product without a line of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import REPOSITORY, environment, read, run_bench

OPTIONS = (
    "--preset=smoke",
    "--plugin=distances",
    "--workloads=distances",
    "--axis=distances.dimensions=2,3",
    "--launches=1",
    "--benchmark-json=r.json",
    "-k",
    "distances",
)
"""Two axes, of which one keeps its preset's sizes, and two implementations; without the noise floor."""


def page() -> str:
    found = re.search(
        r"<!-- example: distances.py -->\n```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S
    )
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plug-in, measured, resumed and reported."""
    folder = tmp_path_factory.mktemp("declared")
    (folder / "distances.py").write_text(page())
    done = run_bench(folder, *OPTIONS, extra_path=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    report = [sys.executable, "-m", "likeforlike", "report", "r.json", "--output", "report"]
    subprocess.run(report, cwd=folder, env=environment(), check=True, capture_output=True)
    return folder


def test_it_is_measured_verified_and_interleaved(folder: Path) -> None:
    found = [b["extra_info"] for b in read(folder / "r.json")["benchmarks"]]
    cells = {extra["cell"]: extra for extra in found if extra["workload"] == "distances"}
    assert set(cells) == {
        f"distances-{name}-cpu:0-{points}-{dimensions}"
        for name in ("differences", "product")
        for points in (16, 128)
        for dimensions in (2, 3)
    }
    for extra in cells.values():
        assert extra["verified"]["error"] <= extra["verified"]["tolerance"] == 1e-5
        assert extra["timed_calls"] == "proven"
        assert extra["probed"]["calls"] >= 3
        assert extra["flop"] == 2 * extra["axes"]["points"] ** 2 * extra["axes"]["dimensions"]
        other = "product" if extra["implementation"] == "differences" else "differences"
        beside = cells[extra["cell"].replace(extra["implementation"], other)]
        assert beside["group"] == extra["group"]
        assert len(set(beside["round_numbers"]) & set(extra["round_numbers"])) >= 6
        assert len(extra["launches"]) == 1


def test_the_declaration_travels_in_the_file(folder: Path) -> None:
    header = read(folder / "r.json")["likeforlike"]
    told = header["workloads"]["distances"]
    assert told["kind"] == "kernel"
    assert [(axis["name"], axis["size"]) for axis in told["axes"]] == [
        ("points", True),
        ("dimensions", False),
    ]
    assert header["options"]["axes"] == {"distances.dimensions": ["2", "3"]}


def test_it_is_resumed(folder: Path) -> None:
    before = read(folder / "r.json")
    done = run_bench(folder, *OPTIONS, "--resume", extra_path=folder)
    assert done.returncode == 0, done.stdout
    after = read(folder / "r.json")
    assert [b["extra_info"] for b in after["benchmarks"]] == [b["extra_info"] for b in before["benchmarks"]]
    refused = run_bench(folder, *OPTIONS, "--axis=distances.points=9", "--resume", extra_path=folder)
    assert refused.returncode == 4
    assert "option axes was {'distances.dimensions': ['2', '3']}, is" in refused.stdout + refused.stderr


def test_it_is_reported_with_tables_and_a_curve(folder: Path) -> None:
    text = (folder / "report" / "report.md").read_text()
    assert "## Workload distances" in text
    assert "Squared distances between all points; a sample is one call." in text
    assert re.search(r"\| implementation +\| +points +\| +further axes +\|", text)
    assert "Implementations of the distances call, compared" in text
    assert (folder / "report" / "plots" / "distances-over-size.png").exists()


WRONG = """
def product_kernel(problem):
    return on_numpy.kernel(problem, lambda points: 1.01 * by_product(points))
"""


def test_a_wrong_answer_is_a_failed_cell_and_costs_nothing_else(tmp_path: Path) -> None:
    text = page().replace("\n\nWORKLOADS", WRONG + "\n\nWORKLOADS")
    (tmp_path / "distances.py").write_text(text)
    options = [*OPTIONS[:3], "--axis=distances.dimensions=2", "--axis=distances.points=8"]
    done = run_bench(tmp_path, *options, *OPTIONS[4:], extra_path=tmp_path)
    assert done.returncode == 1
    document = read(tmp_path / "r.json")
    (lost,) = document["likeforlike"]["unmeasured"]
    assert lost["outcome"] == "wrong-answer"
    assert lost["implementation"] == "product"
    assert re.fullmatch(r"error 0\.01 against the reference, tolerance 1e-05", lost["reason"])
    assert "differences" in {b["extra_info"]["implementation"] for b in document["benchmarks"]}


def test_a_wrong_axis_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "distances.py").write_text(page())
    done = run_bench(tmp_path, *OPTIONS[:3], "--axis=distances.size=4", extra_path=tmp_path)
    assert done.returncode == 4
    assert "ERROR: --axis: unknown 'distances.size'; known: matmul.size, " in done.stdout + done.stderr
