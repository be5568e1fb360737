"""Operands that change: every built-in kernel follows them, and every probe tells a kept answer."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from likeforlike.models.contract.change import Factors, SharedBuffer
from likeforlike.models.contract.implementation import unsupported
from likeforlike.models.registry import kernel_workloads, load_registry

REGISTRY = load_registry()
WORKLOADS = kernel_workloads()
AXES = {
    "jacobian": [{"what": what, "size": size} for what in ("gradient", "jacobian") for size in (2, 9)],
    "eigen": [{"size": 2}, {"size": 12}],
    "noise": [{}],
    "matmul": [{"size": 40, "dtype": dtype} for dtype in ("float64", "float32", "bfloat16", "float16")],
}


def cases():
    for workload, points in AXES.items():
        for entry in REGISTRY.of(workload):
            for axes in points:
                if entry.origin == "likeforlike" and unsupported(entry, "cpu", axes) is None:
                    yield pytest.param(entry, axes, id="-".join([entry.name, *map(str, axes.values())]))


@pytest.fixture(autouse=True)
def _compiled_anew():
    """A worker compiles one product; this process has compiled those of other tests, up to PyTorch's limit."""
    compiler = sys.modules.get("torch._dynamo")
    if compiler is not None:
        compiler.reset()


def made(entry, axes):
    for needed in entry.needs:
        pytest.importorskip(needed)
    workload = WORKLOADS[entry.workload]
    problem = workload.problem(axes, "cpu:0")
    random = np.random.default_rng(3)
    factors = Factors(len(problem.operands[0]), workload.rows_alike, problem.dtype, random)
    return problem, entry.load()(problem), factors, workload.probe(axes, problem, random)


def called(kernel):
    result = kernel.call()
    kernel.wait(result)
    return result


@pytest.mark.parametrize(("entry", "axes"), list(cases()))
def test_each_change_is_followed_and_an_answer_from_before_it_is_not_right(entry, axes):
    problem, kernel, factors, probe = made(entry, axes)
    own = [operand.copy() for operand in problem.operands]
    kept = called(kernel)
    assert probe(kernel, kept, factors.now).ok
    for change in (factors.change_all, factors.change_one, factors.change_one, factors.change_all):
        kernel.change(*change())
        result = called(kernel)
        assert probe(kernel, result, factors.now).ok
        if entry.name != "nothing":
            assert kept is not result
            assert not probe(kernel, kept, factors.now).ok
        kept = result
    kernel.change(*factors.restore())
    answer = kernel.to_numpy(called(kernel))
    assert WORKLOADS[entry.workload].verify(axes, problem, answer).ok, "the problem's own operands again"
    for before, after in zip(own, problem.operands, strict=True):
        np.testing.assert_array_equal(before, after, "the reference's operands are never touched")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_a_product_after_a_change_is_that_of_the_changed_operand(dtype):
    """Against NumPy in float64, each element; by PyTorch, which has all four."""
    pytest.importorskip("torch")
    axes = {"size": 40, "dtype": dtype}
    problem, kernel, factors, _ = made(REGISTRY.find("matmul", "torch"), axes)
    kernel.change(*factors.change_all())
    left, right = (operand.astype(np.float64) for operand in problem.operands)
    truth = (factors.now[:, np.newaxis] * left) @ right
    np.testing.assert_allclose(
        kernel.to_numpy(called(kernel)), truth, rtol=2.0**-6 if "16" in dtype else 1e-5
    )


@pytest.mark.parametrize("name", ["numpy", "torch", "jax", "tf-eager"])
def test_a_sketch_on_the_device_is_the_result_times_the_columns(name):
    entry = REGISTRY.find("matmul", name)
    _, kernel, _, _ = made(entry, {"size": 1500, "dtype": "float32"})
    if name == "numpy":
        assert kernel.sketch is None
        return
    module = __import__(f"likeforlike.models.frameworks.on_{entry.framework}", fromlist=["_sketch"])
    result, columns = called(kernel), np.random.default_rng(1).choice([-1.0, 1.0], (1500, 3))
    exact = kernel.to_numpy(result).astype(np.float64) @ columns
    assert np.abs(module._sketch(result, columns) - exact).max() < 1e-6 * np.abs(exact).max() * 40


def test_factors_stay_between_a_half_and_one_and_always_move():
    factors = Factors(50, False, "bfloat16", np.random.default_rng(0))
    before = factors.now
    for _ in range(2000):
        rows, changed = factors.change_all()
        assert rows == slice(0, 50)
        np.testing.assert_array_equal(changed, factors.now)
        assert changed.min() >= 0.5
        assert changed.max() <= 1
        assert (np.abs(np.log2(changed / before)) > 0.09).all()
        np.testing.assert_array_equal(changed * 256, np.round(changed * 256))
        before = changed


def test_one_row_changes_at_a_time_and_which_is_drawn():
    factors = Factors(50, False, "float64", np.random.default_rng(0))
    changed_rows = set()
    for _ in range(400):
        before = factors.now
        rows, _ = factors.change_one()
        changed_rows |= set(np.flatnonzero(before != factors.now))
        assert np.flatnonzero(before != factors.now).tolist() == [rows.start]
    assert changed_rows == set(range(50))


def test_rows_alike_change_together():
    factors = Factors(5, True, "float64", np.random.default_rng(0))
    for change in (factors.change_one, factors.change_all):
        _, changed = change()
        assert len(set(changed)) == 1


def test_a_buffer_is_aligned_and_changes_in_place():
    own = np.arange(1.0, 13.0).reshape(3, 4)
    buffer = SharedBuffer(own)
    address = buffer.array.ctypes.data
    buffer.change(slice(1, 2), np.array([0.5]))
    assert address % 64 == 0
    assert buffer.array.ctypes.data == address
    np.testing.assert_array_equal(buffer.array, own * np.array([[1], [0.5], [1]]))
    np.testing.assert_array_equal(own, np.arange(1.0, 13.0).reshape(3, 4))


class Drawn:
    """A generator that draws what it is told, between the bounds that it is asked for."""

    def __init__(self, *shares):
        self.shares = iter(shares)

    def uniform(self, low, high, count):
        return np.full(count, low + next(self.shares) * (high - low))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_steps_of_the_exponent_are_a_tenth_to_nine_and_add_up_round_the_circle(dtype):
    """By hand: 0.1, then 0.1 + 0.9 = 1, which is 0 again, then 0.5."""

    def rounded(factor):
        if dtype.endswith("16"):
            return round(factor * 256) / 256
        return factor if dtype == "float64" else float(np.float32(factor))

    factors = Factors(3, True, dtype, Drawn(0.0, 1.0, 0.5))
    for exponent in (0.1, 0.0, 0.5):
        _, told = factors.change_all()
        assert set(told) == {rounded(2.0**-exponent)}
        assert factors.now.tolist() == [rounded(2.0**-exponent)] * 3
    factors.restore()
    assert factors.now.tolist() == [1.0] * 3


def test_buffers_of_every_length_are_aligned():
    buffers = [SharedBuffer(np.arange(float(length))) for length in range(1, 80)]
    assert {buffer.array.ctypes.data % 64 for buffer in buffers} == {0}
