"""A declared reference stands for a check and for a probe; against NumPy's own types and by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from likeforlike.models.contract import Axis, Kernel, Problem, Workload
from likeforlike.models.contract.against_reference import held_against, rounded_to, widened_problem

LEFT = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
RIGHT = np.array([[5.0, 6.0], [7.0, 8.0]], np.float32)
PROBLEM = Problem((LEFT, RIGHT), "float32", "cpu:0", {"size": 2})
WORKLOAD = Workload(
    name="sums",
    summary="",
    problem=lambda axes, device: PROBLEM,
    axes=(Axis("size", smoke=(2,), size=True),),
    reference=lambda problem: problem.operands[0] + problem.operands[1],
    tolerance=lambda axes: 0.01 * axes["size"],
)


def test_the_error_is_relative_to_the_largest_magnitude():
    answer = [[6.0, 8.0], [10.0, 12.0]]
    assert WORKLOAD.verify({"size": 2}, PROBLEM, answer).error == 0.0
    off = WORKLOAD.verify({"size": 2}, PROBLEM, [[6.0, 8.0], [10.0, 12.6]])
    assert off.error == pytest.approx(0.6 / 12.0)
    assert off.tolerance == 0.02
    assert not off.ok
    assert WORKLOAD.verify({"size": 2}, PROBLEM, [6.0, 8.0]).error == np.inf
    assert not WORKLOAD.verify({"size": 2}, PROBLEM, [[6.0, 8.0], [10.0, np.nan]]).ok


def test_a_probe_follows_the_changed_operand():
    probe = WORKLOAD.probe({"size": 2}, PROBLEM, np.random.default_rng(0))
    kernel = Kernel(call=lambda: None)
    factors = np.array([0.5, 1.0])
    changed = LEFT * factors[:, np.newaxis].astype(np.float32) + RIGHT
    assert probe(kernel, changed, factors).error == 0.0
    assert not probe(kernel, LEFT + RIGHT, factors).ok
    assert probe(kernel, LEFT + RIGHT, np.ones(2)).ok


def test_answers_of_several_parts():
    both = (np.array([1.0, 2.0]), np.array([[100.0]]))
    assert held_against(both, both, 0.1).ok
    assert held_against(both, (both[0], both[1] + 1), 0.1).error == pytest.approx(0.01)
    assert held_against(both, both[0], 0.1).error == np.inf
    assert held_against(both, (both[0],), 0.1).error == np.inf
    assert held_against(np.zeros(3), np.zeros(3), 0.0).ok
    assert held_against(np.zeros(3), np.array([0.0, 0.5, 0.25]), 0.0).error == 0.5
    assert held_against(np.zeros((0, 2)), np.zeros((0, 2)), 0.0).error == 0.0


def test_of_complex_answers_both_parts_count():
    right = np.array([3.0 + 4.0j, 0.0])
    assert held_against(right, right.astype(np.complex64), 0.0).error == 0.0
    assert held_against(right, right.conj(), 0.1).error == pytest.approx(8.0 / 5.0)
    assert held_against(right.real, right, 0.1).error == pytest.approx(4.0 / 3.0)


def test_rounding_is_that_of_the_types():
    random = np.random.default_rng(1)
    values = random.standard_normal(2000) * np.exp2(random.integers(-30, 15, 2000))
    for dtype in ("float32", "float16"):
        with np.errstate(over="ignore"):
            expected = values.astype(dtype).astype(np.float64)
        fits = np.isfinite(expected)
        np.testing.assert_array_equal(rounded_to(values, dtype)[fits], expected[fits])
    assert rounded_to(values, "float64") is values
    tiny = random.uniform(-1.0, 1.0, 2000) * np.exp2(random.integers(-149, -124, 2000))
    np.testing.assert_array_equal(rounded_to(tiny, "float32"), tiny.astype(np.float32).astype(np.float64))


def test_bfloat16_by_hand():
    """Eight bits of significand: between 1 and 2 the spacing is 1/128, ties to even."""
    found = rounded_to(np.array([1 + 1 / 256, 1 + 3 / 256, 1 + 1 / 250, 3.0]), "bfloat16")
    assert [Fraction(x) for x in found] == [1, 1 + Fraction(1, 64), 1 + Fraction(1, 128), 3]


def test_the_least_numbers_of_bfloat16_by_hand():
    """Below 2^-126 they lie 2^-133 apart, as far as those right above."""
    found = rounded_to(np.ldexp([1.4, 1.5, 63.6, 127.6, 128.4, 128.6, 254.6, 257.2], -133), "bfloat16")
    assert list(np.ldexp(found, 133)) == [1, 2, 64, 128, 128, 129, 255, 258]


def test_integers_stay_what_they_are():
    indices = np.array([3, 1], np.int64)
    widened = widened_problem(Problem((LEFT, indices), "bfloat16", "cpu:0"))
    assert widened.operands[1] is indices
    assert widened.operands[0].dtype == np.float64


def test_what_is_imaginary_counts():
    """Of 3 and 4i: without the imaginary part off by 4, by 2i more off by 2; and of real numbers as well."""
    expected = np.array([3.0, 4.0j])
    assert held_against(expected, expected, 0.0).ok
    assert held_against(expected, expected.real, 1.0).error == 1.0
    assert held_against(expected, expected + 2j, 1.0).error == 0.5
    assert held_against(expected.real, expected, 1.0).error == pytest.approx(4 / 3)
    assert held_against(expected.real, expected.astype(np.complex64).real, 0.0).ok
