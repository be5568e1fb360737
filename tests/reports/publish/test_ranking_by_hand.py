"""The page's ranks by hand: intervals over launches, and who is surely first."""

from __future__ import annotations

import math

import pytest
import report_by_hand as by_hand

from likeforlike.reports.publish.ranking import interval_seconds
from likeforlike.reports.read.schema.cells import CallTimes

STUDENT = math.tan(0.475 * math.pi)
"""Student's 97.5 % quantile with one degree of freedom, which is Cauchy's: 12.7."""


def two_launches(**extra):
    """Launches whose medians are 1.0 and 1.1 s."""
    made = by_hand.cell(samples=(1.0, 1.0, 1.1, 1.1), launch_numbers=(0, 0, 1, 1), **extra)
    return by_hand.measured(made)


def test_an_interval_over_two_launches():
    """Of the logs 0 and d the mean is d / 2, their variance d² / 2, the error of the mean d / 2."""
    expected = 1.1 ** ((1.0 - STUDENT) / 2.0), 1.1 ** ((1.0 + STUDENT) / 2.0)
    assert interval_seconds(two_launches()) == pytest.approx(expected)


def test_the_interval_is_of_medians_whatever_quantile_was_asked_for():
    """400 calls of 9 s in each launch would give a p99 of 9 s, beside times that are medians."""
    calls = tuple(CallTimes(seconds=(9.0,) * 400, launch=launch) for launch in (0, 1))
    asked = two_launches(statistic="p99", call_times=calls)
    assert interval_seconds(asked) == interval_seconds(two_launches())


def test_of_one_launch_there_is_no_interval():
    assert interval_seconds(by_hand.measured(by_hand.cell())) is None
