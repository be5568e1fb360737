"""Seconds and rates as people write them."""

from __future__ import annotations

import math
import random

import pytest

from likeforlike.devices.limits.units import (
    format_rate,
    format_seconds,
    format_seconds_interval,
    plain_number,
)

FACTORS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9996, "1 s"),
        (0.9994, "999 ms"),
        (9.996e-4, "1 ms"),
        (9.996e-7, "1 µs"),
        (9.994e-7, "999 ns"),
        (2.7e-7, "270 ns"),
        (4.706, "4.71 s"),
        (0.0032, "3.2 ms"),
        (59.96, "60 s"),
        (12345.6, "12,346 s"),
        (5e-10, "0.5 ns"),
        (1e-30, "<0.000000000001 ns"),
        (1e300, ">1,000,000,000,000,000 s"),
        (-0.0032, "-3.2 ms"),
        (0.0, "0 ns"),
    ],
)
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (19.5e12, "19.5 TFLOP/s"),
        (999.96e9, "1 TFLOP/s"),
        (2.5e8, "250 MFLOP/s"),
        (123456.0, "123,456 FLOP/s"),
        (1.23456e19, "12,346 PFLOP/s"),
    ],
)
def test_rates(rate, text):
    assert format_rate(rate) == text


def test_an_interval_has_its_figures_unit():
    assert format_seconds_interval(2.68e-7, 2.73e-7, 2.7e-7) == "268 to 273 ns"
    assert format_seconds_interval(9.5e-4, 1.2e-3, 1.01e-3) == "0.95 to 1.2 ms"
    assert format_seconds(2.73e-7, like=1.5e-6) == "0.273 µs"


def test_no_exponent_and_three_digits_whatever_the_size():
    """Read back, the text is the figure within half of its third digit."""
    rng = random.Random(1)
    for _ in range(2000):
        seconds = 10 ** rng.uniform(-9, 7)
        number, unit = format_seconds(seconds).split(" ")
        assert "e" not in number
        assert float(number.replace(",", "")) * FACTORS[unit] == pytest.approx(seconds, rel=0.00502)
        assert float(number.replace(",", "")) < 1000 or unit == "s"


def test_numbers_that_are_none():
    assert plain_number(math.inf) == "inf"
    assert plain_number(0) == "0"
