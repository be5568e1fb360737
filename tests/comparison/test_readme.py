"""The README's first example, run as it stands: as a script, in a notebook, in a pytest suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import likeforlike

REPOSITORY = Path(__file__).parents[2]
NOT_OURS = ("PYTEST_", "COV_", "FORCE_COLOR", "PY_COLORS")
VERDICT = re.compile(r"theirs takes ×[\d.]+ .*of the time of mine")


def example() -> str:
    found = re.search(
        r"<!-- example: compare.py -->\n```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S
    )
    assert found is not None
    return found[1]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    return {**kept, "PYTHONPATH": str(REPOSITORY)}


def test_as_a_script_it_shows_progress_and_then_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "compare.py").write_text(
        example().replace("args=make_arrays,", "args=make_arrays, launches=2,")
    )
    command = [sys.executable, "compare.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert VERDICT.match(done.stdout)
    assert "more launch" in done.stdout or "2 launches" in done.stdout
    assert done.stderr.startswith("likeforlike: comparing 2 functions")
    assert "launch 2 of 2: measured" in done.stderr


def test_in_a_notebook_the_cells_own_functions_are_sent_to_workers(tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    own = example().replace("args=make_arrays,", "args=make_arrays, launches=1,")
    cells = [own, "result", "len(result.to_frame(samples=False)), result.notes, bool(result.plot())"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    kernel = {"name": "python3", "display_name": "this environment", "language": "python"}
    book.metadata["kernelspec"] = kernel
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    try:
        nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    printed, shown, told = (cell.outputs for cell in book.cells)
    text = "".join(output.text for output in printed if output.output_type == "stream")
    assert text.startswith("likeforlike: comparing 2 functions")
    assert VERDICT.search(text)
    assert "measured in one launch" in text or ": unclear, " in text
    assert "<table>" in shown[0].data["text/html"]
    assert told[0].data["text/plain"].startswith("(2, (), True)")


SUITE = """
{functions}

def test_speed(compare):
    result = compare({{"mine": mine, "theirs": theirs}}, args=make_arrays, launches=2)
    assert result.word in ("faster", "slower", "same", "unclear")

def test_twice_in_one_test(compare):
    with_lock = __import__("threading").Lock()
    result = compare({{"mine": mine, "locked": lambda a, b: mine(a, b) if with_lock else None}}, args=make_arrays)
    assert not result.sure

def test_plain(benchmark):
    benchmark(make_arrays, np.random.default_rng(1))
"""


def pytest_in(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    functions = example().partition("result =")[0]
    (folder / "test_speed.py").write_text(SUITE.format(functions=functions))
    return folder


def test_in_a_pytest_suite_results_stand_in_its_json_and_a_report_reads_it(suite: Path) -> None:
    done = pytest_in(suite, "-p", "likeforlike.pytest", "--benchmark-json=b.json")
    assert done.returncode == 0, done.stdout
    assert "test_speed.py::test_speed\n  " in done.stdout
    document = json.loads((suite / "b.json").read_text())
    names = [entry["name"] for entry in document["benchmarks"]]
    assert sorted(names) == [
        "test_plain",
        "test_speed[mine]",
        "test_speed[theirs]",
        "test_twice_in_one_test[locked]",
        "test_twice_in_one_test[mine]",
    ]
    assert any("in one process" in note for note in document["likeforlike"]["notes"])
    frame = likeforlike.read(suite / "b.json", samples=False)
    assert frame.groupby("workload").size().to_dict() == {"benchmark": 1, "functions": 4}
    told = subprocess.run(
        [sys.executable, "-m", "likeforlike", "report", "b.json"],
        cwd=suite,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "all 4 answers agree" in told.stdout


def test_a_suite_without_it_is_not_touched(suite: Path) -> None:
    done = pytest_in(suite, "-p", "likeforlike.pytest", "--benchmark-json=p.json", "-k", "plain")
    assert done.returncode == 0, done.stdout
    document = json.loads((suite / "p.json").read_text())
    assert "likeforlike" not in document
    assert "likeforlike" not in document["machine_info"]
    assert "likeforlike" not in done.stdout.replace("-p likeforlike.pytest", "")


def test_without_benchmarks_it_checks_the_answers_and_measures_nothing(suite: Path) -> None:
    done = pytest_in(
        suite, "-p", "likeforlike.pytest", "--benchmark-disable", "-k", "test_speed and not twice"
    )
    assert done.returncode == 0, done.stdout
    assert "answers agree; nothing was measured" in done.stdout
    done = pytest_in(suite, "-p", "likeforlike.pytest", "--benchmark-skip")
    assert "3 skipped" in done.stdout
    done = pytest_in(suite, "-p", "likeforlike.pytest", "--benchmark-only", "--collect-only", "-q")
    assert "3 tests collected" in done.stdout
    done = pytest_in(suite, "-p", "likeforlike.pytest", "-p", "no:benchmark", "--collect-only", "-q")
    assert "3 tests collected" in done.stdout
