from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from command import QUICK, command, environment, read, run_bench

from likeforlike.bench.studies.killed_runs import ended_cells, kill_and_resume, workers_of

MATMUL = (*QUICK, "--workloads=matmul", "--benchmark-json=r.json")


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has ended."""
    folder = tmp_path_factory.mktemp("whole")
    done = run_bench(folder, *MATMUL)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def ended(whole_run: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test to change."""
    return shutil.copytree(whole_run, tmp_path / "ended")


def test_killed_at_random_moments_and_resumed_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    kills = kill_and_resume(QUICK, 6, 4.0, random.Random(3), tmp_path)
    assert len(kills) == 6


def test_resuming_a_complete_run_measures_nothing_and_writes_the_same_figures(ended: Path) -> None:
    first = read(ended / "r.json")
    (ended / "r.json").unlink()
    done = run_bench(ended, *MATMUL, "--resume")
    assert done.returncode == 0
    assert "median" not in done.stdout.split("result file")[0]
    second = read(ended / "r.json")
    assert second["likeforlike"]["run_id"] == first["likeforlike"]["run_id"]
    assert [b["stats"] for b in second["benchmarks"]] == [b["stats"] for b in first["benchmarks"]]
    assert [b["extra_info"] for b in second["benchmarks"]] == [b["extra_info"] for b in first["benchmarks"]]


def test_resuming_with_other_options_is_refused_and_says_what_differs(ended: Path) -> None:
    done = run_bench(ended, *MATMUL, "--resume", "--sizes=32")
    assert done.returncode == 4
    assert "option sizes was {}, is {'matmul': [32]}" in done.stdout + done.stderr


def test_resuming_with_another_selection_is_refused(ended: Path) -> None:
    done = run_bench(ended, *MATMUL, "--resume", "-k", "noise")
    assert done.returncode == 4
    assert "option -k was '', is 'noise'" in done.stdout + done.stderr


PLUGIN = """
from likeforlike.models.contract import Implementation, Kernel

def product(problem):
    left, right = problem.operands
    return Kernel(call=lambda: left @ right)

IMPLEMENTATIONS = [Implementation("mine", "matmul", "numpy", "a product", f"{__name__}:product")]
"""


RESTING_ON = """
def never():
    import its_library, _compiled
"""


def test_resuming_with_a_plug_in_that_was_changed_is_refused_by_its_name(tmp_path: Path) -> None:
    """So is one with a package beside it, or a compiled module, that is not what it was."""
    (tmp_path / "changing_plugin.py").write_text(PLUGIN + RESTING_ON)
    (tmp_path / "its_library").mkdir()
    beside = {
        "its_library (imported by changing_plugin)": tmp_path / "its_library/deep.py",
        "_compiled (compiled, imported by changing_plugin)": tmp_path / "_compiled.so",
    }
    for path in beside.values():
        path.write_text("x = 1\n")
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--plugin=changing_plugin"]
    options += ["--implementations=mine", "--benchmark-json=r.json", "-k", "matmul or nothing"]
    assert run_bench(tmp_path, *options, extra_path=tmp_path).returncode == 0
    assert run_bench(tmp_path, *options, "--resume", extra_path=tmp_path).returncode == 0
    for name, path in beside.items():
        path.write_text("x = 2\n")
        done = run_bench(tmp_path, *options, "--resume", extra_path=tmp_path)
        assert done.returncode == 4
        told = f"this has changed: the source code of {name}, which has measured matmul-mine-"
        assert told in done.stdout + done.stderr
        path.write_text("x = 1\n")
    changed = (PLUGIN + RESTING_ON).replace("left @ right", "left @ right + 0")
    (tmp_path / "changing_plugin.py").write_text(changed)
    done = run_bench(tmp_path, *options, "--resume", extra_path=tmp_path)
    assert done.returncode == 4
    assert "the source code of changing_plugin, which has measured matmul-mine-" in done.stdout + done.stderr
    done = run_bench(tmp_path, *options, "--resume-anyway", extra_path=tmp_path)
    assert done.returncode == 0, done.stdout
    told = {
        b["extra_info"]["cell"]: b["extra_info"].get("other_code")
        for b in read(tmp_path / "r.json")["benchmarks"]
    }
    assert told["matmul-mine-cpu:0-32-float32"] == ["changing_plugin"]
    assert told["noise-nothing-cpu:0"] is None


def test_resuming_on_another_host_is_refused_or_marked(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--implementations=numpy"]
    options += ["--benchmark-json=r.json", "-k", "matmul or nothing"]
    assert run_bench(tmp_path, *options).returncode == 0
    journal = tmp_path / "r.json.journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        if line.get("cell") == "matmul-numpy-cpu:0-32-float32":
            line["host"] = {"name": "elsewhere", "boot": "another"}
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run_bench(tmp_path, *options, "--resume")
    assert done.returncode == 4
    assert "the host, elsewhere, which has measured matmul-numpy-cpu:0-32-float32" in done.stderr
    assert run_bench(tmp_path, *options, "--resume-elsewhere").returncode == 0
    told = {
        b["extra_info"]["cell"]: b["extra_info"].get("other_hosts")
        for b in read(tmp_path / "r.json")["benchmarks"]
    }
    assert told["matmul-numpy-cpu:0-32-float32"] == ["the host, elsewhere"]
    assert told["noise-nothing-cpu:0"] is None


def test_rounds_of_two_sessions_are_no_pairs(ended: Path) -> None:
    """One of two that took turns was lost and measured again: no round of its new ones is one of the other's."""
    before = rounds_of_twins(ended)
    assert set(before["twin-a"]) & set(before["twin-b"])
    journal = ended / "r.json.journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if '"cell":"noise-twin-b' not in line))
    assert run_bench(ended, *MATMUL, "--resume").returncode == 0
    after = rounds_of_twins(ended)
    assert after["twin-a"] == before["twin-a"]
    assert after["twin-b"]
    assert not set(after["twin-a"]) & set(after["twin-b"])


def rounds_of_twins(folder: Path) -> dict[str, list[int]]:
    cells = [benchmark["extra_info"] for benchmark in read(folder / "r.json")["benchmarks"]]
    return {cell["implementation"]: cell["round_numbers"] for cell in cells}


def test_failures_stay_unless_retried(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--plugin=misbehaving"]
    options += ["--implementations=numpy,raises", "--benchmark-json=r.json", "-k", "matmul"]
    assert run_bench(tmp_path, *options).returncode == 1
    journal = tmp_path / "r.json.journal.jsonl"
    cells = ended_cells(journal)
    assert run_bench(tmp_path, *options, "--resume").returncode == 1
    assert ended_cells(journal) == cells
    assert run_bench(tmp_path, *options, "--resume", "--retry-failed").returncode == 1
    assert ended_cells(journal) == [*cells, "matmul-raises-cpu:0-32-float32"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_workers_keeps_what_is_finished_and_names_the_way_on(
    tmp_path: Path, ending: signal.Signals
) -> None:
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--plugin=misbehaving"]
    options += ["--implementations=numpy,hangs", "--benchmark-json=r.json", "-k", "matmul or nothing"]
    with subprocess.Popen(
        command(*options),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        # a shell ignores SIGINT for what it starts in the background, tests of ours too, and children inherit it
        preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL),
    ) as run:
        assert run.stdout is not None
        said = ""
        for line in run.stdout:
            said += line
            if "noise-nothing" in line:  # the products come next, and one of them hangs
                break
        run.send_signal(ending)
        said += run.stdout.read()
    assert run.returncode == 2, said
    assert "to go on: pytest" in said
    assert "--resume" in said
    assert workers_of(run.pid) == []
    lost = {cell["cell"]: cell["outcome"] for cell in read(tmp_path / "r.json")["likeforlike"]["unmeasured"]}
    assert lost["matmul-hangs-cpu:0-32-float32"] == "interrupted"
    assert ended_cells(tmp_path / "r.json.journal.jsonl") == ["noise-nothing-cpu:0"]
