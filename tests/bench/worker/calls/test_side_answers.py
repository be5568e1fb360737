from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from made_up_run import SPEC

from likeforlike.bench.worker.calls import side_answers
from likeforlike.bench.worker.calls.side_answers import difference
from likeforlike.models.contract.workload import Problem
from likeforlike.models.kernels.eigen.workload import WORKLOAD as EIGEN
from likeforlike.models.kernels.eigen.workload import settled
from likeforlike.models.kernels.matmul.workload import WORKLOAD as MATMUL

RANDOM = np.random.default_rng(1)
PROBLEM = Problem((RANDOM.normal(size=(5, 5)), RANDOM.normal(size=(5, 5))), "float64", "cpu:0", {})
ANSWER = PROBLEM.operands[0] @ PROBLEM.operands[1]


def held(folder: Path, answer, problem=PROBLEM, workload=MATMUL, kept=ANSWER):
    first = msgspec.structs.replace(SPEC, answer_file=str(folder / "a.npz"))
    other = msgspec.structs.replace(SPEC, answer_of=str(folder / "a.npz"), first_side="base")
    side_answers.keep(first, workload, PROBLEM, lambda: kept)
    return side_answers.facts(other, workload, problem, lambda: answer)["side_answers"]


def test_the_same_answer_is_identical(tmp_path: Path):
    assert held(tmp_path, ANSWER.copy()) == {"side": "base", "identical": True, "largest": 0.0, "norm": 0.0}


def test_how_far_another_answer_is_as_computed_by_hand(tmp_path: Path):
    other = ANSWER.copy()
    other[1, 2] += 3e-4
    told = held(tmp_path, other)
    assert told["identical"] is False
    assert told["largest"] == pytest.approx(3e-4 / np.abs(ANSWER).max(), rel=1e-9)
    assert told["norm"] == pytest.approx(3e-4 / np.linalg.norm(ANSWER), rel=1e-9)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ANSWER[:4], "the answers have other shapes"),
        ((ANSWER, ANSWER), "the answers have other shapes"),
        (ANSWER * np.inf, "an answer is not finite"),
    ],
)
def test_what_can_not_be_compared_says_why(tmp_path: Path, answer, told: str):
    with np.errstate(all="ignore"):
        assert held(tmp_path, answer) == {"side": "base", "not_compared": told}


def test_other_operands_are_seen(tmp_path: Path):
    problem = replace(PROBLEM, operands=(PROBLEM.operands[0] + 1e-9, PROBLEM.operands[1]))
    assert held(tmp_path, ANSWER, problem) == {
        "side": "base",
        "not_compared": "the sides were given other operands",
    }


def test_a_large_answer_is_not_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(side_answers, "MOST_BYTES", 10)
    assert "too large" in held(tmp_path, ANSWER)["not_compared"]
    assert not list(tmp_path.iterdir())


def test_without_sides_nothing_is_read(tmp_path: Path):
    def unread():
        raise AssertionError

    side_answers.keep(SPEC, MATMUL, PROBLEM, unread)
    assert side_answers.facts(SPEC, MATMUL, PROBLEM, unread) == {}


def test_eigenvectors_of_the_other_sign_are_alike(tmp_path: Path):
    matrix = PROBLEM.operands[0] + PROBLEM.operands[0].T
    values, vectors = np.linalg.eigh(matrix)
    turned = vectors * np.array([1, -1, 1, -1, -1])
    assert held(tmp_path, (values, turned), workload=EIGEN, kept=(values, vectors))["identical"]
    assert np.abs(matrix @ settled((values, turned))[1] - turned * settled((values, turned))[0]).max() > 0.1


def test_of_numbers_unlike_any_of_numpys_and_of_nothing():
    assert difference([np.zeros(2)], [np.array([0.0, 0.5])]) == {
        "identical": False,
        "largest": 0.5,
        "norm": 0.5,
    }
    assert difference([np.array([], np.float32)], [np.array([], np.float32)])["identical"]
    assert difference([np.array([1 + 1j])], [np.array([1 + 2j])])["largest"] == pytest.approx(1 / np.sqrt(2))
