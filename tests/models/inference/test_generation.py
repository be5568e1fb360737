"""Generation: every way's characters against the network in float64, choices between near equals allowed."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import PROVEN, timed_calls
from likeforlike.models.contract.against_reference import rounded_to, widened_problem
from likeforlike.models.contract.change import Factors
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.inference.generation.with_numpy import moved_on, plain
from likeforlike.models.inference.generation.workload import (
    CHARACTERS,
    CONTEXT,
    SUBJECT,
    WORKLOAD,
    numbers_of,
    tolerance,
    weight_names,
)
from likeforlike.models.registry import load_registry

ENTRIES = load_registry().of("generation")
SLOW = ("torch-compiled", "tf-xla", "keras-predict-jax", "keras-predict-torch")
"""Ten seconds of compiling, or of another backend, for what others show."""
ROUNDED = ("keras-predict", "tf-function", "torch", "jax-loop")


def axes_of(dtype="float32", batch=2):
    return {"batch": batch, "dtype": dtype}


def cases():
    for entry in ENTRIES:
        if entry.name not in SLOW:
            if entry.name != "keras-predict":  # some seconds; in bfloat16 it has more to do
                yield pytest.param(entry, "float32", id=f"{entry.name}-float32")
            if entry.name in ROUNDED:
                yield pytest.param(entry, "bfloat16", id=f"{entry.name}-bfloat16")


def called(kernel):
    result = kernel.call()
    kernel.wait(result)
    return result


@pytest.mark.parametrize(("entry", "dtype"), list(cases()))
def test_each_way_continues_the_prompts_and_follows_them(entry, dtype):
    for needed in entry.needs:
        pytest.importorskip(needed)
    backend = dict(entry.environment).get("KERAS_BACKEND")
    if backend and sys.modules["keras"].backend.backend() != backend:
        pytest.skip("this process has loaded Keras on another backend")
    axes = axes_of(dtype)
    problem = WORKLOAD.problem(axes, "cpu:0")
    kernel = entry.load()(problem)
    first = kernel.to_numpy(called(kernel))
    assert WORKLOAD.verify(axes, problem, first).ok
    calls = timed_calls(WORKLOAD, axes, problem, kernel)
    for _ in range(2):
        calls.before_waking()()
        calls.after(called(kernel), 1e-3, 1e-3)
    assert calls.facts()["timed_calls"] == PROVEN
    calls.restore()
    assert WORKLOAD.verify(axes, problem, kernel.to_numpy(called(kernel))).ok


def generated(axes, pick=np.argmax, place=-1, spoil=None, weights=None, dtype=None):
    """By NumPy in float64, wrong in one way; ``dtype``: logits rounded to it."""
    problem = WORKLOAD.problem(axes, "cpu:0")
    prompt, *operands = widened_problem(problem).operands
    named = dict(zip(weight_names(), operands, strict=True)) | (weights or {})
    window = numbers_of(prompt, "float64")
    for _ in range(CONTEXT):
        logits = SUBJECT.logits(named, window if spoil is None else spoil(window))[:, place]
        logits = logits if dtype is None else rounded_to(logits, dtype)
        chosen = np.zeros_like(logits)
        chosen[np.arange(len(logits)), pick(logits, axis=1)] = 1
        window = moved_on(window, chosen)
    return window, logits


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_exact_greedy_generation_has_no_error_and_says_many_things(dtype):
    axes = axes_of(dtype)
    characters, logits = generated(axes)
    problem = WORKLOAD.problem(axes, "cpu:0")
    assert WORKLOAD.verify(axes, problem, (characters, logits)).error < 1e-12
    assert all(len(np.unique(row)) > 4 for row in characters), "a text of one character would show little"
    assert len({row.tobytes() for row in characters}) == len(characters)


def test_choices_between_near_equals_are_allowed_and_judged_by_what_they_lead_to():
    """In bfloat16 rounded logits are often the same; the first of them is taken, and another text follows."""
    axes = axes_of("bfloat16", 8)
    found = generated(axes, dtype="bfloat16")
    exact, _ = generated(axes)
    assert (found[0] != exact).any()
    verification = WORKLOAD.verify(axes, WORKLOAD.problem(axes, "cpu:0"), found)
    assert 0 < verification.error <= verification.tolerance


def second(logits, axis):
    return np.argsort(logits, axis=axis)[:, -2]


def changed(name, how):
    """The weights of one name as something else makes them."""
    return {"weights": {name: how(SUBJECT.weights()[name].astype(np.float64))}}


WRONG = {
    "the likeliest but one": {"pick": second},
    "the least likely": {"pick": np.argmin},
    "the place before the last": {"place": -2},
    "the first place": {"place": 0},
    "the window reversed": {"spoil": lambda window: window[:, ::-1]},
    "the window moved too far": {"spoil": lambda window: np.roll(window, -1, axis=1)},
    "other numbers": {"spoil": lambda window: (window + 1) % CHARACTERS},
    "positions forgotten": changed("positions", np.zeros_like),
    "positions reversed": changed("positions", np.flipud),
    "last bias forgotten": changed("output_bias", np.zeros_like),
    "a block's bias forgotten": changed("block2_inner_bias", np.zeros_like),
    "scale of attention": changed("block1_query_kernel", lambda kernel: kernel / 2),
    "key's kernel transposed": changed("block2_key_kernel", np.transpose),
}


LITTLE = ("last bias forgotten", "a block's bias forgotten")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("how", WRONG)
def test_wrong_generations_are_refused(how, dtype):
    axes = axes_of(dtype)
    problem = WORKLOAD.problem(axes, "cpu:0")
    wrong = generated(axes, **WRONG[how])
    if dtype == "bfloat16" and how in LITTLE:
        pytest.skip("less than roundings to bfloat16 may come to")
    assert not WORKLOAD.verify(axes, problem, wrong).ok
    probe = WORKLOAD.probe(axes, problem, np.random.default_rng(1))
    assert not probe(Kernel(lambda: wrong, to_numpy=lambda answer: answer), wrong, np.ones(2)).ok


def test_one_wrong_character_is_refused_wherever_it_stands():
    axes = axes_of(batch=1)
    problem = WORKLOAD.problem(axes, "cpu:0")
    characters, logits = generated(axes)
    for place in range(CONTEXT):
        other = characters.copy()
        other[0, place] = (other[0, place] + 1) % CHARACTERS
        assert not WORKLOAD.verify(axes, problem, (other, logits)).ok


@pytest.mark.parametrize(
    "spoil",
    [
        lambda characters, logits: (characters[:1], logits),
        lambda characters, logits: (characters, logits[:, :-1]),
        lambda characters, logits: (characters.astype(np.float32), logits),
        lambda characters, logits: (characters - CHARACTERS, logits),
        lambda characters, logits: (characters, logits * np.nan),
    ],
)
def test_an_answer_of_another_form_is_refused(spoil):
    axes = axes_of()
    assert not WORKLOAD.verify(axes, WORKLOAD.problem(axes, "cpu:0"), spoil(*generated(axes))).ok


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_answer_kept_from_before_a_change_is_refused(dtype):
    axes = axes_of(dtype)
    problem = WORKLOAD.problem(axes, "cpu:0")
    kept = generated(axes)
    factors = Factors(2, False, dtype, np.random.default_rng(4))
    probe = WORKLOAD.probe(axes, problem, np.random.default_rng(1))
    kernel = Kernel(lambda: kept, to_numpy=lambda answer: answer)
    assert probe(kernel, kept, factors.now).ok
    factors.change_one()
    assert not probe(kernel, kept, factors.now).ok


def test_prompts_are_characters_in_every_mode():
    for dtype in ("float32", "bfloat16"):
        problem = WORKLOAD.problem(axes_of(dtype, 8), "cpu:0")
        numbers = numbers_of(problem.operands[0], dtype)
        np.testing.assert_array_equal(numbers, widened_problem(problem).operands[0] * 128 // 1)
        assert (numbers.min(), numbers.max()) == (0, CHARACTERS - 1)
        for factor in (0.5 + 2**-8, 0.703125, 1 - 2**-8):
            moved = widened_problem(problem, np.full(8, factor)).operands[0]
            host = (problem.operands[0] * np.float32(factor)).astype(np.float32)
            np.testing.assert_array_equal(numbers_of(host, dtype), moved * 128 // 1)


def test_counts_are_those_of_the_network():
    weights = SUBJECT.weights()
    assert all(np.any(array) for array in weights.values()), "one of zeros could be left out"
    dense = sum(
        a.size for name, a in weights.items() if name.endswith("kernel") and name != "embedding_kernel"
    )
    scores_and_values = 2 * 2 * 32 * 32 * 64
    assert SUBJECT.flop == 2 * (32 * dense + scores_and_values)
    assert WORKLOAD.flop(axes_of(batch=3)) == 3 * 32 * SUBJECT.flop
    assert WORKLOAD.items(axes_of(batch=3)) == 96
    assert tolerance(axes_of()) < 1e-4
    assert WORKLOAD.memory_bytes(axes_of(batch=64)) > 3 * 4 * sum(a.size for a in weights.values())


def test_numpy_s_own_is_within_a_tenth_of_what_is_allowed():
    axes = axes_of()
    problem = WORKLOAD.problem(axes, "cpu:0")
    kernel = plain(replace(problem))
    verification = WORKLOAD.verify(axes, problem, kernel.to_numpy(kernel.call()))
    assert verification.error < verification.tolerance / 10
