"""Limits of ``--fail-if-slower`` and patterns of names."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_studies import study_of, two

from likeforlike.reports.judge.limits import (
    Limits,
    check_patterns,
    matches,
    parse_limits,
    parse_share,
)


@pytest.fixture(scope="module")
def own():
    """A cell of ours: ``matmul numpy cpu:0 1000 float32``."""
    return study_of(samples.document(two([0.01] * 8, [0.02] * 8))).measurements[0]


@pytest.fixture(scope="module")
def plain():
    """A plain benchmark whose name has brackets."""
    document = samples.plain_run({"tests/test_b.py::test_matmul[n=1000]": [0.1] * 8})
    return study_of(document).measurements[0]


def test_a_share_is_for_all_whatever_the_order():
    expected = Limits(0.1, (("matmul*", 0.02),))
    assert parse_limits(["10%", "matmul*=2%"]) == expected
    assert parse_limits(["matmul*=0.02", "0.1"]) == expected


def test_without_a_common_share_it_is_five_percent():
    assert parse_limits([]) == Limits(0.05)
    assert parse_limits(["a*=3%"]).share == 0.05


def test_of_patterns_that_match_the_last_counts(own):
    limits = parse_limits(["matmul*=2%", "*numpy*=8%", "*torch*=9%", "50%"])
    assert limits.of(own) == 0.08
    assert parse_limits(["*numpy*=8%", "matmul*=2%"]).of(own) == 0.02
    assert parse_limits(["*torch*=9%", "50%"]).of(own) == 0.5


@pytest.mark.parametrize("text", ["=5%", " =5%", "matmul*=", "matmul*=fast", "matmul*=1%", "a=b", "5", "11"])
def test_limits_that_make_no_sense(text):
    with pytest.raises(ValueError, match="--fail-if-slower"):
        parse_limits([text])


def test_a_pattern_may_hold_an_equals_sign(plain):
    assert parse_limits(["test_matmul[n=1000]=7%"]).of(plain) == 0.07


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("matmul*", True),
        ("matmul-numpy-cpu:0-1000-float32", True),
        ("matmul numpy cpu:0 1000 float32", True),
        ("*numpy*", True),
        ("numpy", False),
        ("MATMUL*", False),
        ("matmu?-numpy-*", True),
        ("*torch*", False),
    ],
)
def test_patterns_of_our_cells(own, pattern, found):
    assert matches(pattern, own) is found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("test_matmul[n=1000]", True),
        ("test_matmul[*", True),
        ("tests/test_b.py::*", True),
        ("test_matmul[n=100?]", True),
        ("test_matmul[nm]", False),  # brackets are no set of characters
        ("test_matmul", False),
        ("*.py", False),
    ],
)
def test_patterns_of_plain_names(plain, pattern, found):
    assert matches(pattern, plain) is found


def test_a_pattern_without_a_cell_lists_the_names(own, plain):
    check_patterns("--only", ["matmul*", "test_*"], [own, plain])
    with pytest.raises(
        ValueError, match=r"--only 'mutmal\*' is the name of no cell; known: matmul-numpy-cpu:0"
    ):
        check_patterns("--only", ["matmul*", "mutmal*"], [own, plain])


def test_of_very_many_names_some_are_listed():
    document = samples.plain_run({f"t.py::test_{n}": [0.1] * 6 for n in range(20)})
    items = study_of(document).measurements
    with pytest.raises(ValueError, match="t.py::test_7 and 12 more$"):
        check_patterns("--only", ["x"], items)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("2%", 0.02),
        ("0.02", 0.02),
        ("0.99", 0.99),
        ("100%", 1.0),
        ("1000%", 10.0),
        (" 5 % ", 0.05),
        ("2.5%", 0.025),
    ],
)
def test_shares(text, share):
    assert parse_share(text) == pytest.approx(share, abs=1e-15)


@pytest.mark.parametrize("text", ["1.9%", "0.019", "1001%", "1", "1.0", "0%", "", "%", "-5%", "5%%", "1e1%"])
def test_what_is_no_share_that_makes_sense(text):
    with pytest.raises(ValueError, match="--fail-if-slower"):
        parse_share(text)


@pytest.mark.parametrize("text", ["1", "1.0"])
def test_a_share_of_one_needs_its_percent_sign(text):
    with pytest.raises(ValueError, match=f"{text}% or 100%. Expected"):
        parse_share(text)


def test_up_to_eight_names_are_all_listed():
    for count, end in ((1, "known: t.py::test_0$"), (8, "test_7$"), (9, "test_7 and 1 more$")):
        document = samples.plain_run({f"t.py::test_{n}": [0.1] * 6 for n in range(count)})
        with pytest.raises(ValueError, match=end):
            check_patterns("--only", ["x"], study_of(document).measurements)
    with pytest.raises(ValueError, match="known: none$"):
        check_patterns("--only", ["x"], [])
