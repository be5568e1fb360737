"""Every implementation's answer on small sizes, against NumPy in float64 or a hand derivation."""

from __future__ import annotations

import numpy as np
import pytest

from likeforlike.models.contract.implementation import unsupported
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.registry import kernel_workloads, load_registry

REGISTRY = load_registry()
WORKLOADS = kernel_workloads()
DTYPES = ("float64", "float32", "bfloat16", "float16")
MATMUL_ERRORS = {"float64": 1e-13, "float32": 1e-5, "bfloat16": 2**-7, "float16": 2**-10}


def built(entry, axes, device="cpu:0"):
    for needed in entry.needs:
        pytest.importorskip(needed)
    problem = WORKLOADS[entry.workload].problem(axes, device)
    return problem, entry.load()(problem)


def answered(kernel: Kernel):
    result = kernel.call()
    kernel.wait(result)
    assert kernel.device_of is None or kernel.device_of(result) == "cpu:0"
    return kernel.to_numpy(result)


def matmul_cases():
    for entry in REGISTRY.of("matmul"):
        for dtype in DTYPES:
            if unsupported(entry, "cpu", {"dtype": dtype}) is None:
                yield pytest.param(entry, dtype, id=f"{entry.name}-{dtype}")


@pytest.mark.parametrize(("entry", "dtype"), list(matmul_cases()))
def test_product(entry, dtype):
    axes = {"size": 37, "dtype": dtype}
    problem, kernel = built(entry, axes)
    answer = answered(kernel)
    left, right = (operand.astype(np.float64) for operand in problem.operands)
    np.testing.assert_allclose(answer, left @ right, rtol=MATMUL_ERRORS[dtype])
    verification = WORKLOADS["matmul"].verify(axes, problem, answer)
    assert verification.ok
    assert verification.error <= MATMUL_ERRORS[dtype]


@pytest.mark.parametrize("entry", REGISTRY.of("matmul"), ids=lambda entry: entry.name)
def test_product_is_computed_anew_from_its_operands(entry):
    first_problem, first = built(entry, {"size": 16, "dtype": "float32"})
    second_problem, second = built(entry, {"size": 17, "dtype": "float32"})
    assert first.call() is not first.call()
    for problem, kernel in ((second_problem, second), (first_problem, first)):
        left, right = problem.operands
        np.testing.assert_allclose(answered(kernel), left @ right, rtol=1e-5)


@pytest.mark.parametrize("entry", REGISTRY.of("matmul"), ids=lambda entry: entry.name)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_transfers_carry_the_operands_and_the_result(entry, dtype):
    if unsupported(entry, "cpu", {"dtype": dtype}):
        pytest.skip("not offered")
    problem, kernel = built(entry, {"size": 8, "dtype": dtype})
    result = kernel.call()
    if entry.framework == "numpy":
        assert kernel.upload is None
        assert kernel.download is None
        return
    uploaded = kernel.upload()
    for operand, copy in zip(problem.operands, uploaded, strict=True):
        np.testing.assert_allclose(kernel.to_numpy(copy), operand, rtol=2**-8 if dtype == "bfloat16" else 0)
        assert kernel.device_of(copy) == "cpu:0"
    np.testing.assert_array_equal(kernel.download(result), kernel.to_numpy(result))


@pytest.mark.parametrize("entry", REGISTRY.of("jacobian"), ids=lambda entry: entry.name)
def test_notebook_derivatives(entry):
    """At [1, 3], by hand: 6 + 2 = 8 and 18 + 2 = 20."""
    _, gradient = built(entry, {"size": 2, "what": "gradient"})
    np.testing.assert_allclose(answered(gradient), [8, 20], rtol=1e-9)
    _, jacobian = built(entry, {"size": 2, "what": "jacobian"})
    np.testing.assert_allclose(answered(jacobian), [[8, 0], [0, 20]], atol=1e-8)


@pytest.mark.parametrize("entry", REGISTRY.of("jacobian"), ids=lambda entry: entry.name)
@pytest.mark.parametrize("what", ["gradient", "jacobian"])
def test_derivatives_of_longer_vectors(entry, what):
    axes = {"size": 9, "what": what}
    problem, kernel = built(entry, axes)
    answer = answered(kernel)
    by_hand = 6 * np.array([1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3]) + 2
    np.testing.assert_allclose(answer, by_hand if what == "gradient" else np.diag(by_hand), atol=1e-8)
    assert WORKLOADS["jacobian"].verify(axes, problem, answer).ok


@pytest.mark.parametrize("entry", REGISTRY.of("eigen"), ids=lambda entry: entry.name)
def test_notebook_eigenvalues(entry):
    """[[3, 2], [2, 3]]: 1 along (1, -1) and 5 along (1, 1), by hand."""
    _, kernel = built(entry, {"size": 2})
    values, vectors = answered(kernel)
    np.testing.assert_allclose(values, [1, 5], atol=1e-13)
    np.testing.assert_allclose(np.abs(vectors), np.full((2, 2), np.sqrt(0.5)), atol=1e-13)
    assert vectors[0, 0] * vectors[1, 0] < 0 < vectors[0, 1] * vectors[1, 1]


@pytest.mark.parametrize("entry", REGISTRY.of("eigen"), ids=lambda entry: entry.name)
def test_larger_eigenvalues(entry):
    problem, kernel = built(entry, {"size": 30})
    (matrix,) = problem.operands
    values, vectors = answer = answered(kernel)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_allclose(values, np.sort(np.linalg.eigvals(matrix).real), atol=1e-11)
    np.testing.assert_allclose(vectors @ np.diag(values) @ vectors.T, matrix, atol=1e-11)
    assert WORKLOADS["eigen"].verify({"size": 30}, problem, answer).ok


def test_noise_twins_are_the_same_work_and_nothing_is_none():
    twin_a, twin_b = (REGISTRY.find("noise", name) for name in ("twin-a", "twin-b"))
    assert (twin_a.target, twin_a.environment) == (twin_b.target, twin_b.environment)
    problem, kernel = built(twin_a, {})
    answer = answered(kernel)
    assert WORKLOADS["noise"].verify({}, problem, answer).ok
    assert not WORKLOADS["noise"].verify({}, problem, answer.T).ok
    _, nothing = built(REGISTRY.find("noise", "nothing"), {})
    assert answered(nothing) is None


def test_torch_compiled_names_the_missing_compiler(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler.*install g\+\+"):
        built(REGISTRY.find("matmul", "torch-compiled"), {"size": 4, "dtype": "float32"})


@pytest.mark.parametrize(("name", "module"), [("torch", "torch"), ("jax", "jax")])
def test_a_device_that_is_not_there_is_named(name, module):
    pytest.importorskip(module)
    with pytest.raises(ValueError, match=r"cpu:7"):
        built(REGISTRY.find("matmul", name), {"size": 4, "dtype": "float32"}, device="cpu:7")
