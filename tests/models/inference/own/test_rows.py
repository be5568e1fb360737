"""Samples drawn for each call: other ones each time, each held to its own answer, whatever their type."""

from __future__ import annotations

import math

import numpy as np
import pytest

from likeforlike.bench.worker.calls.timed_calls import TimedCalls, timed_calls
from likeforlike.bench.worker.outcomes import CellFailed
from likeforlike.models.contract.kernel import Kernel
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.workload import Workload
from likeforlike.models.frameworks import on_numpy
from likeforlike.models.inference.own.rows import Known, Question, Rows, asked
from likeforlike.models.inference.own.workload import probe, verify

KERNEL = np.random.default_rng(3).normal(size=(5, 2))
TOKENS = np.random.default_rng(4).integers(0, 9, (40, 5)).astype(np.int32)


def known(inputs: np.ndarray = TOKENS) -> Known:
    return Known(inputs, inputs.astype(np.float64) @ KERNEL, 1e-6)


def question(batch: int, seed: int = 1) -> Question:
    rows = Rows(known(), batch, np.random.default_rng(seed))
    return Question((rows.inputs(rows.first),), "float32", "cpu:0", {"batch": batch}, rows)


def right(samples: np.ndarray) -> np.ndarray:
    return samples @ KERNEL.astype(np.float32)


@pytest.mark.parametrize("batch", [1, 8, 20, 25, 40, 100])
def test_each_draw_has_other_samples_as_far_as_there_are_so_many(batch: int) -> None:
    rows = Rows(known(), batch, np.random.default_rng(0))
    assert rows.now.tolist() == [n % 40 for n in range(batch)]
    for _ in range(20):
        found = rows.drawn()
        assert len(found) == batch
        if batch <= 20:
            assert not set(found) & set(rows.now)
        if batch <= 40:
            assert len(set(found)) == batch
        assert not np.array_equal(found, rows.now)
        rows.now = found


def test_an_error_is_of_each_sample_relative_to_its_own_answer() -> None:
    some = known()
    rows = np.array([3, 7])
    answer = some.answers[rows].copy()
    assert some.error(rows, answer) == 0.0
    answer[1] += 1e-3 * np.linalg.norm(answer[1]) * np.array([0.6, 0.8])
    assert some.error(rows, answer) == pytest.approx(1e-3)
    assert some.error(rows[::-1], answer) > 0.1
    assert some.error(rows, answer[:1]) == math.inf
    assert some.error(rows, answer[:, :1]) == math.inf


def test_an_answer_near_0_is_held_to_the_size_of_others() -> None:
    some = Known(TOKENS[:2], np.array([[0.0, 0.0], [3.0, 4.0]]), 1e-6)
    assert some.error(np.array([0]), np.array([[1e-6, 0.0]])) == pytest.approx(1e-6 / (1e-3 * 5))


def timed(kernel: Kernel, of: Question) -> TimedCalls:
    workload = Workload("asked", "", verify=verify, probe=probe)
    return timed_calls(workload, of.axes, of, kernel)


def call(kernel: Kernel, calls: TimedCalls) -> None:
    calls.before_waking()()
    calls.after(kernel.call(), 1e-3, 1e-3)


def test_every_timed_call_is_held_to_the_samples_that_it_was_given() -> None:
    of = question(8)
    kernel = asked(on_numpy.kernel, of, right)
    assert verify(of.axes, of, kernel.call()).ok
    calls = timed(kernel, of)
    for _ in range(5):
        call(kernel, calls)
    assert calls.facts()["timed_calls"] == "proven"
    assert calls.further_in_a_turn() > 0
    calls.restore()
    assert of.rows is not None
    assert of.rows.now.tolist() == list(range(8))
    assert verify(of.axes, of, kernel.call()).ok


def test_a_kept_answer_is_found() -> None:
    of = question(8)
    kept: list[np.ndarray] = []

    def keeps(samples: np.ndarray) -> np.ndarray:
        kept.append(right(samples))
        return kept[0]

    kernel = asked(on_numpy.kernel, of, keeps)
    assert verify(of.axes, of, kernel.call()).ok
    with pytest.raises(CellFailed, match="a timed call's result is wrong"):
        call(kernel, timed(kernel, of))


def test_what_nothing_shows_to_be_one_network_is_told() -> None:
    rows = Rows(Known(TOKENS, known().answers, 1e-6, "not matched"), 4, np.random.default_rng(0))
    assert rows.hold(rows.known.answers[:4]).unproven == "not matched"


def test_further_calls_of_a_turn_are_asked_about_other_samples_too() -> None:
    of = question(8)
    kernel = asked(on_numpy.kernel, of, right)
    assert of.rows is not None
    assert kernel.supply is not None
    before = set(of.rows.now)
    kernel.supply.draw_further()
    assert not before & set(of.rows.now)
    assert verify(of.axes, of, kernel.call()).ok


@pytest.mark.parametrize("kind", [Problem, Question])
def test_a_problem_without_samples_to_draw_is_worked_on_by_its_first_operand(kind: type[Problem]) -> None:
    kernel = asked(on_numpy.kernel, kind((TOKENS[:3], TOKENS[3:5]), "float32", "cpu:0"), right)
    np.testing.assert_array_equal(kernel.call(), right(TOKENS[:3]))
    assert kernel.supply is None
    assert kernel.change is not None
