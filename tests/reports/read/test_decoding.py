"""Numbers that JSON does not have: free where they are not used, one line where they are."""

from __future__ import annotations

import copy
import json
import math

import pytest
import report_samples as samples

from likeforlike.reports.read.decoding import DEEPEST, parse
from likeforlike.reports.read.formats.pytest_benchmark import parse_results
from likeforlike.reports.read.result_file import ResultError

PLAIN = samples.plain_run({"t.py::a": [0.2, 0.1, 0.3]})

OWN = samples.document(
    [samples.cell("matmul", "numpy", "cpu:0", {"size": 500, "dtype": "float32"}, [0.010, 0.011, 0.012])],
    samples.fingerprint(gpus=[samples.A100]),
)

LITERALS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def put(document, path, value):
    document = copy.deepcopy(document)
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return document


def read(document):
    return parse_results(json.dumps(document).encode(), "mine.json")


UNUSED = [
    ("benchmarks", 0, "extra_info", "loss"),
    ("benchmarks", 0, "extra_info", "device"),
    ("benchmarks", 0, "params"),
    ("benchmarks", 0, "param"),
    ("benchmarks", 0, "options", "max_time"),
    ("benchmarks", 0, "options"),
    ("benchmarks", 0, "stats", "stddev"),  # what follows from the samples is not taken from the file
    ("benchmarks", 0, "stats", "median"),
    ("benchmarks", 0, "stats", "ops"),
    ("benchmarks", 0, "unknown"),
    ("machine_info", "cpu", "count"),
    ("machine_info", "cpu", "hz_actual"),
    ("machine_info", "cpu"),
    ("machine_info", "node"),
    ("machine_info", "load"),
    ("commit_info", "id"),
    ("commit_info", "score"),
    ("commit_info",),
    ("likewise",),
]


class TestUnused:
    @pytest.mark.parametrize("value", LITERALS.values(), ids=LITERALS)
    @pytest.mark.parametrize("path", UNUSED, ids=lambda path: ".".join(map(str, path)))
    def test_costs_nothing(self, path, value):
        assert read(put(PLAIN, path, value)).cells[0].samples == (0.2, 0.1, 0.3)

    def test_costs_nothing_however_deep(self):
        nested = {"a": [1, {"b": [math.nan, {"c": math.inf}]}], "d": math.nan}
        (cell,) = read(put(PLAIN, ("benchmarks", 0, "extra_info"), nested)).cells
        assert cell.extra_info == {"a": [1, {"b": [None, {"c": None}]}], "d": None}

    @pytest.mark.parametrize(
        "path",
        [
            ("benchmarks", 0, "extra_info", "my_own"),
            ("benchmarks", 0, "extra_info", "threads"),
            ("machine_info", "cpu"),
            ("machine_info", "likeforlike", "load"),
            ("likeforlike", "remark"),
            ("commit_info",),
        ],
    )
    def test_in_files_of_ours(self, path):
        value = {"x": math.nan} if path[-1] == "threads" else math.nan
        assert read(put(OWN, path, value)).cells[0].samples == (0.010, 0.011, 0.012)

    def test_of_a_mapping_that_is_kept_it_is_null(self):
        file = read(put(OWN, ("machine_info", "likeforlike", "cpu", "hertz"), math.nan))
        assert file.machine.fingerprint["cpu"]["hertz"] is None
        assert file.machine.label == "2 x Intel Xeon + A100-SXM4-80GB"
        assert all("Unusable" not in value for _, value in file.machine.facts)

    def test_in_fields_that_are_free_to_hold_anything_it_is_null(self):
        document = put(OWN, ("benchmarks", 0, "extra_info", "terms"), {"x": [math.nan], "y": 1})
        document = put(document, ("likeforlike", "options"), {"seconds": math.inf})
        file = read(document)
        assert file.cells[0].extra.terms == {"x": [None], "y": 1}
        assert file.header.options == {"seconds": None}

    def test_long_integers(self):
        content = json.dumps(put(PLAIN, ("benchmarks", 0, "extra_info"), {"n": 10**30, "m": "@"})).encode()
        (cell,) = parse_results(content.replace(b'"@"', b"9" * 10_000), "mine.json").cells
        assert cell.extra_info == {"n": 10**30, "m": None}

    def test_numbers_too_large_for_a_float(self):
        content = json.dumps(put(PLAIN, ("benchmarks", 0, "extra_info", "x"), "@")).encode()
        (cell,) = parse_results(content.replace(b'"@"', b"-1e999"), "mine.json").cells
        assert cell.extra_info["x"] is None

    def test_half_a_surrogate_pair(self):
        (cell,) = read(put(PLAIN, ("benchmarks", 0, "extra_info", "x"), "\udcff")).cells
        assert cell.extra_info["x"] == "\\udcff"

    def test_what_pytest_benchmark_can_not_write_out(self):
        text = "UNSERIALIZABLE[<object object at 0x7f>]"
        document = put(PLAIN, ("benchmarks", 0, "extra_info", "x"), text)
        document = put(document, ("benchmarks", 0, "params"), {"model": text})
        (cell,) = read(document).cells
        assert (cell.extra_info["x"], cell.params) == (text, {"model": text})


class TestUsed:
    @pytest.mark.parametrize(("literal", "value"), LITERALS.items())
    @pytest.mark.parametrize(
        ("document", "path", "field"),
        [
            (PLAIN, ("benchmarks", 0, "stats", "data", 1), "benchmarks[0].stats.data[1]"),
            (PLAIN, ("benchmarks", 0, "stats", "rounds"), "benchmarks[0].stats.rounds"),
            (PLAIN, ("benchmarks", 0, "stats", "iterations"), "benchmarks[0].stats.iterations"),
            (PLAIN, ("benchmarks", 0, "stats"), "benchmarks[0].stats"),
            (PLAIN, ("benchmarks", 0, "name"), "benchmarks[0].name"),
            (PLAIN, ("benchmarks", 0, "group"), "benchmarks[0].group"),
            (PLAIN, ("version",), "version"),
            (PLAIN, ("benchmarks",), "benchmarks"),
            (OWN, ("benchmarks", 0, "stats", "data", 0), "benchmarks[0].stats.data[0]"),
            (OWN, ("benchmarks", 0, "extra_info", "flop"), "benchmarks[0].extra_info.flop"),
            (OWN, ("benchmarks", 0, "extra_info", "workload"), "benchmarks[0].extra_info.workload"),
            (OWN, ("benchmarks", 0, "extra_info", "axes", "size"), "benchmarks[0].extra_info.axes.size"),
            (OWN, ("machine_info", "likeforlike", "memory_bytes"), "machine_info.likeforlike.memory_bytes"),
            (OWN, ("likeforlike", "run_id"), "likeforlike.run_id"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_named_with_its_field(self, document, path, field, literal, value):
        with pytest.raises(ResultError) as caught:
            read(put(document, path, value))
        expected = "expected a finite number (JSON has no such value)"
        assert str(caught.value) == f"mine.json: {field}: {literal}; {expected}"

    @pytest.mark.parametrize("name", ["median", "min", "q1", "q3", "max", "mean", "stddev"])
    def test_of_a_summary_without_samples(self, name):
        document = copy.deepcopy(PLAIN)
        stats = document["benchmarks"][0]["stats"]
        del stats["data"]
        stats[name] = math.nan
        with pytest.raises(ResultError, match=rf"benchmarks\[0\]\.stats\.{name}: NaN; expected a finite"):
            read(document)

    def test_numbers_too_large(self):
        content = json.dumps(PLAIN).replace("0.1, 0.3", "1e999, 0.3").encode()
        with pytest.raises(ResultError) as caught:
            parse_results(content, "mine.json")
        assert str(caught.value) == "mine.json: benchmarks[0].stats.data[1]: 1e999; number out of range"


class TestDepth:
    def test_brackets_in_strings_are_no_nesting(self):
        document = put(PLAIN, ("benchmarks", 0, "extra_info", "x"), '[{"\\' * 1000)
        assert read(document).cells

    def test_the_deepest_and_one_more(self):
        assert parse(b"[" * DEEPEST + b"]" * DEEPEST, "x").value is not None
        with pytest.raises(ResultError, match="nested too deeply"):
            parse(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "x")
