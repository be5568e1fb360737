"""Triad, copy, softmax, layernorm, sort and fft: right in every mode, by every way; wrong ones are refused.

What is right is computed here once more, by SciPy or by the definition, never by the workload's own reference.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.special

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.against_reference import rounded_to, widened_problem
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.implementation import unsupported
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.frameworks import on_numpy
from likeforlike.models.kernels.fft import workload as fft
from likeforlike.models.kernels.layernorm import workload as layernorm
from likeforlike.models.kernels.precision_modes import UNIT_ROUNDOFF
from likeforlike.models.kernels.softmax import workload as softmax
from likeforlike.models.kernels.triad import arrays
from likeforlike.models.registry import kernel_workloads, load_registry

REGISTRY = load_registry()
WORKLOADS = kernel_workloads()
NAMES = ("triad", "copy", "softmax", "layernorm", "sort", "fft")
SMALL = {
    "triad": {"mebibytes": 1},
    "copy": {"mebibytes": 1},
    "softmax": {"columns": 64, "rows": 64},
    "layernorm": {"columns": 64, "rows": 64},
    "sort": {"numbers": 100, "rows": 5},
    "fft": {"size": 64, "rows": 5},
}
COMPILED = (
    ("float64", "float32", "bfloat16", "float16")
    if os.environ.get("LIKEFORLIKE_COMPILE_ALL")
    else ("float32",)
)
"""What torch.compile is asked for: seconds of a C++ compiler each."""


def normalised(x, gain, bias, epsilon=layernorm.EPSILON, axis=1, less=0):
    mean = x.mean(axis=axis, keepdims=True)
    variance = ((x - mean) ** 2).sum(axis=axis, keepdims=True) / (x.shape[axis] - less)
    return (x - mean) / np.sqrt(variance + epsilon) * gain + bias


def transform(x):
    """By the definition: a product with the matrix of e^(-2πi jk/n)."""
    size = x.shape[1]
    angles = np.outer(np.arange(size), np.arange(size // 2 + 1)) % size
    return x @ np.exp(-2j * np.pi * angles / size)


RIGHT = {
    "triad": lambda b, c: b + 3 * c,
    "copy": lambda b: b.copy(),
    "softmax": lambda x: scipy.special.softmax(x, axis=1),
    "layernorm": normalised,
    "sort": lambda x: np.array([sorted(row) for row in x.tolist()]),
    "fft": transform,
}


def swapped_at_the_end(x):
    answer = np.sort(x, axis=1)
    answer[-1, -2:] = answer[-1, -2:][::-1]
    return answer


def without_last_bin(x):
    answer = transform(x)
    answer[:, -1] = 0
    return answer


def last_element_forgotten(b):
    answer = b.copy()
    answer[-1, -1] = 0
    return answer


WRONG = {
    "triad": {
        "scalar forgotten": lambda b, c: b + c,
        "operands swapped": lambda b, c: c + 3 * b,
        "off by one row": lambda b, c: b + 3 * np.roll(c, 1, axis=0),
        "off by one element": lambda b, c: np.roll(b, 1, axis=1) + 3 * c,
        "only the product": lambda b, c: 3 * c,
        "last element forgotten": lambda b, c: last_element_forgotten(b + 3 * c),
        "not a number": lambda b, c: np.where(b == b.max(), np.nan, b + 3 * c),
    },
    "copy": {
        "off by one row": lambda b: np.roll(b, 1, axis=0),
        "last element forgotten": last_element_forgotten,
        "doubled": lambda b: 2 * b,
        "a row short": lambda b: b[:-1],
    },
    "softmax": {
        "unnormalised": lambda x: np.exp(x - x.max(axis=1, keepdims=True)),
        "wrong axis": lambda x: scipy.special.softmax(x, axis=0),
        "over all": lambda x: scipy.special.softmax(x),
        "transposed": lambda x: scipy.special.softmax(x, axis=1).T,
        "off by one row": lambda x: np.roll(scipy.special.softmax(x, axis=1), 1, axis=0),
        "logarithm": lambda x: scipy.special.log_softmax(x, axis=1),
        "largest left out of the sum": lambda x: np.exp(x) / (np.exp(x).sum(1, keepdims=True) - np.exp(x.max(1, keepdims=True))),
    },
    "layernorm": {
        "epsilon forgotten": lambda x, gain, bias: normalised(x, gain, bias, epsilon=0.0),
        "epsilon of another": lambda x, gain, bias: normalised(x, gain, bias, epsilon=1e-5),
        "wrong axis": lambda x, gain, bias: normalised(x, gain, bias, axis=0),
        "off by one row": lambda x, gain, bias: np.roll(normalised(x, gain, bias), 1, axis=0),
        "transposed": lambda x, gain, bias: normalised(x, gain, bias).T,
        "gain forgotten": lambda x, gain, bias: normalised(x, 1.0, bias),
        "bias forgotten": lambda x, gain, bias: normalised(x, gain, 0.0),
        "unnormalised": lambda x, gain, bias: x * gain + bias,
        "mean not subtracted": lambda x, gain, bias: x / np.sqrt(x.var(1, keepdims=True) + 2**-10) * gain + bias,
        "variance over n - 1": lambda x, gain, bias: normalised(x, gain, bias, less=1),
    },
    "sort": {
        "last pair unsorted": swapped_at_the_end,
        "descending": lambda x: -np.sort(-x, axis=1),
        "wrong axis": lambda x: np.sort(x, axis=0),
        "off by one row": lambda x: np.roll(np.sort(x, axis=1), 1, axis=0),
        "unsorted": lambda x: x,
        "by magnitude": lambda x: np.take_along_axis(x, np.argsort(abs(x), axis=1), axis=1),
        "places, not numbers": lambda x: np.argsort(x, axis=1),
    },
    "fft": {
        "wrong direction": lambda x: transform(x).conj(),
        "scaled by 1/n": lambda x: transform(x) / x.shape[1],
        "scaled by 1/sqrt n": lambda x: transform(x) / np.sqrt(x.shape[1]),
        "wrong axis": lambda x: np.fft.fft(x, axis=0)[:, : x.shape[1] // 2 + 1],
        "off by one row": lambda x: np.roll(transform(x), 1, axis=0),
        "last bin forgotten": without_last_bin,
        "imaginary part lost": lambda x: transform(x).real,
        "all bins": lambda x: np.fft.fft(x, axis=1),
    },
}  # fmt: skip
TOO_FINE_FOR_16_BITS = {("layernorm", "variance over n - 1")}
"""An error of 0.1 % of the largest element: under the rounding of a bfloat16."""


def modes(name):
    return WORKLOADS[name].axis("dtype").choices


def ways():
    for name in NAMES:
        for entry in REGISTRY.of(name):
            for dtype in COMPILED if entry.name == "torch-compiled" else modes(name):
                if dtype in modes(name) and unsupported(entry, "cpu", {"dtype": dtype}) is None:
                    yield pytest.param(entry, dtype, id=f"{name}-{entry.name}-{dtype}")


def problem_of(name, dtype):
    axes = {**SMALL[name], "dtype": dtype}
    return axes, WORKLOADS[name].problem(axes, "cpu:0")


def called(kernel):
    result = kernel.call()
    kernel.wait(result)
    return result


@pytest.fixture(autouse=True)
def _compiled_anew():
    """A worker compiles one kernel; this process has compiled those of other tests, up to PyTorch's limit."""
    compiler = sys.modules.get("torch._dynamo")
    if compiler is not None:
        compiler.reset()


@pytest.mark.parametrize(("entry", "dtype"), list(ways()))
def test_each_way_is_right_before_and_after_changes_and_what_was_kept_is_refused(entry, dtype):
    for needed in entry.needs:
        pytest.importorskip(needed)
    name, workload = entry.workload, WORKLOADS[entry.workload]
    axes, problem = problem_of(name, dtype)
    kernel = entry.load()(problem)
    result = called(kernel)
    assert kernel.device_of is None or kernel.device_of(result) == "cpu:0"
    answer = np.array(kernel.to_numpy(result))
    truth = RIGHT[name](*widened_problem(problem).operands)
    assert np.abs(answer - truth).max() <= 20 * UNIT_ROUNDOFF[dtype] * np.abs(truth).max()
    assert workload.verify(axes, problem, answer).ok
    random = np.random.default_rng(3)
    factors = Factors(len(problem.operands[0]), workload.rows_alike, dtype, random)
    probe = workload.probe(axes, problem, random)
    for change in (factors.change_all, factors.change_one, factors.change_one, factors.change_all):
        kernel.change(*change())
        assert not probe(replace(kernel, to_numpy=np.asarray, sketch=None), answer, factors.now).ok, "kept"
        result = called(kernel)
        assert probe(kernel, result, factors.now).ok
        answer = np.array(kernel.to_numpy(result))
        truth = RIGHT[name](*widened_problem(problem, factors.now).operands)
        assert np.abs(answer - truth).max() <= 20 * UNIT_ROUNDOFF[dtype] * np.abs(truth).max()
    kernel.change(*factors.restore())
    assert workload.verify(axes, problem, kernel.to_numpy(called(kernel))).ok


def mutants():
    for name in NAMES:
        for dtype in modes(name):
            for how in WRONG[name]:
                if "16" not in dtype or (name, how) not in TOO_FINE_FOR_16_BITS:
                    yield pytest.param(name, how, dtype, id=f"{name}-{how}-{dtype}")


@pytest.mark.parametrize(("name", "how", "dtype"), list(mutants()))
def test_what_is_wrong_is_refused_before_and_in_timed_calls(name, how, dtype):
    axes, problem = problem_of(name, dtype)
    workload, host = WORKLOADS[name], Kernel(call=lambda: None)
    random = np.random.default_rng(5)
    factors = Factors(len(problem.operands[0]), False, dtype, random)
    factors.change_all()
    probe = workload.probe(axes, problem, random)
    own, changed = widened_problem(problem).operands, widened_problem(problem, factors.now).operands
    assert workload.verify(axes, problem, in_mode(RIGHT[name](*own), dtype)).ok
    assert probe(host, in_mode(RIGHT[name](*changed), dtype), factors.now).ok
    with np.errstate(invalid="ignore", divide="ignore"):
        assert not workload.verify(axes, problem, in_mode(WRONG[name][how](*own), dtype)).ok
        assert not probe(host, in_mode(WRONG[name][how](*changed), dtype), factors.now).ok


def in_mode(answer, dtype):
    """As a framework stores it: rounded to the mode; complex numbers part by part."""
    if np.iscomplexobj(answer):
        return answer.astype(np.complex64 if dtype == "float32" else np.complex128)
    return (
        answer.astype(dtype) if dtype in ("float32", "float64") else rounded_to(answer.astype(float), dtype)
    )


def timed(name, work):
    """A worker's own way of proving: one timed call of a kernel on NumPy."""
    axes, problem = problem_of(name, "float32")
    kernel = on_numpy.kernel(problem, work)
    called(kernel)
    calls = timed_calls(WORKLOADS[name], axes, problem, kernel)
    for _ in range(2):
        change_last = calls.before_waking()
        called(kernel)
        change_last()
        calls.after(called(kernel), 1.0, 1.0)
    return calls.facts()["timed_calls"]


@pytest.mark.parametrize("name", NAMES)
def test_timed_calls_are_proven_and_a_kernel_that_keeps_its_first_answer_fails(name):
    def honest(*operands):
        return in_mode(RIGHT[name](*(operand.astype(np.float64) for operand in operands)), "float32")

    assert timed(name, honest) == PROVEN
    kept = []

    def keeping(*operands):
        kept.extend([] if kept else [honest(*operands)])
        return kept[0]

    with pytest.raises(CellFailed, match="wrong"):
        timed(name, keeping)


def test_a_copy_that_hands_on_its_operand_is_refused():
    with pytest.raises(CellFailed, match="wrong"):
        timed("copy", lambda b: b)


def test_normalising_without_epsilon_would_not_tell_a_kept_answer_but_this_does():
    """Rows times factors: of a variance far above ε the answer hardly changes; here by a quarter at least."""
    _, problem = problem_of("layernorm", "float64")
    x, gain, bias = problem.operands
    far = np.abs(normalised(x, gain, bias, epsilon=0.0) - normalised(x / 2, gain, bias, epsilon=0.0)).max()
    here = np.abs(normalised(x, gain, bias) - normalised(x / 2, gain, bias)).max()
    assert far < 1e-12 < 0.25 < here


@pytest.mark.parametrize("name", NAMES)
def test_it_is_measured_where_it_is_named_and_only_there(name):
    workload = WORKLOADS[name]
    assert workload.presets == ()
    assert workload.size_axis is not None
    assert {entry.name for entry in REGISTRY.of(name)} >= {
        "numpy", "tf-eager", "tf-graph", "tf-xla", "torch", "torch-compiled", "jax",
    }  # fmt: skip


def test_counts_by_hand():
    """Of 1 MiB of float32, 2 ** 18 numbers; of 3 rows of 8 numbers in 2 bytes."""
    of = {name: WORKLOADS[name] for name in NAMES}
    megabyte = {"mebibytes": 1, "dtype": "float32"}
    assert (of["triad"].flop(megabyte), of["triad"].bytes_moved(megabyte)) == (2 * 2**18, 3 * 2**20)
    assert (of["copy"].flop(megabyte), of["copy"].bytes_moved(megabyte)) == (None, 2 * 2**20)
    rows = {"rows": 3, "columns": 8, "numbers": 8, "size": 8, "dtype": "bfloat16"}
    assert (of["softmax"].flop(rows), of["softmax"].bytes_moved(rows)) == (72, 96)
    assert (of["layernorm"].flop(rows), of["layernorm"].bytes_moved(rows)) == (168, 96 + 32)
    assert (of["sort"].flop(rows), of["sort"].bytes_moved(rows)) == (None, 96)
    single = {**rows, "dtype": "float32"}
    assert (of["fft"].flop(single), of["fft"].bytes_moved(single)) == (2.5 * 3 * 8 * 3, 3 * (8 + 2 * 5) * 4)


@pytest.mark.parametrize(("name", "dtype"), [(name, dtype) for name in NAMES for dtype in modes(name)])
def test_a_cell_needs_more_memory_than_its_operands_and_a_result(name, dtype):
    axes, problem = problem_of(name, dtype)
    held = sum(operand.nbytes for operand in problem.operands)
    needed = WORKLOADS[name].memory_bytes(axes)
    assert needed > 2 * held
    assert type(needed) is int


def test_arrays_are_exact_in_every_mode_and_their_bytes_are_the_size_s():
    for dtype, item in (("float64", 8), ("float32", 4), ("bfloat16", 2), ("float16", 2)):
        _, problem = problem_of("triad", dtype)
        for operand in problem.operands:
            assert operand.size * item == 2**20
            np.testing.assert_array_equal(rounded_to(operand.astype(float), "bfloat16"), operand)
            np.testing.assert_array_equal(rounded_to(operand.astype(float), "float16"), operand)
        assert (problem.operands[0].min(), problem.operands[0].max()) == (128 / 256, 255 / 256)


def test_tolerances_by_hand():
    assert arrays.tolerance("float32", 2) == pytest.approx(2 * 2**-24, rel=1e-6, abs=0.0)
    assert arrays.tolerance("bfloat16", 3) == pytest.approx((1 + 2**-8 + 2**-24) ** 3 - 1, rel=1e-9, abs=0.0)
    assert arrays.tolerance("float64", 2) == pytest.approx(4 * 2**-53, rel=1e-9, abs=0.0)
    assert arrays.tolerance("float16", 0) == 0.0
    # e^1 columns: from the terms 2/√3 √(1/e); 16 columns: their root is 4
    units = 1 / np.e + 4 + 2 / np.sqrt(3) * np.sqrt(np.log(16) / np.e) + 3
    assert softmax.tolerance("float32", 16) == pytest.approx((units + 2 * 6) * 2**-24)
    assert softmax.tolerance("bfloat16", 16) == pytest.approx((units - 2) * 2**-8 + 2 * 6 * 2**-24)
    assert layernorm.tolerance({"columns": 16, "dtype": "float16"}) == pytest.approx(
        (19 * 12 + 38) * 2**-24 + 2**-11
    )
    eta = 2**-24 * (1 + 4 * np.sqrt(2))
    assert fft.tolerance("float32", 64) == pytest.approx(7 * eta, rel=1e-4)
    assert fft.tolerance("float32", 60) == pytest.approx(3 * 8 * eta, rel=1e-4)


def test_a_size_that_is_no_power_of_two_is_right_too():
    axes = {"size": 97, "rows": 3, "dtype": "float32"}
    problem = WORKLOADS["fft"].problem(axes, "cpu:0")
    answer = transform(problem.operands[0].astype(np.float64)).astype(np.complex64)
    assert WORKLOADS["fft"].verify(axes, problem, answer).ok
    assert not WORKLOADS["fft"].verify(axes, problem, answer.conj()).ok
