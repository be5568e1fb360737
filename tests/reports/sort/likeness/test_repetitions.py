"""Which files are repetitions: the commit or the digests of the source must say that the code is the same."""

from __future__ import annotations

import pytest
import report_samples as samples
from report_hostile import products, read

from likeforlike.reports.sort.likeness.repetitions import unlike_files

CODE = {"likeforlike": "1" * 16, "mine": "2" * 16}


def file(name, commit=None, code=None):
    document = samples.document(products(), run_id=name, **({"code": code} if code else {}))
    document["commit_info"] = commit or {}
    return read(document, f"{name}.json")


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({}, {}, "no commit says that the code is the same"),
        ({"code": CODE}, {"code": CODE}, ""),
        ({"code": CODE}, {}, "no commit says that the code is the same"),
        ({"code": CODE}, {"code": CODE | {"mine": "3"}}, "the source code of mine"),
        ({"code": CODE}, {"code": {"likeforlike": "4"}}, "the source code of likeforlike, mine"),
        (
            {"code": CODE, "commit": {"id": "a" * 40, "dirty": True}},
            {"code": CODE, "commit": {"id": "a" * 40, "dirty": False}},
            "",
        ),
        (
            {"commit": {"id": "a" * 40, "dirty": True}},
            {"commit": {"id": "a" * 40, "dirty": False}},
            "the code was changed since commit aaaaaaa",
        ),
        (
            {"code": CODE, "commit": {"id": "a" * 40, "dirty": False}},
            {"code": CODE, "commit": {"id": "b" * 40, "dirty": False}},
            "commit aaaaaaa and bbbbbbb",
        ),
    ],
)
def test_the_code_is_known_to_be_the_same_or_why_not(first, second, why):
    assert unlike_files(file("one", **first), file("two", **second)) == why
