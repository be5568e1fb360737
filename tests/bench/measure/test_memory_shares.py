from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from likeforlike.bench.measure.memory_shares import expected_bytes, parts_text, parts_that_fit
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

GIB = 2**30


class Asked:
    samples = (60000, 10000)


PLAN = cast(Plan, type("Stub", (), {"options": Asked})())


def kernel(name: str, framework: str = "numpy", size: int = 100, **more: Any) -> Cell:
    entry = Implementation(name, "matmul", framework, "", "m:a")
    return Cell(entry, "cpu:0", (("size", size), ("dtype", "float32")), "a group", **more)


def names(parts: list[list[Cell]]) -> list[list[str]]:
    return [[cell.entry.name for cell in part] for part in parts]


def test_operands_and_the_framework_are_counted() -> None:
    small, large = kernel("a", size=10), kernel("a", size=10000)
    assert expected_bytes(large, PLAN) - expected_bytes(small, PLAN) >= 3 * 4 * (10000**2 - 10**2)
    assert expected_bytes(kernel("a", "tensorflow"), PLAN) > expected_bytes(kernel("a"), PLAN) + GIB // 2


@pytest.mark.parametrize(
    ("framework", "peak_mib"), [("numpy", 342), ("torch", 593), ("jax", 777), ("tensorflow", 1529)]
)
def test_a_training_is_expected_to_take_what_those_were_seen_to_take(framework: str, peak_mib: int) -> None:
    """Peaks of the built-in loops with 20,000 images; fewer epochs than make an eager loop's memory grow."""
    fewer = cast(Plan, type("Stub", (), {"options": type("Asked", (), {"samples": (20000, 10000)})})())
    cell = replace(kernel("a", framework), recipe=MATCHED)
    assert 0.9 * peak_mib * 2**20 < expected_bytes(cell, fewer) < 1.7 * peak_mib * 2**20


def test_who_fits_together_takes_turns_together() -> None:
    cells = [kernel(name) for name in "abcd"]
    need = sum(expected_bytes(cell, PLAN) for cell in cells)
    assert parts_that_fit(cells, PLAN, need) == [cells]
    assert names(parts_that_fit(cells, PLAN, need - 1)) == [["a", "b"], ["a", "c"], ["a", "d"]]
    assert "4 entrants" in parts_text(cells, PLAN, need - 1)


def test_a_twin_goes_with_its_original() -> None:
    cells = [kernel("a"), kernel("b"), kernel("b-twin", twin_of="b")]
    assert names(parts_that_fit(cells, PLAN, 1)) == [["a", "b"], ["b", "b-twin"]]


def test_two_can_t_be_parted_further() -> None:
    cells = [kernel("a"), kernel("b")]
    assert parts_that_fit(cells, PLAN, 1) == [cells]
