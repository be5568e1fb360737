"""Files of tools that are not read, so that an error can say whose they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from likeforlike.reports.read.decoding import Document
from likeforlike.reports.read.format import Format

HEAD_BYTES = 65536
"""Of a text, what is looked at."""


def _object(*keys: str) -> Callable[[Document], bool]:
    """A JSON object with all these keys."""

    def recognise(document: Document) -> bool:
        return isinstance(document.value, dict) and set(keys) <= document.value.keys()

    return recognise


def _objects(*keys: str) -> Callable[[Document], bool]:
    """A JSON list whose first item is an object with all these keys."""

    def recognise(document: Document) -> bool:
        return set(keys) <= _first(document).keys()

    return recognise


def _first(document: Document) -> Mapping[str, Any]:
    value = document.value
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _text(*marks: str) -> Callable[[Document], bool]:
    """No JSON, and one of these marks near its beginning."""

    def recognise(document: Document) -> bool:
        head = document.content[:HEAD_BYTES]
        return document.fault is not None and any(mark.encode() in head for mark in marks)

    return recognise


def _asv_benchmarks(document: Document) -> bool:
    value = document.value if isinstance(document.value, dict) else {}
    return any(isinstance(item, dict) and {"code", "param_names"} <= item.keys() for item in value.values())


def _codspeed(document: Document) -> bool:
    creator = document.value.get("creator") if isinstance(document.value, dict) else None
    return isinstance(creator, dict) and "codspeed" in str(creator.get("name", "")).lower()


def _vitest(document: Document) -> bool:
    files = document.value.get("files") if isinstance(document.value, dict) else None
    return isinstance(files, list) and any(isinstance(file, dict) and "groups" in file for file in files)


def _julia(document: Document) -> bool:
    return "BenchmarkTools" in _first(document)


def _haskell_criterion(document: Document) -> bool:
    value = document.value
    return isinstance(value, list) and value[:1] in (["criterion"], ["criterio"])


def _either(*recognisers: Callable[[Document], bool]) -> Callable[[Document], bool]:
    def recognise(document: Document) -> bool:
        return any(recogniser(document) for recogniser in recognisers)

    return recognise


FORMATS = tuple(
    Format(name, recognise)
    for name, recognise in (
        ("asv's results", _object("results", "commit_hash")),
        (
            "asv's configuration (asv.conf.json)",
            _either(_object("repo", "project"), _text('"environment_type"', '"show_commit_url"')),
        ),
        ("asv's list of benchmarks", _asv_benchmarks),
        ("asv's description of a machine", _object("arch", "cpu", "machine", "os", "ram")),
        (
            "github-action-benchmark's data",
            _either(_object("lastUpdate", "entries"), _text("BENCHMARK_DATA")),
        ),
        ("github-action-benchmark's input", _objects("name", "unit", "value")),
        ("an MLPerf log", _text(":::MLLOG", ":::MLP", ":::ENDPTS")),
        ("an MLPerf inference summary", _text("MLPerf Results Summary")),
        ("criterion.rs's estimates", _object("mean", "median", "std_dev")),
        ("criterion.rs's samples", _object("sampling_mode", "iters", "times")),
        ("criterion.rs's description of a benchmark", _object("group_id", "full_id", "directory_name")),
        ("cargo-criterion's messages", _either(_object("reason", "typical"), _text('"reason":"benchmark-'))),
        ("Haskell criterion's report", _haskell_criterion),
        ("JMH's results", _objects("benchmark", "mode", "primaryMetric")),
        ("CodSpeed's results", _codspeed),
        ("k6's summary", _object("metrics", "root_group")),
        (
            "k6's samples",
            _either(_object("type", "metric", "data"), _text('"type":"Metric"', '"metric":"http_req')),
        ),
        ("BenchmarkDotNet's results", _object("HostEnvironmentInfo", "Benchmarks")),
        ("Vitest's benchmark results", _vitest),
        ("BenchmarkTools.jl's results", _julia),
        ("a Lighthouse report", _object("lighthouseVersion", "audits")),
        ("a profiler's trace", _object("traceEvents")),
        ("pytest-json-report's report", _object("exitcode", "environment", "tests")),
        ("coverage.py's report", _object("meta", "files", "totals")),
        ("a Jupyter notebook", _object("nbformat", "cells")),
        ("an npm package's description", _object("name", "version", "dependencies")),
        ("JUnit's XML", _text("<testsuite", "<testsuites")),
        ("an HTML page", _text("<!DOCTYPE html", "<!doctype html", "<html")),
        ("Go's benchmark output", _text("ns/op")),
        ("hyperfine's CSV (its --export-json is read)", _text("command,mean,stddev,median")),
        (
            "google/benchmark's CSV (its --benchmark_out_format=json is read)",
            _text("name,iterations,real_time"),
        ),
        ("pytest-benchmark's CSV (its --benchmark-json is read)", _text("iqr_outliers,", "param:")),
        (
            "the journal of a likeforlike run (the result file beside it is read)",
            _either(_object("run_id", "order_seed"), _text('"order_seed"')),
        ),
        ("a Git LFS pointer (git lfs pull fetches the file)", _text("version https://git-lfs")),
        ("a file with Git's marks of a conflict", _text("<<<<<<< ")),
    )
)
