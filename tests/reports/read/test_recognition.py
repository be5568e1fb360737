"""Files of other tools: told by their content, in one line."""

from __future__ import annotations

import json

import pytest
import report_samples as samples

from likeforlike.reports.read.decoding import parse
from likeforlike.reports.read.recognition import known_formats, read_content
from likeforlike.reports.read.result_file import ResultError

READABLE = (
    "likeforlike reads its own files, google/benchmark's, hyperfine's, nvbench's, pyperf's and "
    "pytest-benchmark's"
)

SMALL = {
    "asv's results": {"commit_hash": "a" * 40, "results": {"b.time_x": [[0.1]]}, "version": 2},
    "asv's configuration (asv.conf.json)": {"version": 1, "project": "p", "repo": "."},
    "asv's list of benchmarks": {"b.time_x": {"code": "def", "param_names": []}, "version": 2},
    "asv's description of a machine": dict.fromkeys(("arch", "cpu", "machine", "os", "ram", "num_cpu"), ""),
    "github-action-benchmark's data": {"lastUpdate": 1, "repoUrl": "", "entries": {"B": []}},
    "github-action-benchmark's input": [{"name": "x", "unit": "ms", "value": 3}],
    "criterion.rs's estimates": {"mean": {}, "median": {}, "median_abs_dev": {}, "std_dev": {}},
    "criterion.rs's samples": {"sampling_mode": "Linear", "iters": [1.0], "times": [9.0]},
    "criterion.rs's description of a benchmark": dict.fromkeys(("group_id", "full_id", "directory_name"), ""),
    "cargo-criterion's messages": {"reason": "benchmark-complete", "id": "x", "typical": {}},
    "Haskell criterion's report": ["criterion", "1.6", []],
    "JMH's results": [{"jmhVersion": "1.37", "benchmark": "b", "mode": "avgt", "primaryMetric": {}}],
    "CodSpeed's results": {
        "creator": {"name": "pytest-codspeed", "version": "3"},
        "benchmarks": [{"name": "test_x", "uri": "t.py::test_x", "stats": {"min_ns": 1}}],
    },
    "k6's summary": {"metrics": {"http_req_duration": {}}, "root_group": {}},
    "BenchmarkDotNet's results": {"Title": "x", "HostEnvironmentInfo": {}, "Benchmarks": []},
    "Vitest's benchmark results": {"files": [{"filepath": "x", "groups": []}]},
    "BenchmarkTools.jl's results": [{"Julia": "1.10", "BenchmarkTools": "1.0"}, []],
    "a Lighthouse report": {"lighthouseVersion": "12", "audits": {}},
    "a profiler's trace": {"traceEvents": []},
    "pytest-json-report's report": {"exitcode": 0, "environment": {}, "tests": []},
    "coverage.py's report": {"meta": {}, "files": {}, "totals": {}},
    "a Jupyter notebook": {"nbformat": 4, "cells": []},
    "an npm package's description": {"name": "x", "version": "1", "dependencies": {}},
    "the journal of a likeforlike run (the result file beside it is read)": {"run_id": "x", "order_seed": 3},
}

TEXTS = {
    "asv's configuration (asv.conf.json)": '{\n // a comment\n "project": "p", "environment_type": "virtualenv",\n}',
    "github-action-benchmark's data": 'window.BENCHMARK_DATA = {"lastUpdate": 1, "entries": {}}',
    "an MLPerf log": ':::MLLOG {"namespace": "", "time_ms": 1, "key": "cache_clear"}\n' * 3,
    "an MLPerf inference summary": "====\nMLPerf Results Summary\n====\nSUT name : x",
    "cargo-criterion's messages": '{"reason":"benchmark-complete"}\n{"reason":"group-complete"}\n',
    "k6's samples": '{"type":"Metric","data":{}}\n{"metric":"http_reqs","type":"Point","data":{}}\n',
    "JUnit's XML": '<?xml version="1.0"?><testsuites></testsuites>',
    "an HTML page": "<!DOCTYPE html><html></html>",
    "Go's benchmark output": "goos: linux\nBenchmarkX-8   	 1000	 123 ns/op\n",
    "hyperfine's CSV (its --export-json is read)": "command,mean,stddev,median,user,system,min,max\ntrue,1\n",
    "google/benchmark's CSV (its --benchmark_out_format=json is read)": "name,iterations,real_time,cpu_time\n",
    "the journal of a likeforlike run (the result file beside it is read)": '{"run_id":"x","order_seed":1}\n{"x":1}\n',
    "a Git LFS pointer (git lfs pull fetches the file)": "version https://git-lfs.github.com/spec/v1\noid x\n",
    "a file with Git's marks of a conflict": '{\n<<<<<<< HEAD\n "a": 1\n=======\n',
}


def refusal(content):
    with pytest.raises(ResultError) as caught:
        read_content(content, "x.json")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("name", "document"), SMALL.items(), ids=SMALL)
def test_json_that_is_not_read_is_named(name, document):
    assert refusal(json.dumps(document).encode()) == f"x.json: looks like {name}; {READABLE}"


@pytest.mark.parametrize(("name", "text"), TEXTS.items(), ids=TEXTS)
def test_text_that_is_not_read_is_named(name, text):
    assert refusal(text.encode()) == f"x.json: looks like {name}; {READABLE}"


@pytest.mark.parametrize("content", [b"{}", b"[]", b"3", b'"text"', b"null", b'{"a": {"b": 1}}'])
def test_other_json(content):
    assert refusal(content) == f"x.json; it is JSON, but no result file; {READABLE}"


def test_what_is_nearly_a_result_file_says_what_is_missing():
    assert refusal(b'{"benchmarks": [{"stats": {}}]}') == "x.json: benchmarks[0]; missing name"
    document = {"benchmarks": [{"name": "x", "stats": {"median": 1}}]}
    assert "neither likeforlike's nor pytest-benchmark's" in refusal(json.dumps(document).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"\x00\x01", b"nothing at all"])
def test_no_json_at_all(content):
    assert "JSON" in refusal(content)


ODD = [None, True, 0, "x", [], {}, [[]], [{}], [None], {"benchmarks": None}, {"benchmarks": [None]}]
ODD += [{"benchmarks": {}, "results": 3}, {"results": [{}]}, {"files": [3], "creator": 4}, {"a": None}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_recogniser_raises(value):
    document = parse(json.dumps(value).encode(), "x.json")
    for known in known_formats():
        assert not known.recognise(document)


def test_each_of_our_samples_is_recognised_by_one_format_alone():
    for value in (samples.quick_run(), samples.plain_run({"t.py::a": [1.0]})):
        document = parse(json.dumps(value).encode(), "x.json")
        assert [known.name for known in known_formats() if known.recognise(document)] == ["pytest-benchmark"]


def test_a_new_module_is_enough(tmp_path, monkeypatch):
    from likeforlike.reports.read import formats

    (tmp_path / "stopwatch.py").write_text(
        "from likeforlike.reports.read.format import Format\n"
        "FORMATS = (Format(\"a stopwatch's notes\", lambda d: d.value == 'stopwatch'),)\n"
    )
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    known_formats.cache_clear()
    try:
        assert "looks like a stopwatch's notes" in refusal(b'"stopwatch"')
    finally:
        known_formats.cache_clear()
