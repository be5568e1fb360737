"""The page's ranks by hand: intervals over launches, and who is surely first."""

from __future__ import annotations

import math

import pytest
import report_by_hand as by_hand

from likeforlike.reports.publish.page import shared_report
from likeforlike.reports.publish.ranking import Placed, firsts, interval_seconds, machines_among
from likeforlike.reports.read.result_file import Commit
from likeforlike.reports.read.schema.cells import CallTimes
from likeforlike.reports.sort.measured.measurements import Run

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


def standing(machine, low=None, high=None):
    """A machine's figure of a cell, between these ends; who is first goes by them and by nothing else."""
    cell = by_hand.cell()
    item = by_hand.measured(Run(by_hand.file(cell, of=by_hand.machine(machine)), cell))
    return Placed(item, 1, 9, 1.0, low, high)


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        ([("a", 1.0, 1.1), ("b", 2.0, 2.2)], {"a": 1}),
        ([("a", 1.0, 1.1), ("b", 1.1, 2.2)], {}),
        ([("a", 1.0, 1.1), ("b", 2.0, 2.2), ("c", 1.05, 3.0)], {}),
        ([("a", 1.0, 1.1), ("b", None, None)], {}),
        ([("a", None, None), ("b", 2.0, 2.2)], {}),
        # two GPUs of one machine, alike, both before the other's
        ([("a", 1.0, 1.1), ("a", 1.05, 1.15), ("b", 2.0, 2.2)], {"a": 1}),
        ([("a", None, None), ("a", 1.05, 1.15), ("b", 2.0, 2.2)], {"a": 1}),
        ([("a", 1.0, 1.1), ("b", 1.05, 1.15), ("b", 2.0, 2.2)], {}),
        ([("a", 1.0, 1.1), ("a", 2.0, 2.2)], {}),
    ],
)
def test_a_machine_is_first_if_it_is_surely_before_all_others(placed, expected):
    assert firsts([[standing(*one) for one in placed]]) == expected


def test_how_often_a_machine_is_first_is_counted():
    one = [standing("a", 1.0, 1.1), standing("b", 2.0, 2.2)]
    other = [standing("b", 1.0, 1.1), standing("a", 2.0, 2.2)]
    assert firsts([one, other, one]) == {"a": 2, "b": 1}


def test_a_machine_that_stands_twice_is_one():
    assert machines_among([standing("a"), standing("a"), standing("b")]) == 2


def ranks(*files):
    """What the page says of ranks, row by row."""
    (table,) = shared_report(files).sections[0].blocks
    rank = table.columns.index("rank")
    return [row.entries[rank].text for row in table.rows]


def test_a_machine_is_not_ranked_with_itself():
    """Of two commits its figures stand beside each other, each of one launch: any place but no rival."""
    first = by_hand.file(by_hand.cell(), name="a.json")
    second = by_hand.file(by_hand.cell(), name="b.json", commit=Commit("d" * 40, dirty=False))
    other = by_hand.machine("m2", label="4 x Xeon", facts={"usable cores": "4"})
    third = by_hand.file(by_hand.cell(), name="c.json", of=other)
    assert ranks(first, second) == ["–", "–"]
    assert ranks(first, second, third) == ["1 to 3"] * 3


def shown(*files):
    """By how much each is behind the fastest, row by row."""
    (table,) = shared_report(files).sections[0].blocks
    return [row.entries[table.columns.index("times the fastest")].text for row in table.rows]


def two_machines(one, other):
    """The same cell with these samples on either."""
    return (
        by_hand.file(by_hand.cell(samples=one), name="a.json"),
        by_hand.file(
            by_hand.cell(samples=other),
            name="b.json",
            of=by_hand.machine("m2", label="4 x Xeon", facts={"usable cores": "4"}),
        ),
    )


def test_what_is_far_behind_is_told_without_an_exponent():
    assert shown(*two_machines((2.0, 2.0, 2.0), (2460.0, 2460.0, 2460.0))) == ["×1.00", "×1,230"]


def test_over_a_time_of_0_nobody_has_a_ratio():
    assert shown(*two_machines((0.0, 0.0, 0.0), (2.0, 2.0, 2.0))) == ["–", "–"]
