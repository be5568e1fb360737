from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import PLAIN, QUICK, REPOSITORY, command, environment, read, run_bench

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("run")
    done = run_bench(folder, *QUICK, "--benchmark-json=deep/er/r.json", "--order-seed=5")
    assert done.returncode == 0, done.stdout + done.stderr
    journal = (folder / "deep/er/r.json.journal.jsonl").read_text()
    return {"text": done.stdout, "journal": journal, **read(folder / "deep/er/r.json")}


def test_every_cell_says_what_the_design_asks_for(result: dict[str, Any]) -> None:
    wanted = {"workload", "implementation", "framework", "device", "axes", "cold_seconds", "flop", "verified"}
    for bench in result["benchmarks"]:
        info = bench["extra_info"]
        assert wanted <= info.keys()
        assert info["verified"]["error"] <= info["verified"]["tolerance"]
        assert info["threads"]["blas"]
        assert info["peak_memory_bytes"] > 2**20
        assert info["state"]["before"].keys() == info["state"]["after"].keys()


def test_samples_keep_their_rounds_and_are_the_statistics(result: dict[str, Any]) -> None:
    for bench in result["benchmarks"]:
        stats = bench["stats"]
        assert len(stats["data"]) == len(bench["extra_info"]["round_numbers"]) == stats["rounds"] >= 6
        assert stats["median"] == pytest.approx(statistics.median(stats["data"]))
        assert stats["iterations"] == 1
        assert bench["extra_info"]["stop"]["reason"] in ("precision", "settled", "max-time")


def test_the_noise_floor_and_the_harness_s_cost_are_recorded(result: dict[str, Any]) -> None:
    noise = result["likeforlike"]["noise"]
    low, high = noise["aa_interval"]
    assert low <= noise["aa_ratio"] <= high
    times = {b["extra_info"]["implementation"]: b["stats"]["median"] for b in result["benchmarks"]}
    assert noise["harness_seconds_per_sample"] == pytest.approx(times["nothing"])
    # against a product, which a slow or busy machine makes longer too
    assert 0 < times["nothing"] < times["twin-a"] / 2000


def test_run_and_machine_are_recorded(result: dict[str, Any]) -> None:
    ours = result["likeforlike"]
    assert ours["schema_version"] == 1
    assert ours["order_seed"] == 5
    assert ours["unmeasured"] == []
    machine = result["machine_info"]["likeforlike"]
    assert machine["cpu"]["usable_cores"] >= 1
    assert len(machine["id"]) == 12


def test_plain_pytest_benchmark_reads_the_file(result: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "0001_x.json"
    path.write_text(json.dumps({k: v for k, v in result.items() if k not in ("text", "journal")}))
    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "matmul-numpy-cpu:0-64-float32" in done.stdout


def test_options_of_pytest_benchmark_keep_their_meaning(tmp_path: Path) -> None:
    done = run_bench(
        tmp_path,
        *QUICK,
        "--workloads=matmul",
        "--sizes=32",
        "--benchmark-min-rounds=25",
        "--benchmark-max-time=0",
        "--benchmark-precision=0.0001",
        "--benchmark-disable-gc",
        "--benchmark-timer=time.process_time",
        "--benchmark-json=r.json",
        "-k",
        "matmul",
    )
    assert done.returncode == 0, done.stdout
    (bench,) = read(tmp_path / "r.json")["benchmarks"]
    assert bench["stats"]["rounds"] == 25
    assert bench["extra_info"]["stop"]["reason"] in ("rounds", "settled")


def test_disable_calls_and_proves_each_cell_once_and_writes_nothing(tmp_path: Path) -> None:
    options = ["--benchmark-disable", "--benchmark-json=r.json", "--workloads=eigen", "-k", "eigen"]
    done = run_bench(tmp_path, *QUICK, *options)
    assert done.returncode == 0, done.stdout
    assert "called once" in done.stdout
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize("resume", [(), ("--resume",)], ids=["anew", "resumed"])
def test_disable_leaves_the_journal_of_an_earlier_run_alone(
    result: dict[str, Any], tmp_path: Path, resume: tuple[str, ...]
) -> None:
    kept = tmp_path / "r.json.journal.jsonl"
    kept.write_text(result["journal"])
    options = ["--benchmark-json=r.json", "--workloads=eigen", "-k", "eigen"]
    assert run_bench(tmp_path, *QUICK, *options, "--benchmark-disable", *resume).returncode == 0
    assert kept.read_text() == result["journal"]


def test_without_cpu_0_among_the_devices_the_noise_floor_is_measured_all_the_same(tmp_path: Path) -> None:
    options = ["--preset=smoke", "--implementations=finite-differences", "--workloads=jacobian"]
    done = run_bench(tmp_path, *options, "--devices=cpu:1", "--benchmark-json=r.json")
    assert done.returncode == 0, done.stdout
    assert read(tmp_path / "r.json")["likeforlike"]["noise"]["aa_interval"]


def test_a_run_that_ends_at_its_first_failure_lists_what_it_leaves_out(tmp_path: Path) -> None:
    """The group was measured whole, but pytest never came to the later cells' tests."""
    options = ["--preset=smoke", "--workloads=matmul", "--sizes=32", "--plugin=misbehaving"]
    options += ["--implementations=raises,numpy", "--benchmark-json=r.json", "-x", "-k", "matmul or nothing"]
    done = run_bench(tmp_path, *options)
    assert done.returncode == 1
    result = read(tmp_path / "r.json")
    told = [bench["extra_info"]["cell"] for bench in result["benchmarks"]]
    told += [cell["cell"] for cell in result["likeforlike"]["unmeasured"]]
    assert sorted(told) == sorted(set(told))
    cells = {"matmul-numpy-cpu:0-32-float32", "matmul-raises-cpu:0-32-float32", "noise-nothing-cpu:0"}
    assert cells == set(told)


def test_skip_measures_nothing(tmp_path: Path) -> None:
    done = run_bench(tmp_path, *QUICK, "--benchmark-skip")
    assert "skipped" in done.stdout
    assert "median" not in done.stdout


ONE_AFTER_THE_OTHER = """
import contextlib, io, json, os, sys, tempfile
import pytest

for line in sys.stdin:
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = pytest.main([*sys.argv[1:], *line.split()])
        print(json.dumps([int(status), said.getvalue(), os.listdir()]), flush=True)
"""


@pytest.fixture(scope="module")
def patient() -> Iterator[Callable[[str], Any]]:
    """Exit status, output and files left of ``pytest bench`` with some options, all in one process."""
    words = [sys.executable, "-c", ONE_AFTER_THE_OTHER, *command("--preset=smoke")[3:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=environment(), stdin=pipe, stdout=pipe, text=True, bufsize=1) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        said, heard = asked.stdin, asked.stdout

        def ask(options: str) -> Any:
            said.write(f"{options}\n")
            return json.loads(heard.readline())

        yield ask
        said.close()


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("--preset=huge", "--preset: unknown 'huge'; known: smoke, quick, published"),
        (
            "--workloads=matmul,sorting",
            "--workloads: unknown 'sorting'; known: training, matmul, jacobian, eigen",
        ),
        ("--implementations=tf-eagre", "--implementations: unknown 'tf-eagre'; known: "),
        ("--recipes=mached", "--recipes: unknown 'mached'; known: keras-2020, manual-2020, matched"),
        ("--dtypes=float31", "--dtypes: unknown 'float31'; known: float64, float32, tf32, bfloat16, float16"),
        ("--devices=gpu:7", "gpu:7 is not on this machine"),
        ("--devices=tpu:0", "unknown device 'tpu:0'"),
        ("--sizes=0", "--sizes: '0' is not a whole number of at least 1"),
        ("--sizes=sorting:5", "--sizes: unknown 'sorting'; known: matmul, jacobian, eigen"),
        ("--epochs=none", "--epochs: 'none' is not a whole number of at least 2"),
        ("--epochs=1", "--epochs: '1' is not a whole number of at least 2"),
        ("--data=mnist", "--data: unknown 'mnist'; known: auto, fashion-mnist, synthetic"),
        ("--statistic=p90", "--statistic: unknown 'p90'; known: median, p50, p95, p99"),
        ("--timing=wishful", "--timing: unknown 'wishful'; known: synchronised, unsynchronised"),
        ("--cell-memory=much", "--cell-memory: 'much' is not a size such as 512MiB or 8GiB"),
        ("--ladder=up", "--ladder: 'up' is not of the form A:B"),
        ("--ladder=keras-fit:eager-loop --workloads=matmul", "--ladder: its rungs are trainings"),
        ("--ladder=keras-fit:eager-loop --recipes=matched", "--recipes: the ends of --ladder say which"),
        (
            "--ladder=keras-fit:eager-loop --workloads=training --implementations=keras-fit",
            "--implementations: the ends of --ladder say which are trained; leave it out",
        ),
        ("--ladder-orders=0", "--ladder-orders: '0' is not a whole number of at least 1"),
        ("--ladder-orders=3", "--ladder-orders: of use with --ladder alone"),
        ("--benchmark-json=/proc/nowhere/r.json", "--benchmark-json: cannot write /proc/nowhere/r.json"),
        ("--resume", "--resume: needs --benchmark-json=FILE"),
        ("--benchmark-cprofile=tottime", "--benchmark-cprofile: it cannot see into the worker processes"),
        ("--benchmark-min-time=1", "--benchmark-min-time: a sample here is one call, however short"),
        ("--data=fashion-mnist --data-dir=/nowhere --implementations=numpy-loop", "/nowhere"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_status_4_before_anything_runs(
    patient: Callable[[str], Any], option: str, complaint: str
) -> None:
    status, said, left = patient(option)
    errors = [line for line in said.splitlines() if line.startswith("ERROR: ")]
    assert status == 4, said
    assert len(errors) == 1
    assert complaint in errors[0]
    assert "median of" not in said
    assert set(left) <= {".benchmarks"}  # pytest-benchmark's own


def test_a_wrong_option_ends_the_command_with_status_4(tmp_path: Path) -> None:
    done = run_bench(tmp_path, "--preset=huge")
    assert done.returncode == 4
    assert "ERROR: --preset: unknown 'huge'" in done.stdout + done.stderr


def test_collecting_imports_no_framework() -> None:
    code = (
        "import sys, pytest; status = pytest.main(['bench', '--collect-only', '-q', '-p', 'no:cacheprovider']);"
        "loaded = {'tensorflow', 'keras', 'torch', 'jax', 'matplotlib'} & set(sys.modules);"
        "sys.exit(f'imported {loaded}' if loaded else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "training-keras-fit-cpu:0-matched" in done.stdout


def test_the_json_through_pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    options = ["--workloads=jacobian", "--plugin=misbehaving", "--benchmark-json=out.json", "-k", "finite"]
    done = pytester.runpytest_subprocess(REPOSITORY / "bench", *PLAIN, *QUICK, *options)
    done.assert_outcomes(passed=2, deselected=3)
    cells = [bench["extra_info"]["cell"] for bench in read(pytester.path / "out.json")["benchmarks"]]
    assert cells == [f"jacobian-finite-differences-cpu:0-2-{what}" for what in ("gradient", "jacobian")]
