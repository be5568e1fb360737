"""Threads of each group where nobody says how many."""

from __future__ import annotations

import pytest

from likeforlike.bench.plan import thread_counts as counting
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.thread_counts import thread_counts
from likeforlike.models.contract.implementation import Implementation

MOST = {"numpy": 64, "jax": 256, "torch": None}


def cell(framework: str, group: str, skip_reason: str | None = None) -> Cell:
    entry = Implementation(framework, "matmul", framework, "a product", "operator:add")
    return Cell(entry, "cpu:0", (), group, skip_reason=skip_reason)


CELLS = (
    cell("numpy", "all"), cell("jax", "all"), cell("torch", "all"),
    cell("jax", "compiled"), cell("torch", "compiled"),
    cell("torch", "alone"), cell("numpy", "alone", "numpy can't"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "most_threads", MOST.__getitem__)


@pytest.mark.parametrize(
    ("usable", "of_group"),
    [
        (2, {}),
        (64, {}),
        (65, {"all": 64}),
        (256, {"all": 64}),
        (384, {"all": 64, "compiled": 256}),
    ],
)
def test_a_group_is_bounded_by_those_that_are_measured_in_it(usable: int, of_group: dict) -> None:
    assert thread_counts(CELLS, usable, None).of_group == of_group


def test_each_bound_is_said_with_who_has_it() -> None:
    assert thread_counts(CELLS, 8, None).lines() == []
    first, second = thread_counts(CELLS, 384, None).lines()
    assert first.startswith("threads: 256 in 1 of the groups, since jax takes part and has 256 at most; 384 ")
    assert second.startswith("threads: 64 in 1 of the groups, since numpy takes part and has 64 at most; ")


def test_a_number_that_was_asked_for_holds_for_all() -> None:
    counts = thread_counts(CELLS, 256, 128)
    assert (counts.of_group, counts.lines()) == ({}, [])
