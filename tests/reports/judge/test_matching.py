"""Which of several of one name a measurement is best compared with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from likeforlike.reports.judge.matching import pair_alike
from likeforlike.reports.read.result_file import Commit
from likeforlike.reports.read.schema.cells import Extra


def one(name, flop=1e6, epochs=5, commit="a"):
    """A measurement; of its two runs the second is of no commit that is known."""
    extra = Extra(
        workload="training",
        implementation=name,
        device="cpu:0",
        axes={},
        flop=flop,
        recipe={"batch_size": 64, "epochs": epochs},
    )
    runs = [
        SimpleNamespace(file=SimpleNamespace(commit=known)) for known in (commit and Commit(commit), None)
    ]
    return SimpleNamespace(name=name, extra=extra, runs=runs)


def chosen(bases, item):
    ((base, other),), left = pair_alike(bases, [item])
    assert (other, left) == (item, [])
    return base.name


@pytest.mark.parametrize(
    ("bases", "best"),
    [
        ([one("first"), one("second")], "first"),
        ([one("other work", flop=2e6), one("same")], "same"),
        ([one("shorter", epochs=3), one("as long")], "as long"),
        ([one("other commit", commit="b"), one("same commit")], "same commit"),
        ([one("unknown commit", commit=None), one("same commit")], "same commit"),
        ([one("same commit, shorter", epochs=3), one("other commit", commit="b")], "other commit"),
        ([one("same commit, other work", flop=2e6), one("shorter", epochs=3, commit="b")], "shorter"),
    ],
)
def test_the_same_work_then_as_many_epochs_then_the_same_commit_then_the_first(bases, best):
    assert chosen(bases, one("item")) == best


def test_of_an_unknown_commit_the_first_counts():
    assert chosen([one("first", commit="b"), one("second", commit=None)], one("item", commit=None)) == "first"


def test_what_is_like_none_is_named_with_the_first_and_in_what_they_differ():
    bases = [one("first", flop=2e6), one("second", flop=3e6)]
    item = one("item")
    assert pair_alike(bases, [item]) == (
        [],
        [(bases[0], item, "operations 2,000,000 and 1,000,000")],
    )


def test_without_any_base_it_is_in_neither():
    items = [one("a"), one("b")]
    assert pair_alike([], items) == ([], [])
    base = one("base")
    assert pair_alike([base], items) == ([(base, items[0]), (base, items[1])], [])
