"""Under which conditions pyperf measured, as its metadata tell or leave out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from likeforlike.reports.read.recognition import read_content

PYTHON = {"perf_version": "2.11.0", "python_implementation": "cpython"}


def options(*runs: dict[str, Any], common: dict[str, Any] | None = None) -> dict[str, Any]:
    """Those of a benchmark of so many runs of two values each, by their metadata."""
    told = [{"values": [1e-3, 2e-3], "metadata": run} for run in runs]
    benchmark = {"metadata": {"name": "sort"}, "runs": told}
    document = {"version": "1.0", "metadata": PYTHON if common is None else common, "benchmarks": [benchmark]}
    (cell,) = read_content(json.dumps(document).encode(), "mine.json").cells
    return dict(cell.options)


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        (PYTHON, {"disable_gc": False}),
        (PYTHON | {"perf_version": "2.0.0"}, {"disable_gc": False}),
        (PYTHON | {"perf_version": "10.1"}, {"disable_gc": False}),
        (PYTHON | {"python_gc": "disabled"}, {"disable_gc": True}),
        ({"python_gc": "disabled"}, {"disable_gc": True}),  # whoever wrote it
        (PYTHON | {"python_gc": "frozen"}, {}),  # a word that is not pyperf's
        (PYTHON | {"python_gc": ["disabled"]}, {}),
        (PYTHON | {"perf_version": "1.9.1"}, {}),  # perf, which may have been too old to ask
        (PYTHON | {"perf_version": "two"}, {}),
        (PYTHON | {"perf_version": 2}, {}),
        ({"perf_version": "2.11.0"}, {}),  # a timed command: nothing is told of Python
        ({"python_implementation": "cpython"}, {}),
        ({}, {}),
    ],
)
def test_garbage_collection_is_off_if_told_and_on_if_pyperf_would_have_told(
    common: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert options({}, common=common) == expected


def test_it_may_be_told_at_a_run() -> None:
    off = {"python_gc": "disabled"}
    assert options(off, off) == {"disable_gc": True}
    assert options(off, {}) == options({}, off) == {}  # some runs with it and some without: neither


def test_how_machine_and_python_were_set_is_read_as_it_stands() -> None:
    told = {"cpu_affinity": "2-3", "cpu_config": "2-3=governor:performance", "aslr": "Full randomization"}
    told |= {"python_hash_seed": 0}
    moment = {"cpu_freq": "2=3000 MHz", "load_avg_1min": 0.5, "cpu_temp": "40 C", "python_cflags": "-O2"}
    assert options({}, common=told | moment) == told
    assert options(told, told, common={}) == told
    assert options(told, told | {"cpu_affinity": "2"}, common={"aslr": None}) == {
        name: told[name] for name in ("cpu_config", "aslr", "python_hash_seed")
    }


def test_the_clock_is_that_of_all_runs() -> None:
    assert options({"timer": "a"}, {"timer": "a"}, common={}) == {"timer": "a"}
    assert options({"timer": "a"}, {"timer": "b"}, common={}) == {}


def test_a_run_that_only_finds_out_how_many_loops_it_takes_is_not_asked() -> None:
    document = {
        "metadata": PYTHON,
        "benchmarks": [
            {
                "metadata": {"name": "sort"},
                "runs": [
                    {"metadata": {"calibrate_loops": 4, "python_gc": "disabled"}, "warmups": [[4, 1e-3]]},
                    {"metadata": {}, "values": [1e-3]},
                ],
            }
        ],
    }
    (cell,) = read_content(json.dumps(document).encode(), "mine.json").cells
    assert cell.options == {"disable_gc": False}
