"""Reading result files: whole and typed, or one line of error."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest
import report_samples as samples

from likeforlike.reports.read.files import read_results
from likeforlike.reports.read.formats.pytest_benchmark import parse_results
from likeforlike.reports.read.result_file import Commit, ResultError

DATA = Path(__file__).with_name("data")


def one_cell(**extra):
    """A file with one cell whose ``extra_info`` is updated."""
    cell = samples.cell("matmul", "numpy", "cpu:0", {"size": 500, "dtype": "float32"}, [0.010, 0.011, 0.012])
    cell["extra_info"].update(extra)
    return samples.document([cell])


def parse(document, name="mine.json"):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_results(content, name)


def refusal(document):
    with pytest.raises(ResultError) as caught:
        parse(document)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("mine.json")
    return text


class TestOurs:
    def test_a_cell_and_its_machine(self):
        file = parse(one_cell(flop=2.5e8, cold_seconds=0.03))
        (cell,) = file.cells
        assert cell.id == "matmul-numpy-cpu:0-500-float32"
        assert cell.samples == (0.010, 0.011, 0.012)
        assert cell.median_seconds == 0.011
        assert cell.rounds == (0, 1, 2)
        assert (cell.extra.flop, cell.extra.cold_seconds) == (2.5e8, 0.03)
        assert cell.extra.axes == {"size": 500, "dtype": "float32"}
        assert file.machine.id == "9f1c2d3e4a5b"
        assert file.machine.label == "2 x Intel Xeon"
        assert file.noise.aa_interval == (0.994, 1.006)

    def test_without_saved_samples_the_lists_beside_them_are_left_out(self):
        """As pytest-benchmark saves it without --benchmark-save-data."""
        moved = {"to_device_seconds": [0.1] * 3, "to_host_seconds": [0.2] * 3}
        document = one_cell(launch_numbers=[0, 0, 1], waited_seconds=[0.0, 0.1, 0.2], transfer=moved)
        document["benchmarks"][0]["stats"] = {"median": 0.011, "rounds": 3}
        (cell,) = parse(document).cells
        assert (cell.samples, cell.rounds, cell.median_seconds, cell.summary.rounds) == ((), (), 0.011, 3)
        extra = cell.extra
        assert (extra.round_numbers, extra.launch_numbers) == (None, None)
        assert (extra.waited_seconds, extra.transfer) == (None, None)
        assert extra.axes == {"size": 500, "dtype": "float32"}

    def test_the_least_that_a_cell_must_say(self):
        document = one_cell()
        info = document["benchmarks"][0]["extra_info"]
        document["benchmarks"][0]["extra_info"] = {
            key: info[key] for key in ("workload", "implementation", "device", "axes")
        }
        (cell,) = parse(document).cells
        assert cell.extra.verified is None
        assert not cell.extra.round_numbers

    def test_a_file_of_every_workload(self):
        file = parse(samples.quick_run(with_ladder=True))
        assert len(file.cells) == 47
        assert [rung.rung for rung in file.ladder.rungs] == list(range(9))
        assert [cell.outcome for cell in file.unmeasured] == ["skipped", "out-of-memory", "wrong-answer"]

    def test_somebody_elses_benchmark_in_the_same_session(self):
        document = one_cell()
        document["benchmarks"] += samples.plain_run({"test_x.py::test_x": [1.0]})["benchmarks"]
        assert [cell.plain for cell in parse(document).cells] == [False, True]


class TestPlain:
    @pytest.mark.parametrize("version", ["3.0.0", "3.1.1", "3.4.1", "4.0.0", "5.1.0", "5.3.1"])
    def test_known_versions_read_alike(self, version):
        file = parse(samples.plain_run({"t.py::a": [0.2, 0.1, 0.3]}, version))
        assert (file.cells[0].id, file.cells[0].median_seconds) == ("t.py::a", 0.2)
        assert file.machine.label == "8 x AMD EPYC 7763 64-Core"
        assert (file.plain, str(file.tool), file.remarks) == (True, f"pytest-benchmark {version}", ())

    @pytest.mark.parametrize("version", ["2.5.0", "6.0.0", "12.1"])
    def test_others_are_read_as_far_as_they_go_with_a_remark(self, version):
        file = parse(samples.plain_run({"t.py::a": [0.2, 0.1, 0.3]}, version))
        assert file.cells[0].median_seconds == 0.2
        assert file.remarks == (
            f"Written by pytest-benchmark {version}, which is not known here: read as one of versions 3 to 5.",
        )

    def test_without_a_version(self):
        document = samples.plain_run({"t.py::a": [0.2, 0.1, 0.3]})
        del document["version"]
        file = parse(document)
        assert (len(file.cells), str(file.tool)) == (1, "pytest-benchmark")
        assert file.remarks[0].startswith("It does not say which pytest-benchmark wrote it")

    @pytest.mark.parametrize("version", ["", "new", "v5"])
    def test_what_is_no_version(self, version):
        assert "neither likeforlike's nor" in refusal(samples.plain_run({"t.py::a": [0.2]}, version))

    @pytest.mark.parametrize("path", sorted(DATA.glob("pytest-benchmark-*.json")), ids=lambda path: path.stem)
    def test_what_each_version_wrote_of_the_same_tests(self, path):
        file = read_results(path)
        ten, large, ped = file.cells
        assert str(file.tool) == path.stem.replace("mark-", "mark ")
        assert [cell.fullname for cell in file.cells] == [
            "test_b.py::test_sum[10]",
            f"test_b.py::test_sum[{10**30}]",
            "test_b.py::test_ped",
        ]
        assert (ten.params, large.params, ped.params) == ({"n": 10}, {"n": 10**30}, {})
        assert (ten.function, ten.name, ten.group) == ("test_sum", "test_sum[10]", "")
        assert (ped.group, ped.iterations, len(ped.samples)) == ("g", 3, 7)
        assert ten.options["timer"] == "perf_counter"
        assert ten.options["disable_gc"] is False
        assert ten.extra_info == {"loss": None, "obj": "UNSERIALIZABLE[<class 'object'>]"}
        assert file.commit is None  # it was under no version control
        assert file.remarks == file.unmeasured == ()

    @pytest.mark.parametrize(
        ("group", "told"),
        [(1024, "1024"), (0.5, "0.5"), (True, "True"), (0, ""), (None, ""), ("", ""), ("a", "a")],
    )
    def test_a_group_may_be_a_number(self, group, told):
        document = samples.plain_run({"t.py::a": [0.2]})
        document["benchmarks"][0]["group"] = group
        assert parse(document).cells[0].group == told

    def test_before_version_3_4_the_processor_had_another_name(self):
        document = samples.plain_run({"t.py::a": [0.2]}, "3.2.3", cpu={"brand": "AMD EPYC 7763", "count": 8})
        assert parse(document).machine.label == "8 x AMD EPYC 7763"

    def test_commit(self):
        document = samples.plain_run({"t.py::a": [0.2]})
        info = {"id": "a" * 40, "time": "2026-01-01", "dirty": True, "project": "p", "branch": "(unknown)"}
        document["commit_info"] = info
        assert parse(document).commit == Commit("a" * 40, "2026-01-01", "", "p", True)

    @pytest.mark.parametrize("info", [None, {}, {"id": None}, {"id": "unversioned"}, {"error": "no git"}, 3])
    def test_no_commit(self, info):
        document = samples.plain_run({"t.py::a": [0.2]})
        document["commit_info"] = info
        assert parse(document).commit is None

    @pytest.mark.parametrize("stats", [None, {}, "dropped"])
    def test_a_benchmark_without_statistics_is_told_and_the_others_read(self, stats):
        document = samples.plain_run({"t.py::a": [0.2], "t.py::b": [0.3]})
        document["benchmarks"][0]["stats"] = stats
        if stats == "dropped":
            del document["benchmarks"][0]["stats"]
        file = parse(document)
        assert [cell.id for cell in file.cells] == ["t.py::b"]
        assert [(cell.cell, cell.outcome) for cell in file.unmeasured] == [("t.py::a", "failed")]

    def test_machines_without_a_processors_name_are_told_apart_by_their_host(self):
        first, second = (
            parse(samples.plain_run({"t.py::a": [0.2]}, node=node, cpu={"count": 8})).machine
            for node in ("here", "there")
        )
        assert first.label == second.label == "unknown machine with 8 cores"
        assert first.id != second.id

    def test_without_saved_samples_the_median_is_enough(self):
        document = samples.plain_run({"t.py::a": [0.2, 0.1]})
        del document["benchmarks"][0]["stats"]["data"]
        (cell,) = parse(document).cells
        assert (cell.samples, cell.median_seconds) == ((), 0.15000000000000002)

    def test_host_name_is_no_identity(self):
        first = parse(samples.plain_run({"t.py::a": [0.2]}, node="here"))
        second = parse(samples.plain_run({"t.py::a": [0.2]}, node="there"))
        assert first.machine == second.machine


def altered(change):
    document = copy.deepcopy(one_cell())
    change(document, document["benchmarks"][0], document["benchmarks"][0]["extra_info"])
    return document


def setter(where, *path, value):
    def change(document, benchmark, extra):
        target = {"document": document, "benchmark": benchmark, "extra": extra}[where]
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value

    return change


EXTRA = "mine.json: benchmarks[0].extra_info."
STATS = "mine.json: benchmarks[0].stats."


class TestHostile:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", "mine.json: ends after 0 bytes"),
            (b"[1, 2]", "expected object, got array"),
            (b"null", "expected object, got null"),
            (b"{}", "missing benchmarks"),
            (b'{"benchmarks": []}', "neither likeforlike's nor pytest-benchmark's result file"),
            (b'{"benchmarks": [', "ends after 16 bytes; the JSON is truncated"),
            (b"PK\x03\x04 no JSON at all", "not JSON"),
            (b"\xff\xfe{\x00}", "not JSON"),
            (b'{"benchmarks": [], "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
            (b"[" * 200_000, "nested too deeply"),
            (b'{"benchmarks": [], "datetime": "caf\xe9"}', "byte 3 of a string; expected UTF-8"),
            (b'{"x":' * 100_000, "nested too deeply"),
            # less deep, but a hidden character sends it through Python's own recursion
            (
                b'{"benchmarks": [], "x": "\\u202e", "y": ' + b"[" * 990 + b"]" * 990 + b"}",
                "nested too deeply",
            ),
        ],
    )
    def test_no_result_file(self, content, expected):
        assert expected in refusal(content)

    def test_a_file_cut_anywhere_is_refused(self):
        whole = json.dumps(one_cell()).encode()
        for length in range(0, len(whole) - 1, 61):
            refusal(whole[:length])

    @pytest.mark.parametrize(
        ("value", "constant"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
    )
    def test_bare_constants_are_named_with_their_field(self, value, constant):
        document = one_cell()
        document["benchmarks"][0]["stats"]["data"][1] = value
        expected = f"{STATS}data[1]: {constant}; expected a finite number (JSON has no such value)"
        assert refusal(document) == expected

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                setter("benchmark", "stats", "data", value=[0.1, -0.2]),
                f"{STATS}data[1]: -0.2; expected float >= 0.0",
            ),
            (
                setter("benchmark", "stats", "data", value=[]),
                f"{STATS}data: []; expected at least one sample",
            ),
            (
                setter("benchmark", "stats", "data", value="fast"),
                f'{STATS}data: "fast"; expected array | null, got str',
            ),
            (
                setter("benchmark", "stats", "rounds", value=10**9),
                f"{STATS}rounds: 1000000000; expected 3, as many as data has",
            ),
            (setter("benchmark", "stats", "rounds", value=10**40), f"{STATS}rounds"),
            (
                setter("extra", "round_numbers", value=[0, 1]),
                f"{EXTRA}round_numbers: 2 entries; expected 3, one for each sample",
            ),
            (
                setter("extra", "launch_numbers", value=[0, 1]),
                f"{EXTRA}launch_numbers: 2 entries; expected 3, one for each sample",
            ),
            (
                setter("extra", "round_numbers", value=[0, 1, 1]),
                f"{EXTRA}round_numbers: 1; expected each round once",
            ),
            (
                setter("extra", "transfer", value={"to_device_seconds": [1], "to_host_seconds": [1, 1, 1]}),
                f"{EXTRA}transfer.to_device_seconds: 1 entries; expected 3, one for each sample",
            ),
            (setter("extra", "cold_seconds", value=-1), f"{EXTRA}cold_seconds: -1; expected float >= 0.0"),
            (setter("extra", "flop", value="many"), f'{EXTRA}flop: "many"; expected float | null, got str'),
            (setter("extra", "device", value=7), f"{EXTRA}device: 7; expected str, got int"),
            (setter("extra", "device", value=""), f'{EXTRA}device: ""; expected str of length >= 1'),
            (setter("extra", "axes", value=[1]), f"{EXTRA}axes; expected object, got array"),
            (setter("extra", "axes", value={"size": {"n": 1}}), f"{EXTRA}axes"),
            (setter("extra", "axes", value={"size": 10**30}), f"{EXTRA}axes"),
            (setter("extra", "division", value="closed"), f'{EXTRA}division: "closed"; invalid enum value'),
            (setter("extra", "timing", value="guessed"), f"{EXTRA}timing"),
            (setter("extra", "verified", value={"error": 1e-7}), f"{EXTRA}verified; missing tolerance"),
            (setter("extra", "ceiling", value={"flop_per_second": 0}), f"{EXTRA}ceiling.flop_per_second"),
            (setter("extra", "epochs", value=[{"epoch": 1}]), f"{EXTRA}epochs[0]; missing train_seconds"),
            (
                setter("extra", "epochs", value=[{"epoch": 1, "train_seconds": 1, "val_accuracy": 89.5}]),
                f"{EXTRA}epochs[0].val_accuracy: 89.5; expected float <= 1.0",
            ),
            (
                setter("extra", "epochs", value=[{"epoch": 2, "train_seconds": 1}] * 2),
                f"{EXTRA}epochs: [2, 2]; expected epochs in order, each once",
            ),
            (setter("document", "benchmarks", value={}), "mine.json: benchmarks; expected array, got object"),
            (
                setter("document", "machine_info", "likeforlike", value={"id": 3}),
                "mine.json: machine_info.likeforlike.id: 3; expected str, got int",
            ),
            (
                setter("document", "likeforlike", "schema_version", value=2),
                "mine.json: likeforlike.schema_version: 2; this likeforlike reads up to 1; install a newer one",
            ),
            (
                setter("document", "likeforlike", "schema_version", value="1"),
                'mine.json: likeforlike.schema_version: "1"; expected int | null, got str',
            ),
            (
                setter("document", "likeforlike", value={"schema_version": 1}),
                "mine.json: likeforlike; missing run_id",
            ),
            (
                setter("document", "likeforlike", "noise", value={"aa_interval": [0, 1]}),
                "mine.json: likeforlike.noise.aa_interval[0]: 0; expected float > 0.0",
            ),
            (
                setter("document", "likeforlike", "unmeasured", value=[{"cell": "x"}]),
                "mine.json: likeforlike.unmeasured[0]; missing outcome",
            ),
        ],
    )
    def test_wrong_values_are_named_with_field_and_expectation(self, change, expected):
        assert refusal(altered(change)).startswith(expected)

    def test_a_number_too_large_for_a_float(self):
        content = json.dumps(one_cell()).replace("0.011", "1e999").encode()
        assert "number out of range" in refusal(content)

    def test_missing_file(self, tmp_path):
        with pytest.raises(ResultError, match="can't be read; no such file"):
            read_results(tmp_path / "none.json")

    def test_folder(self, tmp_path):
        with pytest.raises(ResultError, match="is a directory"):
            read_results(tmp_path)

    def test_empty_file(self, tmp_path):
        path = tmp_path / "empty.json"
        path.write_text(" \n")
        with pytest.raises(ResultError, match="the file is empty"):
            read_results(path)

    def test_a_file_larger_than_any_result(self, tmp_path, monkeypatch):
        monkeypatch.setattr("likeforlike.reports.read.files.LARGEST_BYTES", 10)
        path = samples.write(tmp_path / "large.json", one_cell())
        with pytest.raises(ResultError, match="expected at most 10 for one result file"):
            read_results(path)


class TestVisible:
    def test_every_string_of_a_file(self):
        document = one_cell(implementation="evil\x1b[2J\u202e", device_name="a\nb")
        document["machine_info"]["likeforlike"]["versions"]["bad\nkey"] = "\u2066"
        file = parse(document)
        assert file.cells[0].extra.implementation == "evil\\x1b[2J\\u202e"
        assert file.cells[0].extra.device_name == "a\\nb"
        assert file.machine.fact["bad\\nkey"] == "\\u2066"

    def test_names_in_errors(self):
        with pytest.raises(ResultError) as caught:
            parse_results(b"{}", "a\x1b[31m\n.json")
        assert str(caught.value) == "a\\x1b[31m\\n.json; missing benchmarks"


def test_zero_is_not_positive_where_a_library_has_small_numbers_taken_for_zero():
    torch = pytest.importorskip("torch")
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor can't")
    try:
        noise = setter("document", "likeforlike", "noise", value={"aa_interval": [0, 1]})
        assert "expected float > 0.0" in refusal(altered(noise))
    finally:
        torch.set_flush_denormal(False)
