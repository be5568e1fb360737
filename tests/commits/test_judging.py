"""What two sides of a run say of a commit: exit status, terminal, comment, JUnit."""

from __future__ import annotations

import copy
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from report_hostile import read
from report_sides import BASE, NEW, sided

from likeforlike.commits.judging import outcome_of
from likeforlike.commits.junit import to_junit
from likeforlike.commits.telling import comment, terminal_text, verdict_sentence
from likeforlike.reports.judge.limits import parse_limits

GOLDEN = Path(__file__).with_name("comment.md")


def judged(only=(), limits=(), **given):
    return outcome_of(read(sided(**given), "r.json"), parse_limits(list(limits)), only)


def lost(side, outcome="skipped", reason="torch not installed"):
    return {
        "cell": f"matmul-torch-cpu:0-500-float32-{side}",
        "outcome": outcome,
        "reason": reason,
        "workload": "matmul",
        "implementation": "torch",
        "device": "cpu:0",
        "axes": {"size": 500, "dtype": "float32", "side": side},
    }


def cell_of_torch(benchmark):
    """The same cell, of an implementation that the other side lacks."""
    made = copy.deepcopy(benchmark)
    made["extra_info"]["implementation"] = "torch"
    for place, name in ((made, "name"), (made, "fullname"), (made["extra_info"], "cell")):
        place[name] = place[name].replace("-numpy-", "-torch-").replace("-tf-eager-", "-torch-")
    return made


def test_what_is_slower_by_more_than_the_limit_fails():
    outcome = judged(slower=1.1)
    assert outcome.status == 1
    failing = {effect.cell for effect in outcome.failing}
    assert failing == {f"matmul-numpy-cpu:0-{size}-float32" for size in (500, 1000)}
    assert {effect.word for effect in outcome.effects} == {"slower", "same"}


@pytest.mark.parametrize(
    ("slower", "limits", "status"),
    [(1.1, ["20%"], 0), (1.1, ["*numpy*=20%"], 0), (1.1, ["*tf-eager*=20%"], 1), (0.8, [], 0), (1.0, [], 0)],
)
def test_the_limit_decides_and_faster_never_fails(slower, limits, status):
    assert judged(slower=slower, limits=limits).status == status


def test_only_what_is_asked_for_is_judged():
    assert judged(only=["*tf-eager*"]).status == 0
    with pytest.raises(ValueError, match="--only 'torch.' is the name of no cell"):
        judged(only=["torch."])


def test_what_broke_beside_what_is_asked_for_is_not_looked_at():
    broken = [lost("new", "wrong-answer", "off by 3")]
    outcome = judged(slower=1.0, only=["matmul numpy*"], unmeasured=broken)
    assert (outcome.status, outcome.broken, len(outcome.effects)) == (0, (), 2)


@pytest.mark.parametrize(
    "pattern",
    [
        "*torch*",
        "matmul-torch-cpu:0-500-float32-new",
        "matmul-torch-cpu:0-500-float32-base",
        "matmul torch cpu:0 500 float32 side=new",
        "torch cpu:0 500 float32 side=new",
        "test_matmul[matmul-torch-cpu:0-500-float32-new]",
        "bench/test_matmul.py::test_matmul[matmul-torch-*",
    ],
)
def test_what_broke_is_asked_for_by_the_names_that_it_would_have_had(pattern):
    broken = [lost("new", "wrong-answer", "off by 3")]
    outcome = judged(slower=1.0, only=[pattern], unmeasured=broken)
    assert (outcome.status, len(outcome.broken), outcome.effects) == (2, 1, ())
    assert judged(slower=1.0, limits=[f"{pattern}=2%"], unmeasured=broken).status == 2
    with pytest.raises(ValueError, match="--fail-if-slower 'nobody' is the name of no cell"):
        judged(limits=["nobody=2%"], unmeasured=broken)


def test_one_launch_is_sure_of_nothing():
    document = sided()
    for benchmark in document["benchmarks"]:
        benchmark["extra_info"].pop("launch_numbers", None)
        benchmark["extra_info"].pop("launches", None)
    outcome = outcome_of(read(document, "r.json"), parse_limits([]))
    assert outcome.status == 0
    assert outcome.failing == []
    assert "unclear" in {effect.word for effect in outcome.effects}


def test_a_cell_that_broke_is_told_and_can_not_pass():
    outcome = judged(slower=1.0, unmeasured=[lost("new", "wrong-answer", "off by 3")])
    assert outcome.status == 2
    assert "off by 3" in terminal_text(outcome)


def test_what_neither_side_could_measure_is_no_news_but_what_one_lacks_is():
    neither = judged(slower=1.0, unmeasured=[lost("base"), lost("new")])
    assert neither.skipped == ()
    assert neither.status == 0
    document = sided(slower=1.0, unmeasured=[lost("new")])
    there = next(b for b in document["benchmarks"] if b["extra_info"]["cell"].endswith("500-float32-base"))
    document["benchmarks"].append(cell_of_torch(there))
    one = outcome_of(read(document, "r.json"), parse_limits([]))
    assert [lost.cell for lost in one.skipped] == ["matmul-torch-cpu:0-500-float32-new"]
    assert "not measured: matmul-torch-cpu:0-500-float32-new: torch not installed" in terminal_text(one)


def test_a_file_without_two_sides_is_refused():
    with pytest.raises(ValueError, match="r.json: has 3 sides, expected two"):
        judged(header_sides=(BASE, NEW, NEW | {"name": "third"}))


def test_the_sentence_names_the_worst():
    assert verdict_sentence(judged(slower=1.1)).startswith(
        "Slower: 2 of 4 cells by more than 5.0 %, the most "
    )
    assert verdict_sentence(judged(slower=1.0)) == "Nothing is surely slower by more than 5.0 %, in 4 cells."


def test_junit_counts_what_it_holds():
    suite = ET.fromstring(to_junit(judged(slower=1.1, unmeasured=[lost("new", "error", "no memory")])))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "2", "1")
    names = {case.get("name") for case in suite if case.find("failure") is not None}
    assert names == {f"matmul-numpy-cpu:0-{size}-float32" for size in (500, 1000)}


def test_the_comment_is_as_it_was_looked_at():
    told = comment(
        judged(slower=1.1, unmeasured=[lost("new", "error", "ends <b>early</b>")]),
        "likeforlike ab --base=0123456789",
    )
    if "LIKEFORLIKE_GOLDEN" in os.environ:
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()
    assert told.index("Slower") < told.index("| cell")
    assert "<b>" not in told
