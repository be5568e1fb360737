"""On what a measurement is judged, and how many calls its launches have."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.reports.read.schema.cells import CallTimes
from likeforlike.reports.sort.call_times import calls_a_launch, statistic_of


def run(*calls_of_launches, statistic="p99"):
    told = [
        CallTimes(launch=number, calls=calls, seconds=tuple(1.0 + n for n in range(calls)))
        for number, calls in enumerate(calls_of_launches)
    ]
    extra = SimpleNamespace(statistic=statistic, call_times=told, beside={}, cell="a cell")
    return SimpleNamespace(cell=SimpleNamespace(extra=extra))


def measurement(*runs, whole=False):
    return SimpleNamespace(runs=runs, extra=runs[0].cell.extra, whole=whole)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (measurement(run(3), run(4)), "p99"),
        (measurement(run(3, statistic="p50")), "p50"),
        (measurement(run(3, statistic="median")), "median"),
        (measurement(run()), "median"),
        (measurement(run(3), run()), "median"),
        (measurement(run(3), whole=True), "median"),
        (measurement(run(), whole=True), "median"),
    ],
)
def test_a_quantile_is_judged_on_where_every_run_has_calls(item, expected):
    assert statistic_of(item) == expected


def test_calls_of_the_launch_that_has_the_most():
    assert calls_a_launch(measurement(run(3, 7, 5), run(2))) == 7
    assert calls_a_launch(measurement(run())) == 0
