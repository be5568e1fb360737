"""The measure of sums, and what kernels know of precision modes: each figure by hand, each operator seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.kernels import precision_modes, random_sums
from likeforlike.models.kernels.random_sums import Sums, held_against

U64, U32, U16, UB16 = 2.0**-53, 2.0**-24, 2.0**-11, 2.0**-8
PLAIN = Kernel(call=lambda: None)


class Told:
    """A generator that draws what it is told, if it is asked for what is expected."""

    def __init__(self, shares, signs):
        self.shares, self.signs = shares, signs

    def random(self, shape, dtype):
        assert (shape, dtype) == ((4,), np.float32)
        return np.array(self.shares, np.float32)

    def integers(self, low, high, shape, dtype):
        assert (low, high, shape, dtype) == (0, 2, (4,), np.int8)
        return np.array(self.signs, np.int8)


def test_magnitudes_lie_between_a_half_and_one_and_signs_are_drawn():
    drawn = random_sums.signed(Told([0.0, 0.5, 0.25, 0.75], [1, 0, 0, 1]), (4,), "float16")
    assert drawn.tolist() == [0.5, -0.75, -0.625, 0.875]
    assert random_sums.signed(np.random.default_rng(1), (3,), "float64").dtype == np.float64


@pytest.mark.parametrize(
    ("dtype", "unit"),
    [("float64", U64), ("float32", U32), ("tf32", U32), ("bfloat16", UB16), ("float16", U16)],
)
def test_a_rounding_is_uniform_within_its_unit(dtype, unit):
    """The variance of a uniform number in ±u is (2 u)² / 12."""
    assert random_sums.rounding(dtype) == pytest.approx((2 * unit) ** 2 / 12, rel=1e-12, abs=0.0)


def test_a_sum_of_nine_products():
    """A rounding of the products, and Σ k/n of the sum, which is 45/9 = 5: six in all, in float64 twice."""
    for dtype in ("float32", "tf32", "bfloat16", "float16"):
        assert random_sums.accumulation(dtype, 9) == pytest.approx(6 * U32**2 / 3, rel=1e-12, abs=0.0)
    assert random_sums.accumulation("float64", 9) == pytest.approx(2 * 6 * U64**2 / 3, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(
    ("dtype", "variance"),
    [
        ("float64", (12 + 1) * U64**2 / 3),
        ("float32", (6 + 1) * U32**2 / 3),
        ("tf32", (6 + 1) * U32**2 / 3 + 2 / 1024**2),
        ("bfloat16", 6 * U32**2 / 3 + 4 * UB16**2 / 3),
        ("float16", 6 * U32**2 / 3 + 4 * U16**2 / 3),
    ],
)
def test_a_stored_sum_of_nine_products(dtype, variance):
    assert random_sums.product_variance(dtype, 9) == pytest.approx(variance, rel=1e-12, abs=0.0)


def test_an_honest_answer_is_within_two_deviations():
    assert random_sums.tolerance(9.0) == 6.0
    assert random_sums.CUT_VARIANCE == 1 / 1_048_576


def test_what_is_known_of_precision_modes():
    bits = {"float64": 53, "float32": 24, "tf32": 24, "bfloat16": 8, "float16": 11}
    for dtype, kept in bits.items():
        assert precision_modes.UNIT_ROUNDOFF[dtype] == math.ldexp(1.0, -kept)
    assert np.finfo(np.float16).eps == 2 * U16
    of = {"float64": 8, "float32": 4, "tf32": 4, "bfloat16": 2, "float16": 2}
    assert dict(precision_modes.BYTES) == of
    assert precision_modes.PRODUCT_MODES == ("float64", "float32", "tf32", "bfloat16", "float16")
    assert precision_modes.MODES == ("float64", "float32", "bfloat16", "float16")
    host = {"float64": (np.float64, 8), "float32": (np.float32, 4), "float16": (np.float32, 4)}
    for dtype, told in host.items():
        assert (precision_modes.host_type(dtype), precision_modes.host_bytes(dtype)) == told


def test_roundings_between_operands_and_result_and_of_the_result():
    working = {"float64": 2 * U64, "float32": U32, "tf32": U32, "bfloat16": U32, "float16": U32}
    stored = {"float64": 0.0, "float32": 0.0, "tf32": 0.0, "bfloat16": UB16, "float16": U16}
    for dtype in precision_modes.PRODUCT_MODES:
        assert precision_modes.working_roundoff(dtype) == working[dtype]
        assert precision_modes.result_roundoff(dtype) == stored[dtype]


class TestHeldAgainst:
    SUMS = Sums(np.full((2, 4), 3.0), np.full((2, 4), 2.0))

    def error(self, wrong, sums=SUMS, factors=None):
        found = held_against(sums, sums.values + np.array(wrong, float), 0.75, factors)
        assert found.tolerance == 0.75
        return found.error

    def test_of_rows_the_root_mean_square_in_spreads(self):
        """All of a row off by 0.2 are 0.1 of ρ = 2; one of four off by 2.4 are 1.2 ρ, 0.6 of the row."""
        assert self.error(np.zeros((2, 4))) == 0.0
        assert self.error([[0.2] * 4, [0.0] * 4]) == pytest.approx(0.1)
        assert self.error([[0.0] * 4, [-0.2] * 4]) == pytest.approx(0.1)
        assert self.error([[0.0] * 4, [0.0, 0.0, -2.4, 0.0]]) == pytest.approx(0.6)

    def test_of_one_element_a_sixth(self):
        """Of 100 numbers one is 3 ρ off: 0.5 alone, 0.3 of the row."""
        wide = Sums(np.ones((1, 100)), np.ones((1, 100)))
        wrong = np.zeros((1, 100))
        wrong[0, 77] = 3.0
        assert self.error(wrong, wide) == pytest.approx(0.5)

    def test_rows_lie_along_the_last_axis(self):
        """[1, 2, 4]: the second of two rows is off by 0.2 ρ in each number; of the columns that were 0.14."""
        deep = Sums(np.ones((1, 2, 4)), np.ones((1, 2, 4)))
        assert self.error([[[0.0] * 4, [0.2] * 4]], deep) == pytest.approx(0.2)
        assert self.error([[[0.2] * 4, [0.0] * 4]], deep) == pytest.approx(0.2)

    def test_each_row_has_its_own_factor(self):
        """Half of values and of ρ: 0.1 off is 0.1 of ρ / 2 = 1."""
        sums, factors = Sums(np.array([[1.0, 2.0], [3.0, 4.0]]), np.full((2, 2), 2.0)), np.array([0.5, 1.0])
        assert held_against(sums, [[0.5, 1.0], [3.0, 4.0]], 0.0, factors).ok
        assert held_against(sums, [[0.6, 1.1], [3.0, 4.0]], 1.0, factors).error == pytest.approx(0.1)
        assert held_against(sums, [[0.5, 1.0], [3.2, 4.2]], 1.0, factors).error == pytest.approx(0.1)
        assert not held_against(sums, sums.values, 0.1, factors).ok

    def test_of_nothing_the_sum_is_nothing(self):
        sums = Sums(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
        assert held_against(sums, [[0.0, 1.0]], 0.0).error == 0.0
        assert held_against(sums, [[1e-30, 1.0]], 0.1).error == math.inf
        assert held_against(sums, [[1.0, 1.0]], 0.1).error == math.inf
        assert math.isnan(held_against(sums, [[math.nan, 1.0]], 0.1).error)
        nothing = Sums(np.zeros((1, 2)), np.zeros((1, 2)))
        assert held_against(nothing, np.zeros((1, 2)), 0.0).error == 0.0

    def test_another_shape_and_what_is_no_number(self):
        for wrong in (self.SUMS.values[:1], self.SUMS.values[:, :3], self.SUMS.values.ravel(), None):
            found = held_against(self.SUMS, wrong, 0.75)
            assert (found.error, found.tolerance) == (math.inf, 0.75)
        wrong = np.full((2, 4), 3.0)
        wrong[1, 3] = math.nan
        assert not held_against(self.SUMS, wrong, 1e9).ok

    def test_what_is_imaginary_counts(self):
        """0.2 i more than right in each of a row, of ρ = 2."""
        assert held_against(self.SUMS, self.SUMS.values + 0.2j, 0.75).error == pytest.approx(0.1)
        assert held_against(self.SUMS, self.SUMS.values + 0.0j, 0.75).error == 0.0


AXES = {"variance": 0.25}  # a tolerance of 2 · 0.5


class TestOfAProblem:
    """An answer that is the first operand itself, in float16, which takes 1 + 2⁻¹² for 1."""

    PROBLEM = Problem((np.array([[1 + 2.0**-12], [2.0]], np.float32),), "float16", "cpu:0")

    def reference(self, problem):
        return Sums(problem.operands[0], np.abs(problem.operands[0]))

    def test_the_check_rounds_operands_as_the_kernel_does(self):
        def verified(answer):
            return random_sums.verify(
                self.reference, lambda axes: axes["variance"], AXES, self.PROBLEM, answer
            )

        assert verified([[1.0], [2.0]]) == random_sums.Verification(0.0, 1.0)
        assert verified([[1.0], [3.0]]).error == 0.5
        assert verified([[1.0], [7.0]]).error == 2.5

    def test_the_probe_follows_factors_and_reads_by_the_kernel(self):
        made = []

        def reference(problem):
            made.append(problem)
            return self.reference(problem)

        probe = random_sums.probe(
            reference, lambda axes: axes["variance"], AXES, self.PROBLEM, np.random.default_rng(0)
        )
        halved = Kernel(call=lambda: None, to_numpy=lambda result: np.asarray(result) / 2)
        factors = np.array([0.5, 1.0])
        assert probe(PLAIN, [[0.5], [2.0]], factors) == random_sums.Verification(0.0, 1.0)
        assert probe(halved, [[1.0], [4.0]], factors).error == 0.0
        assert probe(PLAIN, [[1.0], [2.0]], factors).error == 1.0  # 0.5 of 0.5
        assert len(made) == 1
