"""Two sides' answers held against each other, with figures worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from made_up_plan import WORKLOAD
from stand_ins import SPEC

from likeforlike.bench.worker.calls import side_answers
from likeforlike.bench.worker.calls.side_answers import difference
from likeforlike.models.contract.problem import Problem
from likeforlike.models.contract.workload import Workload

OPERANDS = (np.array([1.0, 2.0]), np.array([[3, 4]], np.int32))
IDENTICAL = {"identical": True, "largest": 0.0, "norm": 0.0}


def problem(*operands: np.ndarray) -> Problem:
    return Problem(operands or OPERANDS, "float64", "cpu:0")


def held(folder: Path, theirs, mine, workload: Workload = WORKLOAD, operands=OPERANDS, kept_for=OPERANDS):
    """What the second side tells, whose answer is ``mine``."""
    path = str(folder / "a.npz")
    first = msgspec.structs.replace(SPEC, answer_file=path)
    other = msgspec.structs.replace(SPEC, answer_of=path, first_side="base")
    side_answers.keep(first, workload, problem(*kept_for), lambda: theirs)
    told = side_answers.facts(other, workload, problem(*operands), lambda: mine)["side_answers"]
    assert told.pop("side") == "base"
    return told


class TestDifference:
    def test_over_the_largest_and_the_norm_of_the_first(self):
        """Apart by 3 and by 4, the most, of √116; squares 25 over 1 + 4 + 4 + 100 + 116 = 225."""
        theirs = [np.array([1.0, 2.0, -2.0]), np.array([-10.0, math.sqrt(116.0)])]
        mine = [np.array([1.0, -1.0, -2.0]), np.array([-10.0, math.sqrt(116.0) - 4.0])]
        found = difference(theirs, mine)
        assert found["identical"] is False
        assert found["largest"] == pytest.approx(4.0 / math.sqrt(116.0))
        assert found["norm"] == pytest.approx(1.0 / 3.0)

    def test_the_largest_may_be_in_the_first_part(self):
        theirs, mine = [np.array([8.0]), np.array([1.0])], [np.array([10.0]), np.array([2.0])]
        assert difference(theirs, mine)["largest"] == 0.25

    def test_small_differences_are_as_small_as_they_are(self):
        found = difference([np.array([0.25, 0.5])], [np.array([0.25, 0.5 + 2.0**-40])])
        assert found["largest"] == 2.0**-39
        assert found["norm"] == pytest.approx(2.0**-40 / math.sqrt(0.3125))

    def test_of_zeros_it_is_absolute(self):
        found = difference([np.zeros(2)], [np.array([0.0, 0.5])])
        assert found == {"identical": False, "largest": 0.5, "norm": 0.5}

    @pytest.mark.parametrize(
        ("theirs", "mine", "largest"),
        [(1 + 1j, 1 + 2j, 1 / math.sqrt(2)), (2.0, 2 + 1j, 0.5), (2j, 0.0, 1.0)],
    )
    def test_of_complex_numbers(self, theirs, mine, largest):
        assert difference([np.array([theirs])], [np.array([mine])])["largest"] == pytest.approx(largest)

    def test_whole_numbers_below_zero_do_not_wrap_around(self):
        found = difference([np.array([0, 4], np.uint8)], [np.array([1, 2], np.uint8)])
        assert found["largest"] == 0.5

    @pytest.mark.parametrize("shapes", [((2,), (3,)), ((2,), (2, 1))])
    def test_of_other_shapes_there_is_none(self, shapes):
        theirs, mine = ([np.zeros(shape)] for shape in shapes)
        assert difference(theirs, mine) == {"not_compared": "the answers have other shapes"}
        assert difference(theirs, [*theirs, *theirs]) == {"not_compared": "the answers have other shapes"}

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_nor_of_what_is_not_finite(self, value):
        assert difference([np.ones(1)], [np.array([value])]) == {"not_compared": "an answer is not finite"}

    def test_all_parts_must_be_alike_to_be_identical(self):
        same, other = [np.ones(1), np.ones(1)], [np.ones(1), np.array([2.0])]
        assert difference(same, [np.ones(1), np.ones(1)]) == IDENTICAL
        assert difference(same, other)["identical"] is False

    def test_nothing_is_apart_from_nothing(self):
        assert difference([np.array([])], [np.array([])]) == IDENTICAL


class TestKept:
    def test_an_answer_in_parts_those_that_are_none_left_out(self, tmp_path):
        theirs = (np.array([1.0]), None, np.array([[2.0, 3.0]]))
        assert held(tmp_path, theirs, theirs) == IDENTICAL
        assert held(tmp_path, theirs, (np.array([1.0]), np.array([[2.0, 3.0]]))) == IDENTICAL
        assert held(tmp_path, theirs, np.array([1.0])) == {"not_compared": "the answers have other shapes"}

    def test_doubles_stay_doubles(self, tmp_path):
        assert held(tmp_path, np.array([1.0]), np.array([1.0 + 2.0**-50]))["largest"] == 2.0**-50

    def test_other_formats_are_widened(self, tmp_path):
        """Objects stand for formats that are no letter of NumPy's own, such as bfloat16."""
        assert held(tmp_path, np.array([1.5], object), np.array([1.5], np.float32)) == IDENTICAL

    def test_answers_are_settled_where_a_workload_says_how(self, tmp_path):
        settling = Workload("made-up", "for tests", settled=lambda answer: [abs(answer)])
        assert held(tmp_path, np.array([-2.0]), np.array([2.0]), settling) == IDENTICAL
        assert held(tmp_path, np.array([-2.0]), np.array([2.0]))["largest"] == 2.0

    @pytest.mark.parametrize(
        "operands",
        [
            (OPERANDS[0], OPERANDS[1] + 1),
            (OPERANDS[0] + 1e-9, OPERANDS[1]),
            (OPERANDS[0], OPERANDS[1].astype(np.uint32)),
            (OPERANDS[0].reshape(2, 1), OPERANDS[1]),
            OPERANDS[:1],
        ],
    )
    def test_other_operands_are_seen_whatever_is_other_of_them(self, tmp_path, operands):
        found = held(tmp_path, np.ones(1), np.ones(1), operands=operands)
        assert found == {"not_compared": "the sides were given other operands"}

    @pytest.mark.parametrize(
        ("operand", "other"),
        [
            (np.array([1 + 1j]), np.array([1 + 2j])),
            (np.array([1.0], np.float16), np.array([2.0], np.float16)),
            (np.array([True]), np.array([False])),
            (np.frombuffer(b"\x01\x02", "V2"), np.frombuffer(b"\x01\x03", "V2")),
            (np.zeros((0, 3)), np.zeros((0, 4))),
            (np.array(1.0), np.array(2.0)),
            (np.array([None]), np.array([True], object)),
        ],
    )
    def test_operands_of_every_format_are_told_apart(self, tmp_path, operand, other):
        """Two bytes that NumPy knows no number for stand for bfloat16."""
        answer = np.ones(1)
        assert held(tmp_path, answer, answer, operands=(operand,), kept_for=(operand,)) == IDENTICAL
        assert "not_compared" in held(tmp_path, answer, answer, operands=(other,), kept_for=(operand,))

    def test_an_answer_that_was_not_kept_is_said_to_be_missing(self, tmp_path):
        spec = msgspec.structs.replace(SPEC, answer_of=str(tmp_path / "a.npz"), first_side="base")
        told = side_answers.facts(spec, WORKLOAD, problem(), lambda: np.ones(1))["side_answers"]
        assert told["side"] == "base"
        assert told["not_compared"].startswith("the first side kept no answer")

    def test_cells_that_are_to_keep_or_compare_nothing_don_t(self, monkeypatch):
        def unread():
            raise AssertionError("nobody asked for it")

        monkeypatch.setattr(side_answers.np, "savez", unread)
        side_answers.keep(SPEC, WORKLOAD, problem(), unread)
        assert side_answers.facts(SPEC, WORKLOAD, problem(), unread) == {}

    @pytest.mark.parametrize(("more", "kept"), [(0, True), (1, False)])
    def test_a_quarter_of_a_gibibyte_is_kept_and_no_byte_more(self, monkeypatch, more, kept):
        """Of two parts together; each is a single byte of memory, seen again and again."""
        saved = []

        def savez(path, *parts, operands):
            saved.append((path, [part.nbytes for part in parts], operands.nbytes))

        monkeypatch.setattr(side_answers.np, "savez", savez)
        parts = [np.broadcast_to(np.zeros(1, np.uint8), size) for size in (2**27, 2**27 + more)]
        spec = msgspec.structs.replace(SPEC, answer_file="a.npz")
        side_answers.keep(spec, WORKLOAD, problem(), lambda: parts)
        assert saved == ([("a.npz", [2**27, 2**27], 16)] if kept else [])
