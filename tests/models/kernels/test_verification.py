"""The checks of answers: what is honest passes, what is wrong by any means does not."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.kernels.matmul import verification as check
from likeforlike.models.kernels.matmul.workload import DTYPES
from likeforlike.models.registry import kernel_workloads

MATMUL, JACOBIAN, EIGEN = (kernel_workloads()[name] for name in ("matmul", "jacobian", "eigen"))
SIZE = 256


def product_problem(dtype, size=SIZE):
    return MATMUL.problem({"size": size, "dtype": dtype}, "cpu:0")


def exact(problem):
    left, right = (operand.astype(np.float64) for operand in problem.operands)
    return left @ right


@pytest.fixture(params=["full", "sketched"])
def verify(request, monkeypatch):
    """The check of products, in full and by random vectors."""
    monkeypatch.setattr(check, "FULL_CHECK_SIZE", SIZE if request.param == "full" else SIZE - 1)
    return lambda problem, answer: MATMUL.verify(problem.axes, problem, answer)


def sequential_float32(problem):
    """The worst honest order: one accumulator an element, n additions."""
    left, right = problem.operands
    total = np.zeros((SIZE, SIZE), np.float32)
    for k in range(SIZE):
        total += np.outer(left[:, k], right[k])
    return total


def rounded_product(problem, dtype):
    """Operands and result in a 16-bit type, accumulation exact."""
    left, right = (operand.astype(dtype).astype(np.float64) for operand in problem.operands)
    return (left @ right).astype(dtype).astype(np.float32)


def cut_to_tf32(operand):
    """Truncated to 10 bits, the worst that hardware does."""
    return (operand.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)


def test_honest_products_pass(verify):
    ml_dtypes = pytest.importorskip(
        "ml_dtypes", reason="ml_dtypes is not installed; TensorFlow and JAX bring it"
    )

    problem = product_problem("float32")
    assert verify(problem, sequential_float32(problem)).ok
    problem = product_problem("float64")
    assert verify(problem, np.einsum("ij,jk", *problem.operands)).ok
    problem = product_problem("float16")
    assert verify(problem, rounded_product(problem, np.float16)).ok
    problem = product_problem("bfloat16")
    assert verify(problem, rounded_product(problem, ml_dtypes.bfloat16)).ok
    problem = product_problem("tf32")
    assert verify(problem, np.matmul(*map(cut_to_tf32, problem.operands))).ok


def spoilt(problem, how):
    answer = exact(problem)
    if how == "one element":
        answer[17, 200] *= 1.01
    elif how == "one element missing":
        answer[17, 200] = 0
    elif how == "transposed":
        answer = answer.T
    elif how == "operands swapped":
        answer = problem.operands[1].astype(np.float64) @ problem.operands[0]
    elif how == "row of another call":
        answer[3] = answer[4]
    elif how == "last term left out":
        left, right = problem.operands
        answer = left[:, :-1].astype(np.float64) @ right[:-1]
    elif how == "not a number":
        answer[0, 0] = np.nan
    elif how == "infinite":
        answer[-1, -1] = np.inf
    elif how == "wrong shape":
        answer = answer[:-1]
    return answer


WRONG = ("one element", "one element missing", "transposed", "operands swapped", "row of another call")
WRONG += ("last term left out", "not a number", "infinite", "wrong shape")


@pytest.mark.parametrize("how", WRONG)
def test_wrong_products_fail(verify, how):
    for dtype in ("float64", "float32"):
        problem = product_problem(dtype)
        assert verify(problem, exact(problem)).ok
        with np.errstate(invalid="ignore"):
            assert not verify(problem, spoilt(problem, how)).ok


@pytest.mark.parametrize("how", ["one element missing", "transposed", "not a number", "wrong shape"])
@pytest.mark.parametrize("dtype", ["tf32", "bfloat16", "float16"])
def test_wrong_products_fail_at_low_precision_too(how, dtype):
    problem = product_problem(dtype)
    with np.errstate(invalid="ignore"):
        assert not MATMUL.verify(problem.axes, problem, spoilt(problem, how)).ok


def test_a_cheaper_precision_is_a_wrong_answer(verify):
    ml_dtypes = pytest.importorskip(
        "ml_dtypes", reason="ml_dtypes is not installed; TensorFlow and JAX bring it"
    )

    problem = product_problem("float64")
    assert not verify(problem, np.matmul(*(operand.astype(np.float32) for operand in problem.operands))).ok
    problem = product_problem("float32")
    assert not verify(problem, np.matmul(*map(cut_to_tf32, problem.operands))).ok
    assert not verify(problem, rounded_product(problem, np.float16)).ok
    problem = product_problem("float16")
    assert not verify(problem, rounded_product(problem, ml_dtypes.bfloat16)).ok


def test_bfloat16_rounding_is_that_of_ml_dtypes():
    ml_dtypes = pytest.importorskip(
        "ml_dtypes", reason="ml_dtypes is not installed; TensorFlow and JAX bring it"
    )

    numbers = np.random.default_rng(1).random(10_000, dtype=np.float32)
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8, 0.0, 1.0], np.float32)
    for values in (numbers, ties):
        expected = values.astype(ml_dtypes.bfloat16).astype(np.float64)
        np.testing.assert_array_equal(check.rounded(values, "bfloat16"), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_operands_depend_on_the_size_alone(dtype):
    first, second = (product_problem(dtype, 5) for _ in range(2))
    for mine, theirs in zip(first.operands, second.operands, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == (np.float64 if dtype == "float64" else np.float32)
        assert mine.min() >= 0
        assert mine.max() < 1
    assert not np.array_equal(first.operands[0], first.operands[1])


def test_counts_of_a_product():
    assert MATMUL.flop({"size": 500, "dtype": "float32"}) == 250e6
    smaller, larger = (MATMUL.memory_bytes({"size": size, "dtype": "float32"}) for size in (5000, 10_000))
    assert larger > 7 * 10_000**2 * 4
    assert 3.5 < larger / smaller < 4.5
    doubles = MATMUL.memory_bytes({"size": 5000, "dtype": "float64"})
    assert 1.8 < doubles / smaller < 2.1


@pytest.mark.parametrize("what", ["gradient", "jacobian"])
def test_wrong_derivatives_fail(what):
    axes = {"size": 7, "what": what}
    problem = JACOBIAN.problem(axes, "cpu:0")
    slope = 6 * problem.operands[0] + 2
    right = slope if what == "gradient" else np.diag(slope)
    assert JACOBIAN.verify(axes, problem, right).ok
    off = right.copy()
    off.flat[3] += 1e-6
    wrong = [
        off,
        right - 2,
        right[:-1],
        right.astype(np.float32) * np.float32(1 + 1e-7),
        right * np.nan,
        slope.sum(),
    ]
    for answer in wrong:
        assert not JACOBIAN.verify(axes, problem, answer).ok


@pytest.mark.parametrize("size", [2, 12])
def test_wrong_eigenpairs_fail(size):
    axes = {"size": size}
    problem = EIGEN.problem(axes, "cpu:0")
    values, vectors = np.linalg.eigh(problem.operands[0])
    assert EIGEN.verify(axes, problem, (values, vectors)).ok
    assert EIGEN.verify(axes, problem, (values[::-1], -vectors[:, ::-1])).ok
    repeated = vectors.copy()
    repeated[:, 0] = repeated[:, 1]
    wrong = {
        "one pair twice": (np.r_[values[1], values[1:]], repeated),
        "value off": (values + np.eye(size)[0] * 1e-9, vectors),
        "not of unit length": (values, vectors * 1.001),
        "values of other vectors": (values[::-1], vectors),
        "transposed vectors": (values, vectors.T if size > 2 else vectors[::-1] * [1, 2]),
        "not a number": (values * np.nan, vectors),
        "single precision": (values.astype(np.float32), vectors.astype(np.float32)),
        "wrong shape": (values[:-1], vectors),
        "no pair": values,
    }
    for name, answer in wrong.items():
        assert not EIGEN.verify(axes, problem, answer).ok, name


def normal_problem(dtype="float32", size=SIZE):
    return MATMUL.problem({"size": size, "dtype": dtype, "operands": "normal"}, "cpu:0")


def test_normal_operands_are_drawn_and_their_products_pass(verify):
    problem = normal_problem()
    left, right = problem.operands
    assert left.dtype == np.float32
    assert abs(float(left.mean())) < 5 / SIZE
    assert float(left.std()) == pytest.approx(1.0, abs=0.02)
    assert not np.array_equal(left, product_problem("float32").operands[0])
    assert verify(problem, sequential_float32(problem)).ok
    assert verify(problem, left @ right).ok


def test_a_wrong_element_of_a_product_of_both_signs_is_found(verify):
    problem = normal_problem()
    left, right = problem.operands
    answer = left @ right
    answer[3, 5] += 0.02 * float(np.abs(left[3]) @ np.abs(right[:, 5]))
    assert not verify(problem, answer).ok
    assert not verify(problem, (left @ right).T).ok
    assert not verify(problem, np.abs(left @ right)).ok


def test_tf32_is_found_of_operands_of_both_signs(verify):
    problem = normal_problem()
    left, right = (cut_to_tf32(operand) for operand in problem.operands)
    found = verify(problem, left @ right)
    assert found.error > 2 * found.tolerance
