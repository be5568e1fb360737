"""Units and digits at their bounds: where the next larger unit begins, and what is no longer shown."""

from __future__ import annotations

import math

import pytest

from likeforlike.devices.limits.units import (
    beyond_shown,
    format_bandwidth,
    format_rate,
    format_seconds,
    format_seconds_interval,
    plain_number,
    size_of,
)


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (1.23456e15, "1.235 PFLOP/s"),
        (1e15, "1 PFLOP/s"),
        (999.96e12, "1 PFLOP/s"),
        (999.94e12, "999.9 TFLOP/s"),
        (999.6e12, "999.6 TFLOP/s"),
        (1e12, "1 TFLOP/s"),
        (1.23456e9, "1.235 GFLOP/s"),
        (1e9, "1 GFLOP/s"),
        (2.5e6, "2.5 MFLOP/s"),
        (1e6, "1 MFLOP/s"),
        (999_900.0, "999,900 FLOP/s"),
        (3.0, "3 FLOP/s"),
        (0.5, "0.5 FLOP/s"),
    ],
)
def test_rates_have_four_digits(rate, text):
    assert format_rate(rate) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (1.236e15, "1.24 PB/s"),
        (999.6e12, "1 PB/s"),
        (999.4e12, "999 TB/s"),
        (2e12, "2 TB/s"),
        (20.44e9, "20.4 GB/s"),
        (5e6, "5 MB/s"),
        (1e6, "1 MB/s"),
        (10.0, "10 B/s"),
        (0.25, "0.25 B/s"),
    ],
)
def test_bandwidths_have_three_digits(rate, text):
    assert format_bandwidth(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.0, "1 s"),
        (0.9996, "1 s"),
        (0.9994, "999 ms"),
        (1e-3, "1 ms"),
        (9.996e-4, "1 ms"),
        (9.994e-4, "999 µs"),
        (1e-6, "1 µs"),
        (9.996e-7, "1 µs"),
        (9.994e-7, "999 ns"),
        (2e-9, "2 ns"),
        (5e-10, "0.5 ns"),
        (-0.0032, "-3.2 ms"),
    ],
)
def test_seconds_have_three_digits(seconds, text):
    assert format_seconds(seconds) == text


def test_a_figure_may_have_another_s_unit():
    assert format_seconds(0.0032, like=2.0) == "0.0032 s"
    assert format_seconds(2.0, like=0.9994) == "2,000 ms"
    assert format_seconds(2.0, like=0.9996) == "2 s"
    assert format_seconds_interval(0.5, 1.5, 0.9996) == "0.5 to 1.5 s"
    assert format_seconds_interval(0.5, 1.5, 0.9994) == "500 to 1,500 ms"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"),
        (1, 3, "1"),
        (-1, 3, "-1"),
        (math.inf, 3, "inf"),
        (-math.inf, 3, "-inf"),
        (math.nan, 3, "nan"),
        (4.706, 3, "4.71"),
        (4.706, 2, "4.7"),
        (9.996, 3, "10"),
        (300.0, 3, "300"),
        (12_345.6, 3, "12,346"),
        (0.00104, 3, "0.00104"),
        (0.001, 3, "0.001"),
        # no more than twelve places behind the point
        (2.4e-12, 3, "0.000000000002"),
        (1.234e-10, 3, "0.000000000123"),
        (0.5e-12, 3, "<0.000000000001"),
        (1e15, 3, "1,000,000,000,000,000"),
        (1.1e15, 3, ">1,000,000,000,000,000"),
    ],
)
def test_digits_that_are_shown(value, digits, text):
    assert plain_number(value, digits) == text


def test_three_digits_unless_others_are_asked_for():
    assert plain_number(4.7064) == "4.71"


def test_what_lies_beyond_what_is_shown():
    assert beyond_shown(10.0**-12) == ""
    assert beyond_shown(0.9e-12) == "<0.000000000001"
    assert beyond_shown(1e15) == ""
    assert beyond_shown(1.0001e15) == ">1,000,000,000,000,000"
    # what is below 0 is shown as it is, however small or large
    assert beyond_shown(-0.9e-12) == beyond_shown(-1e16) == beyond_shown(-1.0) == ""


@pytest.mark.parametrize(
    ("value", "digits", "size"),
    [(9.996, 3, 1), (9.994, 3, 0), (-9.996, 3, 1), (0.0099996, 4, -2), (9.996, 4, 0)],
)
def test_the_size_of_a_figure_is_that_of_what_is_shown(value, digits, size):
    assert size_of(value, digits) == size
