"""google/benchmark, nvbench, pyperf and hyperfine: true files of theirs, read as plain results."""

from __future__ import annotations

import copy
import json
import math
import statistics
import struct
from pathlib import Path

import pytest

from likeforlike.reports.read.files import read_results
from likeforlike.reports.read.recognition import read_content
from likeforlike.reports.read.result_file import ResultError

DATA = Path(__file__).with_name("data")


def true_file(name):
    """The document of a file that the tool wrote."""
    return json.loads((DATA / f"{name}.json").read_text())


def read(document, name="mine.json"):
    return read_content(json.dumps(document).encode(), name)


def refusal(document):
    with pytest.raises(ResultError) as caught:
        read(document)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestGoogleBenchmark:
    def test_repetitions_are_samples(self):
        document = true_file("google-benchmark-1.9.5")
        file = read(document)
        assert str(file.tool) == "google/benchmark 1.9.5"
        assert (file.plain, file.node, file.datetime) == (True, "host", document["context"]["date"])
        assert [cell.id for cell in file.cells] == ["sum_million", "BM_square/256", "BM_square/512"]
        for cell in file.cells:
            runs = [b for b in document["benchmarks"] if b["run_name"] == cell.id]
            runs = [b for b in runs if b["run_type"] == "iteration"]
            scale = {"ns": 1e-9, "us": 1e-6}[runs[0]["time_unit"]]
            assert cell.samples == pytest.approx([b["real_time"] * scale for b in runs], rel=1e-15)
            processor = statistics.median(b["cpu_time"] * scale for b in runs)
            assert cell.extra_info["cpu_seconds"] == pytest.approx(processor, rel=1e-15)
            assert cell.iterations == runs[0]["iterations"]
        assert file.cells[1].function == "BM_square"
        assert file.cells[1].params == {"argument 0": "256"}

    def test_a_fit_over_sizes_is_no_benchmark_that_failed(self):
        document = true_file("google-benchmark-1.9.5")
        before = read(document)
        fit = {
            "name": "BM_square_BigO",
            "run_name": "BM_square",
            "run_type": "aggregate",
            "aggregate_name": "BigO",
        }
        document["benchmarks"] += [
            fit | {"cpu_coefficient": 1.2, "real_coefficient": 1.3, "big_o": "N", "time_unit": "ns"},
            fit | {"name": "BM_square_RMS", "aggregate_name": "RMS", "rms": 0.01},
        ]
        after = read(document)
        assert after.unmeasured == before.unmeasured
        assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]

    def test_an_error_is_a_result_with_its_reason(self):
        (failed,) = read(true_file("google-benchmark-1.9.5")).unmeasured
        assert (failed.cell, failed.outcome, failed.reason) == ("skipped", "failed", "no GPU here")

    def test_a_skip_of_newer_versions(self):
        entry = {"name": "BM_x", "run_type": "iteration", "skipped": True, "skip_message": "too large"}
        (left_out,) = read({"context": {"num_cpus": 2}, "benchmarks": [entry]}).unmeasured
        assert (left_out.outcome, left_out.reason) == ("skipped", "too large")

    def test_aggregates_alone(self):
        document = true_file("google-benchmark-1.9.5-aggregates")
        cell = read(document).cells[0]
        told = {b["aggregate_name"]: b["real_time"] * 1e-9 for b in document["benchmarks"][:3]}
        assert not cell.samples_saved
        assert cell.median_seconds == pytest.approx(told["median"])
        assert cell.summary.mean_seconds == pytest.approx(told["mean"])
        assert cell.summary.stddev_seconds == pytest.approx(told["stddev"])
        assert cell.summary.rounds == 4
        assert cell.summary.minimum_seconds is None

    def test_a_mean_alone_is_said_to_be_one(self):
        document = true_file("google-benchmark-1.9.5-aggregates")
        document["benchmarks"] = document["benchmarks"][:1]
        file = read(document)
        assert file.cells[0].median_seconds == file.cells[0].summary.mean_seconds
        assert file.cells[0].summary.median_seconds is None
        assert file.remarks == ("sum_million: only the mean was saved; it stands where the median should.",)

    def test_version_1_4_told_aggregates_by_their_names_alone(self):
        entries = [
            {"name": name, "iterations": 10, "real_time": time, "cpu_time": time, "time_unit": "ms"}
            for name, time in (("BM_x/8", 1.0), ("BM_x/8", 3.0), ("BM_x/8_mean", 2.0), ("BM_x/8_stddev", 1.4))
        ]
        (cell,) = read({"context": {"num_cpus": 2}, "benchmarks": entries}).cells
        assert cell.samples == (0.001, 0.003)

    @pytest.mark.parametrize(("unit", "seconds"), [("ns", 5e-9), ("us", 5e-6), ("ms", 5e-3), ("s", 5.0)])
    def test_units(self, unit, seconds):
        entry = {"name": "BM_x", "iterations": 1, "real_time": 5, "cpu_time": 4, "time_unit": unit}
        assert read({"benchmarks": [entry]}).cells[0].samples == (seconds,)

    def test_names_of_arguments(self):
        name = "BM_x/size:64/8/real_time/threads:2"
        entry = {"name": name, "iterations": 1, "real_time": 5, "cpu_time": 4, "threads": 2}
        (cell,) = read({"benchmarks": [entry]}).cells
        assert cell.params == {"size": "64", "argument 1": "8", "threads": "2"}
        assert cell.function == "BM_x"

    def test_a_fixture_s_method_or_a_capture_s_name_is_the_case(self):
        names = ("Fixture/Push/8", "Fixture/Pop/-16/manual_time", "BM_f/a/b/process_time")
        entries = [{"name": name, "iterations": 1, "real_time": 5, "cpu_time": 4} for name in names]
        cells = read({"benchmarks": entries}).cells
        assert [(cell.function, cell.params) for cell in cells] == [
            ("Fixture", {"case": "Push", "argument 1": "8"}),
            ("Fixture", {"case": "Pop", "argument 1": "-16"}),
            ("BM_f", {"case": "a/b"}),
        ]

    def test_counters(self):
        document = true_file("google-benchmark-1.9.5")
        document["benchmarks"] = [b for b in document["benchmarks"] if b["run_name"] == "BM_square/256"][:1]
        (cell,) = read(document).cells
        assert cell.extra_info["foo"] == 3.5
        assert cell.extra_info["items_per_second"] > 1e6

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"real_time": math.nan}, "benchmarks[0].real_time: NaN; expected a finite number"),
            ({"real_time": -1}, "benchmarks[0].real_time: -1; expected float >= 0.0"),
            ({"time_unit": "h"}, 'benchmarks[0].time_unit: "h"; expected one of ns, us, ms, s'),
            ({"name": 5}, "benchmarks[0].name: 5; expected str, got int"),
        ],
    )
    def test_wrong_values(self, change, expected):
        document = true_file("google-benchmark-1.9.5")
        document["benchmarks"][0] |= change
        assert refusal(document).startswith(f"mine.json: {expected}")

    def test_no_benchmark_ran(self):
        assert "holds no benchmark" in refusal({"context": {"num_cpus": 2}, "benchmarks": []})

    def test_nan_in_a_counter_costs_nothing(self):
        document = true_file("google-benchmark-1.9.5")
        document["benchmarks"][0]["my_rate"] = math.nan
        assert len(read(document).cells) == 3


class TestHyperfine:
    def test_times_are_samples(self):
        file = read(true_file("hyperfine-1.15"))
        assert str(file.tool) == "hyperfine"
        assert [(cell.id, len(cell.samples)) for cell in file.cells] == [("true", 4), ("sleep 0.01", 4)]
        assert file.cells[0].samples[0] == 0.003612292
        assert file.cells[0].extra_info == {"user_seconds": 0.00055675, "system_seconds": 0.0}
        assert file.remarks == ()

    def test_summary_as_hyperfine_has_it(self):
        for cell, theirs in zip(
            read(true_file("hyperfine-1.15")).cells, true_file("hyperfine-1.15")["results"], strict=True
        ):
            found = cell.summary
            assert (found.minimum_seconds, found.maximum_seconds) == (theirs["min"], theirs["max"])
            assert found.median_seconds == pytest.approx(theirs["median"])
            assert found.mean_seconds == pytest.approx(theirs["mean"])
            assert found.stddev_seconds == pytest.approx(theirs["stddev"])

    def test_a_command_that_failed_has_no_sample(self):
        file = read(true_file("hyperfine-1.15-failing"))
        assert file.cells == ()
        assert [failed.outcome for failed in file.unmeasured] == ["failed", "failed"]
        assert file.unmeasured[1].reason == "3 of 3 runs failed, exit status 2"

    def test_runs_that_failed_are_left_out_and_told(self):
        document = true_file("hyperfine-1.15")
        document["results"][0]["exit_codes"] = [0, 1, None, 0]
        file = read(document)
        assert file.cells[0].samples == (0.003612292, 0.003969521)
        assert file.remarks == (
            "true: 2 of 4 runs failed, exit status 1 in 1, unknown in 1; they are no samples.",
        )

    def test_parameters_tell_equal_names_apart(self):
        results = [
            {"command": "run", "times": [1.0 + n], "exit_codes": [0], "parameters": {"n": str(n)}}
            for n in (1, 2)
        ]
        cells = read({"results": [*results, results[0] | {"parameters": {}}]}).cells
        assert [cell.id for cell in cells] == ["run [n=1]", "run [n=2]", "run"]
        assert [cell.params for cell in cells] == [{"n": "1"}, {"n": "2"}, {}]

    def test_without_times(self):
        (cell,) = read({"results": [{"command": "x", "mean": 2.0, "median": 1.5, "stddev": None}]}).cells
        assert (cell.samples, cell.median_seconds, cell.summary.mean_seconds) == ((), 1.5, 2.0)

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"times": [0.1, math.inf]}, "results[0].times[1]: Infinity; expected a finite number"),
            ({"times": "fast"}, 'results[0].times: "fast"; expected array | null, got str'),
            ({"exit_codes": [0]}, "results[0].exit_codes: 1 entries; expected 4, one for each time"),
            ({"times": None, "exit_codes": None, "mean": None}, "results[0].mean; expected float, got null"),
        ],
    )
    def test_wrong_values(self, change, expected):
        document = true_file("hyperfine-1.15")
        document["results"][0] |= change
        assert refusal(document).startswith(f"mine.json: {expected}")

    def test_two_files_are_not_surely_of_one_machine(self):
        first = read(true_file("hyperfine-1.15"))
        second = read(true_file("hyperfine-1.15-failing"))
        assert first.machine.label == "unknown machine"
        assert first.machine.id != second.machine.id


class TestPyperf:
    def test_values_of_all_processes(self):
        document = true_file("pyperf-2.11")
        file = read(document)
        assert str(file.tool) == "pyperf 2.11.0"
        assert (file.machine.label, file.node) == ("2 x AMD EPYC", "host")
        assert file.datetime == "2026-11-25T17:57:49.869834"
        sort, rev = file.cells
        assert sort.samples == tuple(v for run in document["benchmarks"][0]["runs"] for v in run["values"])
        assert sort.launches == (0, 0, 0, 1, 1, 1, 2, 2, 2)
        assert (sort.id, sort.iterations, sort.extra_info["processes"]) == ("sort", 64, 3)
        assert rev.launches == (0, 0, 1, 1)
        assert sort.options == {"timer": "perf_counter", "disable_gc": False}

    @pytest.mark.parametrize(
        ("told", "timer"),
        [
            ("mach_absolute_time(), resolution: 41.7 ns", "perf_counter"),
            ("QueryPerformanceCounter(), resolution: 100 ns", "perf_counter"),
            ("time.time()", "time.time()"),  # of Python 2
            (5, 5),
        ],
    )
    def test_the_clock_is_the_same_under_each_system_s_name(self, told, timer):
        document = true_file("pyperf-2.11")
        document["metadata"]["timer"] = told
        assert [cell.options["timer"] for cell in read(document).cells] == [timer] * 2

    def test_what_is_measured_in_bytes_is_no_time(self):
        file = read(true_file("pyperf-2.11-bytes"))
        assert file.cells == ()
        assert file.unmeasured[0].reason == "measured in the unit byte, which is no time"

    def test_a_process_that_only_calibrates_gives_no_sample(self):
        document = true_file("pyperf-2.11")
        runs = document["benchmarks"][0]["runs"]
        runs.insert(0, {"metadata": {"calibrate_loops": 64}, "warmups": [[1, 1e-5], [64, 1e-5]]})
        (cell, _) = read(document).cells
        assert len(cell.samples) == 9
        assert set(cell.launches) == {1, 2, 3}
        document["benchmarks"][0]["runs"] = runs[:1]
        assert read(document).unmeasured[0].reason == "its runs hold no values"

    def test_inner_loops_and_unlike_loops(self):
        document = true_file("pyperf-2.11")
        document["benchmarks"][0]["metadata"]["inner_loops"] = 2
        document["benchmarks"][1]["runs"][0]["metadata"]["loops"] = 7
        assert [cell.iterations for cell in read(document).cells] == [128, None]

    @pytest.mark.parametrize(
        ("where", "value", "expected"),
        [
            ("values", [1e-6, math.nan], "benchmarks[0].runs[0].values[1]: NaN; expected a finite number"),
            ("values", [-1.0], "benchmarks[0].runs[0].values[0]: -1.0; expected float >= 0.0"),
            ("metadata", [], "benchmarks[0].runs[0].metadata; expected object, got array"),
        ],
    )
    def test_wrong_values(self, where, value, expected):
        document = true_file("pyperf-2.11")
        document["benchmarks"][0]["runs"][0][where] = value
        assert refusal(document).startswith(f"mine.json: {expected}")


class TestNvbench:
    """The document is made after nvbench's documented schema: there is no GPU to run it on."""

    SAMPLES = (4e-6, 5e-6, 6e-6, 5.5e-6)

    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "nvbench.json").write_text(json.dumps(true_file("nvbench")))
        (tmp_path / "nvbench.json-bin").mkdir()
        (tmp_path / "nvbench.json-bin/0.bin").write_bytes(struct.pack("<4f", *self.SAMPLES))
        return tmp_path

    def test_samples_beside_the_file(self, folder):
        file = read_results(folder / "nvbench.json")
        assert str(file.tool) == "nvbench 0.1.0"
        assert file.machine.label == "A100-SXM4-40GB"
        cell = file.cells[2]
        assert cell.id == "copy Device=0 Elements=1024"
        assert cell.samples == pytest.approx(self.SAMPLES, rel=1e-7)
        assert cell.params == {"Elements": "1024", "device": 0}
        assert (cell.function, cell.options) == ("copy", {"timer": "GPU time"})
        assert cell.extra_info == {"cpu_mean_seconds": pytest.approx(7.5e-6)}

    def test_summaries_alone(self, folder):
        file = read_results(folder / "nvbench.json")
        old, new = file.cells[:2]
        assert (old.summary.mean_seconds, old.summary.median_seconds) == (1.25e-6, None)
        assert old.summary.stddev_seconds == pytest.approx(1.25e-7)
        assert (new.median_seconds, new.summary.rounds) == (2.4e-6, 4)
        assert new.summary.q1_seconds == pytest.approx(2.352e-6)
        assert new.summary.stddev_seconds == pytest.approx(2.75e-7)
        assert file.remarks == (
            "Of 1 cells, such as copy Device=0 Elements=256, only the mean was saved; it stands where the "
            "median should.",
        )

    def test_a_skip_has_its_reason(self, folder):
        (skipped,) = read_results(folder / "nvbench.json").unmeasured
        assert (skipped.outcome, skipped.reason) == ("skipped", "Deliberately skipped.")

    def test_samples_that_are_not_there(self, folder):
        (folder / "nvbench.json-bin/0.bin").unlink()
        file = read_results(folder / "nvbench.json")
        assert not file.cells[2].samples
        assert any("0.bin is not beside the result file" in remark for remark in file.remarks)

    def test_samples_of_another_length(self, folder):
        (folder / "nvbench.json-bin/0.bin").write_bytes(b"\0" * 12)
        with pytest.raises(ResultError, match=r"0\.bin: 12 bytes; expected 4 samples of 4 bytes"):
            read_results(folder / "nvbench.json")

    def test_samples_that_are_no_times(self, folder):
        (folder / "nvbench.json-bin/0.bin").write_bytes(struct.pack("<4f", 1, math.nan, 1, 1))
        with pytest.raises(ResultError, match=r"sample 1: nan; expected a number of at least 0"):
            read_results(folder / "nvbench.json")

    @pytest.mark.parametrize("name", ["/etc/passwd", "../../secret/0.bin", "..", "../0.bin", "x/../0.bin"])
    def test_no_file_elsewhere_is_read(self, tmp_path, name):
        secret = tmp_path / "secret"
        secret.mkdir()
        (secret / "0.bin").write_bytes(struct.pack("<4f", *self.SAMPLES))
        (tmp_path / "0.bin").write_bytes(struct.pack("<4f", *self.SAMPLES))
        folder = tmp_path / "a/b"
        folder.mkdir(parents=True)
        document = true_file("nvbench")
        document["benchmarks"][0]["states"][2]["summaries"][-1]["data"][0]["value"] = name
        (folder / "nvbench.json").write_text(json.dumps(document))
        assert not read_results(folder / "nvbench.json").cells[2].samples

    def test_a_link_out_of_the_folder_is_not_followed(self, folder, tmp_path_factory):
        other = tmp_path_factory.mktemp("other") / "0.bin"
        other.write_bytes(struct.pack("<4f", *self.SAMPLES))
        (folder / "nvbench.json-bin/0.bin").unlink()
        (folder / "nvbench.json-bin/0.bin").symlink_to(other)
        assert not read_results(folder / "nvbench.json").cells[2].samples

    def test_processor_time_where_there_is_no_gpu(self):
        document = true_file("nvbench")
        text = json.dumps(document["benchmarks"][0]["states"][1])
        text = text.replace("nv/cold/time/cpu/", "x/").replace("nv/cold/time/gpu/", "nv/cpu_only/time/cpu/")
        document["benchmarks"][0]["states"] = [json.loads(text)]
        (cell,) = read(document).cells
        assert (cell.options, cell.median_seconds) == ({"timer": "CPU time"}, 2.4e-6)

    @pytest.mark.parametrize(
        ("value", "outcome"),
        [("nan", "is no number"), ("inf", "is no number"), (None, "is no number")],
    )
    def test_a_mean_that_is_no_number(self, value, outcome):
        document = true_file("nvbench")
        state = document["benchmarks"][0]["states"][0]
        for summary in state["summaries"]:
            if summary["tag"] == "nv/cold/time/gpu/mean":
                summary["data"][0]["value"] = value
        document["benchmarks"][0]["states"] = [state]
        assert outcome in read(document).unmeasured[0].reason

    def test_a_value_of_another_kind(self):
        document = true_file("nvbench")
        document["benchmarks"][0]["states"][0]["summaries"][4]["data"][0]["value"] = "fast"
        expected = 'summaries nv/cold/time/gpu/mean: "fast"; expected a number of at least 0'
        assert expected in refusal(document)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.stem)
def test_every_true_file_is_told_by_its_content_alone(tmp_path, path):
    copied = tmp_path / "x"
    copied.write_bytes(path.read_bytes())
    tool = read_results(copied).tool.name.replace("/", "-")
    assert path.stem.startswith(tool)
    document = copy.deepcopy(json.loads(path.read_text()))
    document["a field of tomorrow"] = {"x": [1]}
    assert read(document).tool.name.replace("/", "-") == tool
