"""A group that took turns in pairs: who is paired with whose turns."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import read
from report_studies import study_of

from likeforlike.reports.read.result_file import ResultError
from likeforlike.reports.sort.beside_time.units import paired_by_launch

AXES = {"size": 500, "dtype": "float32"}
BESIDE = {"seconds": [5.0, 6.0], "round_numbers": [10, 11], "launch_numbers": [0, 1], "disturbed": []}


def cell(name, times, rounds, **extra):
    own = {"cell": name, "group": "g", "launch_numbers": [0] * len(times), "round_numbers": rounds}
    return samples.cell("matmul", name, "cpu:0", AXES, times, **(own | extra))


def pairs(*cells):
    base, other = study_of(samples.document(list(cells), noise=None)).measurements
    return list(paired_by_launch(base, other).values())


def test_turns_beside_the_other_are_its_partners_and_not_the_own_samples():
    base = cell("numpy", [1.0, 2.0], [0, 1], beside={"jax": BESIDE})
    other = cell("jax", [7.0, 9.0], [10, 11], launch_numbers=[0, 1])
    assert pairs(base, other) == [[(5.0, 7.0)], [(6.0, 9.0)]]
    assert pairs(other, base) == [[(7.0, 5.0)], [(9.0, 6.0)]]


def test_who_took_no_turns_with_it_is_paired_with_the_own_samples():
    base = cell("numpy", [1.0, 2.0], [0, 1], beside={"torch": BESIDE})
    assert pairs(base, cell("jax", [3.0, 4.0], [0, 1])) == [[(1.0, 3.0), (2.0, 4.0)]]


@pytest.mark.parametrize("key", ["round_numbers", "launch_numbers", "whole_seconds"])
def test_turns_beside_are_as_many_in_each_list(key):
    base = cell("numpy", [1.0, 2.0], [0, 1], beside={"jax": BESIDE | {key: [1]}})
    with pytest.raises(ResultError, match=rf"beside\.jax\.{key}.*1 entries.*expected 2"):
        read(samples.document([base]), "a.json")
