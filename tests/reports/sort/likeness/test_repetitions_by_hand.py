"""Which files and cells are repetitions, reason by reason: tool, schema, sides, code, options, set-up."""

from __future__ import annotations

import pytest
from report_by_hand import cell, file, head, plain, plain_file

from likeforlike.reports.read.result_file import Commit, Tool
from likeforlike.reports.read.schema.runs import Header, Side
from likeforlike.reports.sort.likeness.repetitions import ASKED_FOR, commit_text, unlike_cells, unlike_files

CLEAN, CHANGED = Commit("a" * 40, dirty=False), Commit("a" * 40, dirty=True)
OTHER = Commit("b" * 40, dirty=False)
CODE = {"likeforlike": "1", "mine": "2"}


def unlike(first, second):
    """Between two runs; each has fields of the file, and of its header below ``header``."""
    files = []
    for name, told in (("a.json", first), ("b.json", second)):
        fields = dict(told)
        if "header" not in fields or fields["header"] is not None:
            fields["header"] = head(name, **fields.pop("header", {}))
        files.append(file(name=name, **fields))
    return unlike_files(*files)


def of_header(**fields):
    return {"header": fields}


class TestTools:
    def test_a_file_repeats_itself(self):
        one, other = plain_file(plain()), file(commit=CHANGED)
        assert (unlike_files(one, one), unlike_files(other, other)) == ("", "")

    def test_those_of_other_tools_are_never_pooled(self):
        ours, theirs = file(), plain_file(plain())
        third = plain_file(plain(), tool=Tool("hyperfine", "1.18"))
        why = "files of pytest-benchmark are never pooled"
        assert unlike_files(ours, theirs) == unlike_files(theirs, ours) == why
        assert unlike_files(theirs, plain_file(plain())) == why
        assert unlike_files(theirs, third) == "files of pytest-benchmark and hyperfine are never pooled"

    def test_schemas_are_the_same_or_it_is_said(self):
        newer = file(header=Header(schema_version=2, run_id="b"), run_id="b")
        assert unlike_files(file(), newer) == "schema version 1 and 2"
        assert unlike({"header": None}, {}) == "schema version None and 1"
        assert unlike({"header": None}, {"header": None}) == ""


class TestSides:
    ONE = Side(name="old", python="3.11", packages={"numpy": "1"}, variables={"A": "1"}, code={"x": "1"})
    TWO = Side(name="new", revision="f00")

    def between(self, first, second):
        return unlike(of_header(sides=tuple(first)), of_header(sides=tuple(second)))

    def test_the_same_sides_are_the_same_in_any_order(self):
        assert self.between([self.ONE, self.TWO], [self.TWO, self.ONE]) == ""

    def test_one_that_stands_in_one_file_alone(self):
        assert self.between([self.ONE, self.TWO], [self.ONE]) == "side new is in one of them alone"
        assert self.between([self.ONE], [self.ONE, self.TWO]) == "side new is in one of them alone"

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"python": "3.12"}, "python"),
            ({"packages": {}}, "packages"),
            ({"variables": {}}, "variables"),
            ({"revision": "beef"}, "revision"),
            ({"code": {}}, "code"),
            ({"python": "3.12", "code": {}}, "python and code"),
            ({"what": "as it was asked for", "kind": "python", "source": "a worktree"}, None),
        ],
    )
    @pytest.mark.parametrize("first", [True, False])
    def test_in_what_one_differs(self, change, told, first):
        fields = {name: getattr(self.ONE, name) for name in self.ONE.__struct_fields__}
        changed = Side(**fields | change)
        pair = ([self.ONE, self.TWO], [changed, self.TWO])
        pair = pair if first else tuple(reversed(each) for each in pair)
        assert self.between(*pair) == (f"side old has other {told}" if told else "")


class TestCode:
    @pytest.mark.parametrize(
        ("first", "second", "why"),
        [
            ({"commit": CLEAN}, {"commit": CLEAN}, ""),
            ({"commit": CLEAN}, {"commit": OTHER}, "commit aaaaaaa and bbbbbbb"),
            ({"commit": CLEAN}, {"commit": None}, "no commit says that the code is the same"),
            ({"commit": None}, {"commit": CLEAN}, "no commit says that the code is the same"),
            ({"commit": None}, {"commit": None}, "no commit says that the code is the same"),
            ({"commit": CHANGED}, {"commit": CLEAN}, "the code was changed since commit aaaaaaa"),
            ({"commit": CLEAN}, {"commit": CHANGED}, "the code was changed since commit aaaaaaa"),
            ({"commit": CLEAN, "header": {"code": CODE}}, {"commit": CLEAN}, ""),
            ({"commit": CLEAN}, {"commit": CLEAN, "header": {"code": CODE}}, ""),
        ],
    )
    def test_by_commit(self, first, second, why):
        assert unlike(first, second) == why

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            (CODE, ""),
            (CODE | {"mine": "3"}, "the source code of mine"),
            ({"likeforlike": "1"}, "the source code of mine"),
            (CODE | {"another": "3"}, "the source code of another"),
            ({"another": "3"}, "the source code of another, likeforlike, mine"),
        ],
    )
    def test_by_digests_where_both_tell_them(self, code, why):
        first, second = ({"commit": None, "header": {"code": told}} for told in (CODE, code))
        assert unlike(first, second) == why

    def test_parts_of_one_run_are_of_one_code_unless_their_commits_differ(self):
        run = {"run_id": "one"}
        assert unlike(run | {"commit": None}, run | {"commit": CHANGED}) == ""
        assert unlike(run | {"commit": CLEAN}, run | {"commit": OTHER}) == "commit aaaaaaa and bbbbbbb"
        nothing = {"run_id": "", "commit": None}
        assert unlike(nothing, nothing) == "no commit says that the code is the same"

    def test_a_commit_in_words(self):
        assert commit_text(None) == ""
        assert commit_text(Commit("0123456789")) == "0123456"
        assert commit_text(Commit("0123456789", dirty=True)) == "0123456 and changes since"


class TestOptions:
    @pytest.mark.parametrize(
        ("first", "second", "why"),
        [
            (None, None, ""),
            (None, {}, "one of them does not tell its options"),
            ({}, None, "one of them does not tell its options"),
            ({"warm_up": 1}, {"warm_up": 1}, ""),
            ({"warm_up": 1}, {"warm_up": 2}, "warm_up 1 and 2"),
            ({"warm_up": 1}, {}, "warm_up 1 and not told"),
            ({}, {"warm_up": 1}, "warm_up not told and 1"),
            ({"b": 1, "a": 1}, {"b": 2, "a": 3}, "a 1 and 3; b 1 and 2"),
            ({"max_seconds": 1, "epochs": 3}, {"max_seconds": 9, "devices": "cpu"}, ""),
        ],
    )
    def test_how_it_was_measured_is_the_same_or_it_is_said(self, first, second, why):
        assert unlike(of_header(options=first), of_header(options=second)) == why

    def test_what_was_asked_for_is_no_way_to_measure(self):
        asked, other = dict.fromkeys(ASKED_FOR, 1), dict.fromkeys(ASKED_FOR, 2)
        assert unlike(of_header(options=asked), of_header(options=other)) == ""
        assert {"workloads", "min_rounds", "data_dir", "timing", "resume", "cell_memory_bytes"} <= ASKED_FOR
        assert not {"timer", "disable_gc", "warm_up", "threads"} & ASKED_FOR


def test_set_ups_are_the_same_or_it_is_said():
    first, second = (of_header(setup={"governor": told, "smt_active": told != "x"}) for told in ("x", "y"))
    assert unlike(first, first) == ""
    assert unlike(first, second) == "governor x and y; SMT not active and active"


def test_of_several_reasons_the_first_is_told():
    """Sides, code, options, set-up."""
    sides = {"sides": (Side(name="new"),)}
    options = {"options": {"warm_up": 1}}, {"options": {"warm_up": 2}}
    setups = {"setup": {"governor": "x"}}, {"setup": {"governor": "y"}}
    commits = {"commit": CLEAN}, {"commit": OTHER}
    mine, theirs = ({"header": o | s} for o, s in zip(options, setups, strict=True))
    assert unlike(mine, theirs) == "warm_up 1 and 2"
    assert unlike(mine | commits[0], theirs | commits[1]) == "commit aaaaaaa and bbbbbbb"
    theirs["header"] |= sides
    assert unlike(mine | commits[0], theirs | commits[1]) == "side new is in one of them alone"


class TestCells:
    def test_two_alike_are_repetitions(self):
        assert unlike_cells(cell(), cell()) == ""

    @pytest.mark.parametrize("pair", [(plain(), plain()), (plain(), cell()), (cell(), plain())])
    def test_of_other_tools_nothing_says_so(self, pair):
        assert unlike_cells(*pair) == "nothing says that two of one name are the same work"

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            (cell(framework_version="2.9"), "framework None and 2.9"),
            (cell(threads={"blas": 2}), "threads None and {'blas': 2}"),
            (cell(device_name="H100"), "device None and H100"),
            (cell(division="tuned"), "division default and tuned"),
            (cell(concurrent=True), "beside others False and True"),
            (cell(fields={"iterations": 5}), "calls a round None and 5"),
            (cell(threads={}, concurrent=True), "threads None and {}; beside others False and True"),
            (cell(cold_seconds=3.0, peak_memory_bytes=9), ""),
        ],
    )
    def test_by_their_set_up(self, other, why):
        assert unlike_cells(cell(), other) == why
