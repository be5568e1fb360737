"""Quick checks of timed calls, by hand: what each takes for its error, and of which shapes."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.kernels.eigen import workload as eigen
from likeforlike.models.kernels.jacobian import workload as jacobian
from likeforlike.models.kernels.matmul import verification
from likeforlike.models.kernels.matmul import workload as matmul
from likeforlike.models.kernels.noise import workload as noise

PLAIN = Kernel(lambda: None, to_numpy=lambda result: result)
SKETCHES = Kernel(lambda: None, sketch=lambda result, columns: result @ columns)


def drawn(*signs):
    """A generator whose choice of signs is told."""
    return SimpleNamespace(choice=lambda values, size: np.array(signs, float).reshape(size))


class TestProduct:
    FACTORS = np.array([1.0, 2.0, 4.0])
    LEFT = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0], [1.0, 1.0, 2.0]])
    RIGHT = np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 3.0], [1.0, 4.0, 1.0]])

    def check(self, dtype="float64", kernel=PLAIN, wrong=None, left=LEFT, right=RIGHT):
        probe = verification.probe({}, Problem((left, right), dtype, "cpu:0"), np.random.default_rng(3))
        product = self.FACTORS[:, None] * (left @ right)
        return probe(kernel, product if wrong is None else wrong(product), self.FACTORS)

    @pytest.mark.parametrize(
        ("dtype", "roundoff"), [("float64", 2.0**-53), ("float32", 2.0**-24), ("bfloat16", 2.0**-8)]
    )
    def test_right_ones_pass_within_one_more_rounding(self, dtype, roundoff):
        found = self.check(dtype)
        assert found.error < 1e-15
        bound = verification.tolerance(dtype, 3) + roundoff
        assert found.tolerance == pytest.approx(bound, rel=1e-12, abs=0.0)
        sketched = self.check(dtype, SKETCHES)
        assert sketched.error < 1e-15
        bound += verification.tolerance("float32", 3)
        assert sketched.tolerance == pytest.approx(bound, rel=1e-12, abs=0.0)

    @pytest.mark.parametrize("kernel", [PLAIN, SKETCHES])
    @pytest.mark.parametrize("row", [0, 1, 2])
    def test_a_row_too_large_by_a_hundredth(self, kernel, row):
        """The vector of ones sees a hundredth; 6 / √3 is more than 1, so signs see less."""

        def wrong(product):
            product = product.copy()
            product[row] *= 1.01
            return product

        assert self.check(kernel=kernel, wrong=wrong).error == pytest.approx(0.01)

    def test_of_both_signs_it_is_relative_to_the_magnitudes(self):
        left = self.LEFT * np.array([1.0, -1.0, 1.0])
        for signed in ((left, self.RIGHT), (self.LEFT, self.RIGHT * [[1.0], [-1.0], [1.0]])):
            magnitude = float((np.abs(signed[0]) @ np.abs(signed[1]))[1].sum())

            def wrong(product, magnitude=magnitude):
                product = product.copy()
                product[1] += self.FACTORS[1] * 0.01 * magnitude / 3
                return product

            found = self.check(wrong=wrong, left=signed[0], right=signed[1])
            assert found.error == pytest.approx(0.01)

    def test_another_shape_is_infinitely_wrong(self):
        shapes = (lambda product: product[:2], lambda product: product[:, :2], lambda product: None)
        for wrong in (*shapes, lambda product: product + 0.5j):
            assert self.check(wrong=wrong).error == math.inf

    def test_signs_see_what_cancels_in_the_sum(self):
        """1 more here and 1 less there, of a row of 64: ones see nothing, one of two draws does in 3 of 4."""
        size, seen = 64, 0
        problem = Problem((np.ones((size, size)),) * 2, "float64", "cpu:0")
        right = np.full((size, size), float(size))
        right[0, 0] += 1.0
        right[0, 1] -= 1.0
        for seed in range(600):
            probe = verification.probe({}, problem, np.random.default_rng(seed))
            error = probe(PLAIN, right, np.ones(size)).error
            # two elements off by 1 with unlike signs: 2 / (64² · 6 / √64)
            assert error == pytest.approx(0.0, abs=1e-12) or error == pytest.approx(2 / (size**2 * 6 / 8))
            seen += error > 1e-9
        assert 0.7 * 600 < seen < 0.8 * 600


class TestEigenpairs:
    MATRIX = np.diag([0.0, 3.0, 4.0])  # its norm is 5, its trace 7
    SIGNS = (1.0, -1.0, -1.0)
    FACTORS = np.full(3, 2.0)
    LIKELY = 6.0 * math.sqrt(3)

    def check(self, values, vectors):
        problem = Problem((self.MATRIX,), "float64", "cpu:0")
        probe = eigen.probe({}, problem, drawn(*self.SIGNS))
        return probe(PLAIN, (np.array(values, float), np.array(vectors, float)), self.FACTORS)

    def test_right_ones_pass(self):
        found = self.check([0, 6, 8], np.eye(3))
        assert (found.error, found.tolerance) == (0.0, 90 * 2.0**-52)
        assert self.check([6, 8, 0], np.eye(3)[:, [1, 2, 0]]).error == 0.0

    def test_a_pair_s_residual(self):
        """Values in another place, 6 and 8 changed for one another: off by 2 of a norm of 10."""
        assert self.check([0, 8, 6], np.eye(3)).error == pytest.approx(2 / 10 / self.LIKELY)

    def test_vectors_that_are_no_longer_of_length_one(self):
        vectors = np.diag([1.5, 1.0, 1.0])  # of the value 0, whose residual stays 0
        assert self.check([0, 6, 8], vectors).error == pytest.approx(1.25 / self.LIKELY)

    def test_a_trace_that_is_off(self):
        """A value off by 1 of 14: in the trace 1 / 10, in its residual 1 / 10 / (6 √3)."""
        assert self.check([0, 6, 9], np.eye(3)).error == pytest.approx(1 / 10)
        assert self.check([0, 6, 7], np.eye(3)).error == pytest.approx(1 / 10)

    @pytest.mark.parametrize(
        "answer", [None, (np.ones(3),), (np.ones(3), np.ones(3)), [np.ones(3), np.eye(3)]]
    )
    def test_what_is_no_pair_is_infinitely_wrong(self, answer):
        probe = eigen.probe({}, Problem((self.MATRIX,), "float64", "cpu:0"), drawn(*self.SIGNS))
        found = probe(PLAIN, answer, self.FACTORS)
        assert (found.error, found.tolerance) == (math.inf, 90 * 2.0**-52)

    def test_signs_tell_one_vector_twice_from_two(self):
        """Of the unit matrix (1, 0) twice, each over √2: with signs alike V Vᵀ 1 = 1, as if it were right.

        Unlike ones cancel, and Vᵀ V s - s is -s; which they are is drawn, half of the time either.
        """
        problem, seen = Problem((np.eye(2),), "float64", "cpu:0"), 0
        answer = (np.ones(2), np.array([[1.0, 1.0], [0.0, 0.0]]) / math.sqrt(2))
        for seed in range(200):
            probe = eigen.probe({}, problem, np.random.default_rng(seed))
            error = probe(PLAIN, answer, np.ones(2)).error
            assert error == pytest.approx(0.0, abs=1e-12) or error == pytest.approx(1 / (6 * math.sqrt(2)))
            seen += error > 1e-9
        assert 0.35 * 200 < seen < 0.65 * 200

    def test_settled_by_the_product_with_1_2_3(self):
        values, vectors = eigen.settled((np.array([1.0, 5.0]), np.array([[-1.0, 1.0], [1.0, 1.0]])))
        assert values.tolist() == [1.0, 5.0]
        assert vectors.tolist() == [[-1.0, 1.0], [1.0, 1.0]]  # -1 + 2 is above 0
        _, turned = eigen.settled((values, np.array([[1.0, -1.0], [-1.0, -1.0]])))
        assert turned.tolist() == [[-1.0, 1.0], [1.0, 1.0]]
        _, none = eigen.settled((values, np.array([[2.0, -2.0], [-1.0, 1.0]])))
        assert none.tolist() == [[2.0, -2.0], [-1.0, 1.0]]  # exactly 0: as they are


class TestDerivatives:
    X = np.array([1.0, 2.0, 3.0])
    FACTORS = np.array([1.0, 2.0, 1.0])
    SLOPE = np.array([8.0, 26.0, 20.0])  # 6 f x + 2

    def check(self, what, answer):
        probe = jacobian.probe({"what": what}, Problem((self.X,), "float64", "cpu:0"), drawn(1, -1, -1))
        return probe(PLAIN, answer, self.FACTORS)

    def test_gradient(self):
        assert self.check("gradient", self.SLOPE) == jacobian.Verification(0.0, 1e-9)
        assert self.check("gradient", self.SLOPE + np.array([0, 13, 0])).error == 0.5
        assert self.check("gradient", np.diag(self.SLOPE)).error == math.inf

    def test_jacobian(self):
        right = np.diag(self.SLOPE)
        assert self.check("jacobian", right) == jacobian.Verification(0.0, 1e-9)
        wrong = right.copy()
        wrong[1, 0] = 13.0
        assert self.check("jacobian", wrong).error == 0.5
        assert self.check("jacobian", self.SLOPE).error == math.inf
        assert self.check("jacobian", right[:2]).error == math.inf

    def test_signs_see_what_cancels_in_a_row(self):
        """13 more at one end of the second row and 13 less at the other: 26 of a derivative of 26, or nothing."""
        wrong = np.diag(self.SLOPE)
        wrong[1, [0, 2]] = 13.0, -13.0
        problem, seen = Problem((self.X,), "float64", "cpu:0"), 0
        for seed in range(200):
            probe = jacobian.probe({"what": "jacobian"}, problem, np.random.default_rng(seed))
            error = probe(PLAIN, wrong, self.FACTORS).error
            assert error in (0.0, 1.0)
            seen += error > 0
        assert 0.35 * 200 < seen < 0.65 * 200


def test_noise_is_the_product_or_nothing():
    problem = noise.problem({}, "cpu:0")
    left, right = problem.operands
    probe = noise.probe({}, problem, np.random.default_rng(1))
    factors = np.ones(len(left))
    assert probe(PLAIN, None, factors) == noise.Verification(0.0, 0.0)
    assert probe(PLAIN, left @ right, factors).ok
    assert not probe(PLAIN, right @ left, factors).ok
    of_product = matmul.probe({"size": 800, "dtype": "float32"}, problem, np.random.default_rng(1))
    assert probe(PLAIN, left @ right, factors) == of_product(PLAIN, left @ right, factors)


@pytest.mark.parametrize(("dtype", "item"), [("float64", 8), ("float32", 4), ("bfloat16", 2)])
def test_bytes_moved_by_a_product(dtype, item):
    assert matmul.bytes_moved({"size": 10, "dtype": dtype}) == 3 * 100 * item
