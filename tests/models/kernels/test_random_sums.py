"""Four kernels by every framework here, followed through changes; and the measure that judges them."""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pytest

from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.implementation import unsupported
from likeforlike.models.kernels import random_sums
from likeforlike.models.kernels.random_sums import Sums, held_against
from likeforlike.models.registry import kernel_workloads, load_registry

REGISTRY, WORKLOADS = load_registry(), kernel_workloads()
DTYPES = ("float64", "float32", "bfloat16", "float16")
POINTS = {
    "attention": [
        {"mask": mask, "batch": 2, "heads": 3, "sequence": 20, "width": 16} for mask in ("none", "causal")
    ],
    "conv2d": [{"batch": 3, "size": 6, "channels": 16}],
    "embedding": [
        {"what": what, "vocabulary": 12, "tokens": 30, "width": 16} for what in ("gather", "scatter-add")
    ],
    "gemm": [{"batch": batch, "m": 5, "k": 24, "n": 16} for batch in (1, 3)],
}
NOT_ON_A_CPU = [("keras", "float16"), ("jax-fused", "float16")]


def cases():
    for workload, points in POINTS.items():
        for entry, axes, dtype in product(REGISTRY.of(workload), points, DTYPES):
            if (
                unsupported(entry, "cpu", {"dtype": dtype}) is None
                and (entry.name, dtype) not in NOT_ON_A_CPU
            ):
                yield pytest.param(
                    entry, {**axes, "dtype": dtype}, id=f"{entry.name}-{label(workload, axes)}-{dtype}"
                )


def label(workload, axes):
    return "-".join(
        [
            workload,
            *(str(axes[name]) for name in ("what", "mask") if name in axes),
            str(axes.get("batch", "")),
        ]
    )


def in_full(axes):
    """Whether C++ is compiled for a point: once for each kernel, which takes seconds."""
    return axes["dtype"] == "float32" and axes.get("what") != "gather" and axes.get("mask") != "none"


@pytest.fixture(autouse=True)
def _compiled_anew():
    """A worker compiles one function; this process has compiled those of other tests, up to PyTorch's limit."""
    compiler = sys.modules.get("torch._dynamo")
    if compiler is not None:
        compiler.reset()


def trace_alone(monkeypatch):
    """From now on ``torch.compile`` traces the whole graph, but runs it part by part."""
    torch = pytest.importorskip("torch")
    compiled = torch.compile

    def traced(work, fullgraph, **_):
        return compiled(work, fullgraph=fullgraph, backend="aot_eager")

    monkeypatch.setattr(torch, "compile", traced)


def made(entry, axes):
    for needed in entry.needs:
        pytest.importorskip(needed)
    if entry.name == "keras" and sys.modules["keras"].backend.backend() != "tensorflow":
        pytest.skip("this process has Keras on another backend")
    problem = WORKLOADS[entry.workload].problem(axes, "cpu:0")
    return problem, entry.load()(problem)


def called(kernel):
    result = kernel.call()
    kernel.wait(result)
    return result


@pytest.mark.parametrize(("entry", "axes"), list(cases()))
def test_each_answer_is_right_follows_changes_and_is_not_kept(entry, axes, monkeypatch):
    if entry.name == "torch-compiled" and not in_full(axes):
        trace_alone(monkeypatch)
    workload = WORKLOADS[entry.workload]
    problem, kernel = made(entry, axes)
    own = [operand.copy() for operand in problem.operands]
    random = np.random.default_rng(3)
    factors = Factors(len(problem.operands[0]), workload.rows_alike, problem.dtype, random)
    probe = workload.probe(axes, problem, random)
    kept = called(kernel)
    assert kernel.device_of is None or kernel.device_of(kept) == "cpu:0"
    assert workload.verify(axes, problem, kernel.to_numpy(kept)).ok
    assert probe(kernel, kept, factors.now).ok
    for change in (factors.change_all, factors.change_one, factors.change_one):
        kernel.change(*change())
        result = called(kernel)
        assert probe(kernel, result, factors.now).ok
        assert not probe(kernel, kept, factors.now).ok, "an answer from before the change"
        kept = result
    kernel.change(*factors.restore())
    assert workload.verify(axes, problem, kernel.to_numpy(called(kernel))).ok, (
        "the problem's own operands again"
    )
    for before, after in zip(own, problem.operands, strict=True):
        np.testing.assert_array_equal(before, after, "the reference's operands are never touched")


@pytest.mark.parametrize(("name", "dtype"), NOT_ON_A_CPU)
def test_what_a_cpu_lacks_is_named(name, dtype):
    axes = {**POINTS["attention"][0], "dtype": dtype}
    with pytest.raises(ValueError, match=r"dot_product_attention .* float16 .* on a CPU"):
        made(REGISTRY.find("attention", name), axes)


@pytest.mark.parametrize("name", POINTS)
def test_they_are_measured_where_they_are_named_alone(name):
    workload = WORKLOADS[name]
    assert workload.presets == ()
    assert {entry.name for entry in REGISTRY.of(name)} >= {*workload.smoke_only, *workload.quick_only}
    assert workload.size_axis.name in ("sequence", "size", "tokens", "m")
    for preset in ("smoke", "quick", "published"):
        corners = [axis.values(preset)[-1] for axis in workload.axes]
        axes = dict(zip((axis.name for axis in workload.axes), corners, strict=True))
        assert 0 < workload.bytes_moved(axes) < workload.memory_bytes(axes) < 16 * 2**30


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_operands_are_the_same_each_time_and_of_the_host_s_types(name, dtype):
    axes = {**POINTS[name][0], "dtype": dtype}
    first, second = (WORKLOADS[name].problem(axes, "gpu:0") for _ in range(2))
    for mine, theirs in zip(first.operands, second.operands, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype in (np.int64, np.float64 if dtype == "float64" else np.float32)
    assert 0.5 <= np.abs(first.operands[0]).min() < np.abs(first.operands[0]).max() < 1
    assert -0.5 < first.operands[0].mean() < 0.5


def test_errors_by_hand():
    """A row of four sums with ρ = 2: 0.2 too much in each is 0.1 ρ; 2.4 in one, 0.6 of the row and 0.2 alone."""
    sums = Sums(np.full((2, 4), 3.0), np.full((2, 4), 2.0))
    assert held_against(sums, sums.values, 0.0).error == 0.0
    assert held_against(sums, sums.values + np.array([[0.2], [0.0]]), 1.0).error == pytest.approx(0.1)
    one = sums.values.copy()
    one[1, 2] -= 2.4
    assert held_against(sums, one, 1.0).error == pytest.approx(0.6)
    wide = Sums(np.zeros((1, 10_000)), np.ones((1, 10_000)))
    one = wide.values.copy()
    one[0, 77] = 3.0
    assert held_against(wide, one, 1.0).error == pytest.approx(0.5), "alone, by a sixth; the row's is 0.03"


def test_errors_follow_the_factors_and_the_shape():
    sums = Sums(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2)))
    factors = np.array([0.5, 1.0])
    assert held_against(sums, [[0.5, 1.0], [3.0, 4.0]], 0.0, factors).ok
    assert held_against(sums, [[0.6, 1.1], [3.0, 4.0]], 1.0, factors).error == pytest.approx(0.2)
    assert held_against(sums, sums.values[:, :1], 1.0).error == np.inf
    assert not held_against(sums, sums.values * np.nan, 1.0).ok


def test_of_nothing_the_sum_is_nothing():
    sums = Sums(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    assert held_against(sums, [[0.0, 1.0]], 0.0).error == 0.0
    assert held_against(sums, [[1e-30, 1.0]], 0.1).error == np.inf
    assert not held_against(sums, [[np.nan, 1.0]], 0.1).ok


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_model_of_roundings_is_not_below_what_they_are(dtype):
    """Numbers added one after the other in the precision itself, their deviation counted over 3000 sums."""
    random, terms = np.random.default_rng(5), 60
    left, right = (random_sums.signed(random, (3000, terms), dtype).astype(dtype) for _ in range(2))
    total = np.zeros(3000, dtype)
    for k in range(terms):
        total = total + left[:, k] * right[:, k]
    products = left.astype(np.float64) * right.astype(np.float64)
    errors = (total - products.sum(axis=1)) / np.sqrt(np.square(products).sum(axis=1))
    predicted = np.sqrt(random_sums.rounding(dtype) * (1 + (terms + 1) / 2))
    assert 0.5 * predicted < errors.std() < predicted


def test_variances_by_hand():
    u = 2.0**-24
    assert random_sums.rounding("float32") == u * u / 3
    assert random_sums.accumulation("float32", 9) == pytest.approx(6 * u * u / 3, rel=1e-12, abs=0.0)
    assert random_sums.accumulation("float64", 9) == pytest.approx(2 * 6 * 2.0**-106 / 3, rel=1e-12, abs=0.0)
    assert random_sums.accumulation("bfloat16", 9) == random_sums.accumulation("float32", 9)
    assert random_sums.product_variance("float32", 9) == pytest.approx(7 * u * u / 3, rel=1e-12, abs=0.0)
    assert random_sums.product_variance("bfloat16", 9) == pytest.approx(4 * 2.0**-16 / 3, rel=1e-6, abs=0.0)
    assert random_sums.product_variance("tf32", 9) == pytest.approx(2 * 2.0**-20, rel=1e-6, abs=0.0)
    assert random_sums.tolerance(9.0) == 6.0
