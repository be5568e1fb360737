"""The declarations of the kernels' workloads: operands, counts, bytes and tolerances, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.workload import Problem
from likeforlike.models.kernels.eigen import workload as eigen
from likeforlike.models.kernels.jacobian import workload as jacobian
from likeforlike.models.kernels.matmul import verification
from likeforlike.models.kernels.matmul import workload as matmul
from likeforlike.models.kernels.noise import workload as noise
from likeforlike.models.registry import kernel_workloads


def test_matmul_operands_are_drawn_from_2020_and_the_size():
    for dtype, host in (("float64", np.float64), ("float32", np.float32), ("bfloat16", np.float32)):
        draw = np.random.default_rng([2020, 3])
        problem = matmul.problem({"size": 3, "dtype": dtype}, "gpu:0")
        assert len(problem.operands) == 2
        for operand in problem.operands:
            np.testing.assert_array_equal(operand, draw.random((3, 3), dtype=host))
        assert (problem.dtype, problem.device, problem.axes["size"]) == (dtype, "gpu:0", 3)


@pytest.mark.parametrize("size", [1, 2, 3, 17])
def test_matmul_flop_are_counted_one_by_one(size):
    operations = 0
    for _row in range(size):
        for _column in range(size):
            operations += 2 * size
    assert matmul.flop({"size": size}) == operations


@pytest.mark.parametrize(
    ("dtype", "item", "host_item", "widened"),
    [
        ("float64", 8, 8, 0),
        ("float32", 4, 4, 0),
        ("tf32", 4, 4, 0),
        ("bfloat16", 2, 4, 12),
        ("float16", 2, 4, 12),
    ],
)
@pytest.mark.parametrize(("size", "check"), [(2000, 32 * 2000), (2001, 32 * 512)])
def test_matmul_bytes_by_hand(dtype, item, host_item, widened, size, check):
    """Two operands and the answer on the host; five and two and one in the mode; the check in float64."""
    by_hand = size * size * (3 * host_item + 8 * item + widened) + size * check
    assert matmul.memory_bytes({"size": size, "dtype": dtype}) == by_hand


@pytest.mark.parametrize(
    ("dtype", "by_hand"),
    [
        ("float64", 2 * 2 * (2 + 10) * 2**-53),
        ("float32", 2 * (2 + 10) * 2**-24),
        ("tf32", 2 * (2 + 10) * 2**-24 + 2 * 2**-10),
        ("bfloat16", 2 * (2 + 10) * 2**-24 + 2 * 2**-8),
        ("float16", 2 * (2 + 10) * 2**-24 + 2 * 2**-11),
    ],
)
def test_matmul_tolerance_of_a_hundred_by_hand(dtype, by_hand):
    assert verification.tolerance(dtype, 100) == pytest.approx(by_hand, rel=1e-12, abs=0)


def test_an_error_in_full_is_relative_to_its_own_element():
    problem = Problem((np.array([[1.0, 0.0], [0.0, 100.0]]) + 1e-3, np.eye(2) + 1e-3), "float64", "cpu:0")
    right = problem.operands[0] @ problem.operands[1]
    for place in ((0, 0), (1, 1), (0, 1)):
        for factor in (1.25, 0.75):
            wrong = right.copy()
            wrong[place] *= factor
            assert verification.full_error(problem, wrong) == pytest.approx(0.25, rel=1e-12)


def ones(size: int) -> Problem:
    """All elements of the product are ``size``."""
    return Problem((np.ones((size, size)), np.ones((size, size))), "float64", "cpu:0")


def test_the_sketch_s_estimate_by_hand():
    """All of a row too large by 1 %: the vector of ones sees 1 % of the row's sum.

    One element a hundredth too large: a random sign sees it whole, and takes it for an error of
    0.01 / (n · 6 / sqrt(n)) of the row, which is more than ones see, 0.01 / n, if n > 36.
    """
    size = 64
    wrong = np.full((size, size), float(size))
    wrong[5] *= 1.01
    assert verification.sketched_error(ones(size), wrong) == pytest.approx(0.01, rel=1e-9)
    for column in range(size):
        wrong = np.full((size, size), float(size))
        wrong[5, column] *= 1.01
        by_hand = 0.01 / size * np.sqrt(size) / 6
        assert verification.sketched_error(ones(size), wrong) == pytest.approx(by_hand, rel=1e-9)


def test_the_sketch_sees_what_two_vectors_of_signs_see():
    """Errors that cancel in the row's sum; seen unless both draws give both elements one sign."""
    size, seen = 64, 0
    for other in range(1, size):
        wrong = np.full((size, size), float(size))
        wrong[0, 0] += 1.0
        wrong[0, other] -= 1.0
        seen += verification.sketched_error(ones(size), wrong) > 1e-9
    assert 0.6 * (size - 1) < seen < 0.9 * (size - 1)


def test_the_full_check_s_last_size_and_the_sketch_s_first(monkeypatch):
    asked = []
    monkeypatch.setattr(verification, "FULL_CHECK_SIZE", 4)
    monkeypatch.setattr(verification, "full_error", lambda problem, product: asked.append("full") or 0.0)
    monkeypatch.setattr(
        verification, "sketched_error", lambda problem, product: asked.append("sketch") or 0.0
    )
    for size in (3, 4, 5):
        verification.verify({}, ones(size), np.ones((size, size)))
    assert asked == ["full", "full", "sketch"]
    assert verification.verify({}, ones(4), np.ones((4, 5))).error == np.inf
    for size in (3, 5):  # an imaginary part is a part of the answer
        assert verification.verify({}, ones(size), np.full((size, size), size + 0.5j)).error == np.inf


def test_blocks_of_rows_are_the_whole_matrix(monkeypatch):
    monkeypatch.setattr(verification, "BLOCK_ROWS", 4)
    seen = []
    kept = verification.rounded
    monkeypatch.setattr(
        verification, "rounded", lambda part, dtype: seen.append(len(part)) or kept(part, dtype)
    )
    draw = np.random.default_rng(1)
    matrix, vectors = draw.random((10, 10)), draw.random((10, 3))
    np.testing.assert_allclose(verification._times(matrix, vectors, "float64"), matrix @ vectors, rtol=1e-12)
    assert seen == [4, 4, 2]


def nearest_bfloat16(value: float) -> float:
    """By search among the neighbours with seven bits of fraction; ties to the even one."""
    exponent = np.floor(np.log2(value))
    step = 2.0 ** (exponent - 7)
    below = np.floor(value / step)
    rest = value / step - below
    up = rest > 0.5 or (rest == 0.5 and below % 2 == 1)
    return float((below + up) * step)


def test_bfloat16_is_the_nearest_and_of_two_the_even_one():
    ties = [1 + 2**-8, 1 + 3 * 2**-8, 2 + 2**-7, 0.75 + 2**-9]
    near = [1 + 2**-8 + 2**-20, 1 + 2**-8 - 2**-20, 1.0, 1.9999999, 0.3]
    values = np.array([*ties, *near, *np.random.default_rng(2).random(500)], np.float32)
    expected = [nearest_bfloat16(float(value)) for value in values]
    np.testing.assert_array_equal(verification.rounded(values, "bfloat16"), expected)


def test_float16_and_what_is_left_as_it_is():
    values = np.array([1 + 2**-12, 0.1], np.float32)
    np.testing.assert_array_equal(
        verification.rounded(values, "float16"), values.astype(np.float16).astype(float)
    )
    for dtype in ("float32", "tf32", "float64"):
        np.testing.assert_array_equal(verification.rounded(values, dtype), values.astype(float))


@pytest.mark.parametrize("size", [2, 3, 30])
def test_eigen_counts_by_hand(size):
    assert eigen.flop({"size": size}) == pytest.approx(4 / 3 * size**3 + 2 * size**3, rel=1e-12)
    assert eigen.memory_bytes({"size": size}) == 96 * size**2
    assert eigen.tolerance(size) == 30 * size * 2.0**-52


def test_eigen_operands():
    (notebook,) = eigen.problem({"size": 2}, "cpu:0").operands
    np.testing.assert_array_equal(notebook, [[3, 2], [2, 3]])
    for size in (1, 3):
        square = np.random.default_rng([2020, size]).standard_normal((size, size))
        problem = eigen.problem({"size": size}, "cpu:1")
        np.testing.assert_array_equal(problem.operands[0], (square + square.T) / 2)
        assert (problem.dtype, problem.device) == ("float64", "cpu:1")


def eigen_error(matrix, values, vectors) -> float:
    problem = Problem((np.array(matrix, float),), "float64", "cpu:0")
    return eigen.verify({}, problem, (np.array(values, float), np.array(vectors, float))).error


def test_eigen_errors_by_hand():
    """Each of the four alone: of diag(0, 3, 4), whose norm is 5, with unit vectors; of the notebook's, norm √26."""
    diagonal, unit = np.diag([0.0, 3.0, 4.0]), np.eye(3)
    assert eigen_error(diagonal, [0, 3, 4], unit) == 0.0
    # a pair that is off by 1: residual 1/5; values that sum up wrongly by 1: as much
    assert eigen_error(diagonal, [0, 3, 5], unit) == pytest.approx(1 / 5)
    assert eigen_error(diagonal, [-1, 3, 5], unit) == pytest.approx(1 / 5)
    assert eigen_error(diagonal, [1, 3, 5], unit) == pytest.approx(2 / 5)
    # a vector half as long: V'V is off by 3/4
    assert eigen_error(diagonal, [0, 3, 4], np.diag([0.5, 1, 1])) == pytest.approx(3 / 4)
    # (1, -1) and (1, 1) over √2, a value of 5 + d: residual d √½, trace d, polynomial 4 d + d²
    vectors = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    assert eigen_error([[3, 2], [2, 3]], [1, 5], vectors) == pytest.approx(0, abs=1e-15)
    assert eigen_error([[3, 2], [2, 3]], [1, 11], vectors) == pytest.approx((121 - 66 + 5) / 26)
    assert eigen_error([[3, 2], [2, 3]], [1, 3], vectors) == pytest.approx(2 / np.sqrt(26))


@pytest.mark.parametrize("answer", [None, np.ones(3), (np.ones(3),), (np.ones(3), np.ones(3)), (1, 2, 3)])
def test_what_is_no_eigenpair_is_infinitely_wrong(answer):
    problem = eigen.problem({"size": 3}, "cpu:0")
    assert eigen.verify({"size": 3}, problem, answer).error == np.inf


def test_jacobian_by_hand():
    axes = {"size": 3, "what": "gradient"}
    problem = jacobian.problem(axes, "cpu:0")
    np.testing.assert_array_equal(problem.operands[0], [1, 2, 3])
    assert jacobian.verify(axes, problem, [8, 14, 20]) == jacobian.Verification(0.0, 1e-9)
    assert jacobian.verify(axes, problem, [8, 14, 30]).error == 0.5
    assert jacobian.verify(axes, problem, [4, 14, 21]).error == 0.5
    both = {"size": 3, "what": "jacobian"}
    assert jacobian.verify(both, problem, np.diag([8, 14, 20])).error == 0.0
    # relative to the derivative of the row: 7 of 14, not 7 of 20 or of 8
    wrong = np.diag([8.0, 14.0, 20.0])
    wrong[1, 2] = 7.0
    assert jacobian.verify(both, problem, wrong).error == 0.5
    assert jacobian.verify(both, problem, [8, 14, 20]).error == np.inf
    assert jacobian.WORKLOAD.flop(axes) is None
    assert jacobian.memory_bytes({"size": 10, "what": "gradient"}) == 8 * 32 * 10
    assert jacobian.memory_bytes({"size": 10, "what": "jacobian"}) == 8 * (32 * 10 + 600)


def test_noise_is_a_product_of_800():
    product = {"size": 800, "dtype": "float32"}
    problem = noise.problem({}, "cpu:0")
    for mine, theirs in zip(problem.operands, matmul.problem(product, "cpu:0").operands, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert noise.memory_bytes({}) == matmul.memory_bytes(product)
    assert noise.WORKLOAD.flop({}) is None
    assert noise.verify({}, problem, None) == noise.Verification(0.0, 0.0)
    left, right = problem.operands
    assert noise.verify({}, problem, left @ right).ok
    assert not noise.verify({}, problem, right @ left).ok


@pytest.mark.parametrize(("lowest", "passes"), [(0.0, 3), (-1.0, 5)])
def test_operands_without_an_element_below_0_are_read_once(monkeypatch, lowest, passes):
    """The sketch goes once over both operands and the product; magnitudes of both signs need each again."""
    read = []
    kept = verification.rounded
    monkeypatch.setattr(
        verification, "rounded", lambda part, dtype: read.append(part.size) or kept(part, dtype)
    )
    size = 8
    left, right = np.ones((size, size)), np.ones((size, size))
    left[3, 3] = lowest
    problem = Problem((left, right), "float64", "cpu:0")
    assert verification.sketched_error(problem, left @ right) < 1e-15
    assert sum(read) == passes * size**2


def test_a_symmetric_matrix_stays_one_when_it_is_changed():
    (matrix,) = eigen.problem({"size": 5}, "cpu:0").operands
    factors = Factors(5, eigen.WORKLOAD.rows_alike, "float64", np.random.default_rng(1))
    factors.change_one()
    changed = factors.now[:, np.newaxis] * matrix
    assert not np.array_equal(changed, matrix)
    np.testing.assert_array_equal(changed, changed.T)


def test_the_smallest_eigenproblem_that_can_be_asked_for_is_the_notebook_s():
    size = eigen.WORKLOAD.axis("size")
    assert (size.parsed("1"), size.parsed("2")) == (None, 2)


def test_which_workloads_are_products_alone_and_whose_copies_are_timed():
    workloads = kernel_workloads()
    assert {name for name, workload in workloads.items() if workload.multiplies} == {"matmul", "gemm"}
    assert {name for name, workload in workloads.items() if workload.transfers} == {"matmul"}
