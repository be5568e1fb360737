"""The clock's rows, each on a clock that is made up."""

from __future__ import annotations

import itertools

import pytest

from likeforlike.devices.check.clock import Pair, agreement_row, read_pair, source_row, step_rows
from likeforlike.devices.check.rows import Place

HERE = Place()


def ticking(step, back_at=None, back=0.0):
    """A clock that goes on by ``step`` with each reading, and back once."""
    count, now = itertools.count(), 0.0

    def clock():
        nonlocal now
        now += -back if next(count) == back_at else step
        return now

    return clock


def test_a_fine_clock_that_goes_forward_is_good():
    resolution, forward = step_rows(HERE, ticking(5e-8), readings=1000)
    assert (resolution.verdict, forward.verdict) == ("good", "good")
    assert resolution.found == "steps of 50 ns, a reading takes 50 ns"


def test_a_clock_that_runs_backwards_is_bad():
    resolution, forward = step_rows(HERE, ticking(5e-8, back_at=500, back=3e-6), readings=1000)
    assert resolution.verdict == "good"
    assert (forward.verdict, forward.found) == ("bad", "it went back by 3 µs")
    assert forward.remedy


@pytest.mark.parametrize(("step", "verdict"), [(2e-6, "warn"), (2e-3, "bad"), (0.0, "bad")])
def test_a_coarse_clock_and_one_that_stands_still(step, verdict):
    resolution, forward = step_rows(HERE, ticking(step), readings=100)
    assert resolution.verdict == verdict
    assert forward.verdict == "good"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (60.0, 60.006, "good"),
        (60.0, 60.03, "warn"),
        (60.0, 59.5, "bad"),
        (60.0, 61.0, "bad"),
        (60.0, 0.0, "bad"),
        (0.1, 0.1, "not measurable"),
    ],
)
def test_two_clocks_that_disagree(one, other, verdict):
    row = agreement_row(HERE, Pair(1000.0, 5.0), Pair(1000.0 + one, 5.0 + other))
    assert row.verdict == verdict
    assert bool(row.remedy) == (verdict in ("warn", "bad"))


def test_the_drift_is_told_in_parts_in_a_million():
    row = agreement_row(HERE, Pair(0.0, 0.0), Pair(10.003, 10.0))
    assert row.found == "300 parts in a million apart over 10 s"


def test_a_pair_is_read_around_the_second_clock():
    pair = read_pair(iter([1.0, 3.0]).__next__, iter([7.0]).__next__)
    assert pair == Pair(2.0, 7.0)


@pytest.mark.parametrize(
    ("name", "verdict"), [("tsc\n", "good"), ("hpet\n", "warn"), (None, "not measurable")]
)
def test_the_kernel_s_source(tmp_path, name, verdict):
    if name is not None:
        (tmp_path / "source").write_text(name)
    assert source_row(HERE, tmp_path / "source").verdict == verdict
