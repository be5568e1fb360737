"""Inference: every way's logits, against each network in NumPy's float64; wrong networks are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.models.contract.against_reference import rounded_to
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.implementation import unsupported
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.inference.subjects import SUBJECTS
from likeforlike.models.inference.workload import WORKLOAD, reference, tolerance
from likeforlike.models.registry import load_registry

ENTRIES = load_registry().of("inference")
MODES = WORKLOAD.axis("dtype").choices


def axes_of(network, dtype="float32", batch=3):
    return {"network": network, "batch": batch, "dtype": dtype}


def cases():
    for entry in ENTRIES:
        if entry.name == "torch-compiled":  # ten seconds of compiling, of the module that torch's own calls
            continue
        for network in SUBJECTS:
            for dtype in MODES:
                usual = (network, dtype) in (("mlp", "bfloat16"), ("mlp", "float32"))
                if not usual and (
                    dtype != "float32" or entry.name not in ("numpy", "tf-function", "torch", "jax")
                ):
                    continue  # one of each framework's networks
                if unsupported(entry, "cpu:0", {"dtype": dtype}) is None:
                    yield pytest.param(entry, network, dtype, id=f"{entry.name}-{network}-{dtype}")


def called(kernel):
    result = kernel.call()
    kernel.wait(result)
    return result


@pytest.mark.parametrize(("entry", "network", "dtype"), list(cases()))
def test_each_way_gives_the_logits_and_follows_its_images(entry, network, dtype):
    for needed in entry.needs:
        pytest.importorskip(needed)
    backend = dict(entry.environment).get("KERAS_BACKEND")
    if backend and sys.modules["keras"].backend.backend() != backend:
        pytest.skip("this process has loaded Keras on another backend")
    axes = axes_of(network, dtype)
    problem = WORKLOAD.problem(axes, "cpu:0")
    own = [operand.copy() for operand in problem.operands]
    kernel = entry.load()(problem)
    assert WORKLOAD.verify(axes, problem, kernel.to_numpy(called(kernel))).ok
    calls = timed_calls(WORKLOAD, axes, problem, kernel)
    for _ in range(3):
        calls.before_waking()()
        calls.after(called(kernel), 1e-3, 1e-3)
    assert calls.facts()["timed_calls"] == PROVEN
    calls.restore()
    assert WORKLOAD.verify(axes, problem, kernel.to_numpy(called(kernel))).ok
    for before, after in zip(own, problem.operands, strict=True):
        np.testing.assert_array_equal(before, after)


def rounded_logits(operands, dtype):
    """784-512-10 in float64, each result rounded to the mode."""
    images, hidden, hidden_bias, output, output_bias = (rounded_to(one, dtype) for one in operands)
    units = rounded_to(np.maximum(rounded_to(images @ hidden, dtype) + hidden_bias, 0), dtype)
    return rounded_to(rounded_to(units @ output, dtype) + output_bias, dtype)


@pytest.mark.parametrize("dtype", MODES)
def test_honest_rounding_is_within_tolerance_and_near_it(dtype):
    """Near where sums in float32 add nothing: in 16 bits."""
    axes = axes_of("mlp", dtype, 64)
    problem = WORKLOAD.problem(axes, "cpu:0")
    wide = [operand.astype(np.float64) for operand in problem.operands]
    verification = WORKLOAD.verify(axes, problem, rounded_logits(wide, dtype))
    assert verification.ok
    assert dtype != "bfloat16" or verification.error > verification.tolerance / 6


WRONG = {
    "images reversed": lambda x, a, b, c, d: (x[::-1], a, b, c, d),
    "one image twice": lambda x, a, b, c, d: (x[[0, 0, *range(2, len(x))]], a, b, c, d),
    "hidden bias forgotten": lambda x, a, b, c, d: (x, a, 0 * b, c, d),
    "output bias forgotten": lambda x, a, b, c, d: (x, a, b, c, 0 * d),
    "hidden kernel transposed": lambda x, a, b, c, d: (x, a.T.reshape(a.shape), b, c, d),
    "output kernel transposed": lambda x, a, b, c, d: (x, a, b, c.T.reshape(c.shape), d),
    "weights of another start": lambda x, a, b, c, d: (x, a[::-1], b, c, d),
    "ten units left out": lambda x, a, b, c, d: (x, a, b, np.where(np.arange(512)[:, None] < 10, 0, c), d),
    "dropout left on": lambda x, a, b, c, d: (x, a, b, c * (np.arange(512)[:, None] % 5 > 0) / 0.8, d),
}


@pytest.mark.parametrize("dtype", MODES)
@pytest.mark.parametrize("how", WRONG)
def test_wrong_networks_are_refused(how, dtype):
    axes = axes_of("mlp", dtype, 8)
    problem = WORKLOAD.problem(axes, "cpu:0")
    wide = [operand.astype(np.float64) for operand in problem.operands]
    wrong = rounded_logits(WRONG[how](*wide), dtype)
    assert not WORKLOAD.verify(axes, problem, wrong).ok
    probe = WORKLOAD.probe(axes, problem, np.random.default_rng(1))
    assert not probe(Kernel(lambda: wrong), wrong, np.ones(8)).ok


@pytest.mark.parametrize("network", SUBJECTS)
@pytest.mark.parametrize("dtype", MODES)
def test_an_answer_kept_from_before_a_change_is_refused(network, dtype):
    axes = axes_of(network, dtype, 8)
    problem = WORKLOAD.problem(axes, "cpu:0")
    factors = Factors(8, False, dtype, np.random.default_rng(4))
    kept = reference(problem)
    probe = WORKLOAD.probe(axes, problem, np.random.default_rng(1))
    assert probe(Kernel(lambda: kept), kept, factors.now).ok
    factors.change_all()
    assert not probe(Kernel(lambda: kept), kept, factors.now).ok


@pytest.mark.parametrize("network", SUBJECTS)
def test_counts_are_those_of_the_weights(network):
    subject = SUBJECTS[network]
    assert all(np.any(array) for array in subject.weights().values()), "one of zeros could be left out"
    assert tolerance(axes_of(network)) < 1e-4
    assert WORKLOAD.flop(axes_of(network, batch=5)) == 5 * subject.flop
    assert WORKLOAD.items(axes_of(network, batch=5)) == 5


def test_products_are_counted_by_hand():
    """A dense layer's weights once an image, a convolution's once a pixel, the transformer's once a row."""
    assert SUBJECTS["mlp"].flop == 813_056
    convolved = 28 * 28 * 144 + 14 * 14 * 4608
    assert SUBJECTS["convnet"].flop == 2 * (convolved + 1568 * 64 + 640)
    weights = SUBJECTS["transformer"].weights()
    dense = sum(array.size for name, array in weights.items() if array.ndim == 2 and name != "positions")
    scores_and_values = 2 * 2 * 28 * 28 * 64
    assert SUBJECTS["transformer"].flop == 2 * (28 * (dense - 640) + 640 + scores_and_values)


def test_an_answer_of_another_shape_is_infinitely_wrong():
    axes = axes_of("mlp")
    problem = WORKLOAD.problem(axes, "cpu:0")
    assert WORKLOAD.verify(axes, problem, reference(problem)[:2]).error == np.inf
