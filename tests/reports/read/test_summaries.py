"""Summaries of samples, held against NumPy, statistics and what pytest-benchmark itself wrote."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import report_samples as samples

from likeforlike.reports.read.files import read_results
from likeforlike.reports.read.formats.pytest_benchmark import parse_results
from likeforlike.reports.read.summaries import Summary, summarise

DATA = Path(__file__).with_name("data")

FIELDS = {
    "min": "minimum_seconds",
    "q1": "q1_seconds",
    "median": "median_seconds",
    "q3": "q3_seconds",
    "max": "maximum_seconds",
    "mean": "mean_seconds",
    "stddev": "stddev_seconds",
    "rounds": "rounds",
    "iterations": "iterations",
}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 7, 30, 31])
def test_against_numpy(count):
    times = np.random.default_rng(count).lognormal(-5, 0.3, count)
    found = summarise(list(times), iterations=7)
    assert found.minimum_seconds == times.min()
    assert found.maximum_seconds == times.max()
    assert found.median_seconds == pytest.approx(np.median(times))
    assert found.mean_seconds == pytest.approx(times.mean())
    assert found.stddev_seconds == pytest.approx(times.std(ddof=1))
    assert (found.rounds, found.iterations) == (count, 7)
    assert times.min() <= found.q1_seconds <= found.median_seconds <= found.q3_seconds <= times.max()


def test_one_round_has_no_deviation():
    assert summarise([2.0]) == Summary(1, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, None, None)


@pytest.mark.parametrize("path", sorted(DATA.glob("pytest-benchmark-*.json")), ids=lambda path: path.stem)
def test_as_pytest_benchmark_has_them(path):
    entries = json.loads(path.read_text())["benchmarks"]
    for cell, entry in zip(read_results(path).cells, entries, strict=True):
        for theirs, ours in FIELDS.items():
            assert getattr(cell.summary, ours) == pytest.approx(entry["stats"][theirs], rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_saved_and_computed_agree(count):
    times = [float(x) for x in np.random.default_rng(1).lognormal(-5, 0.3, count)]
    with_samples = samples.plain_run({"t.py::a": times})
    stats = with_samples["benchmarks"][0]["stats"]
    stats["stddev"] = statistics.stdev(times) if count > 1 else 0
    without = json.loads(json.dumps(with_samples))
    del without["benchmarks"][0]["stats"]["data"]
    (saved,) = parse_results(json.dumps(without).encode(), "without").cells
    (computed,) = parse_results(json.dumps(with_samples).encode(), "with").cells
    assert (saved.samples_saved, computed.samples_saved) == (False, True)
    assert saved.median_seconds == computed.median_seconds
    for field in ("rounds", "minimum_seconds", "median_seconds", "maximum_seconds", "iterations"):
        assert getattr(saved.summary, field) == getattr(computed.summary, field)
    assert saved.summary.stddev_seconds == pytest.approx(computed.summary.stddev_seconds)
