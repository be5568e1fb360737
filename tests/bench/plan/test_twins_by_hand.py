"""Who has a copy beside it, and where that stands: cells that are made up, with nothing of a registry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_plan import WORKLOAD, kernel, training

from likeforlike.bench.plan.asked.presets import PRESETS
from likeforlike.bench.plan.twins import with_twins
from likeforlike.models.contract.training.recipe import KERAS_2020

PRESET = replace(PRESETS["quick"], twins=True, training_twin="quick")


def names(cells, preset=PRESET) -> list[str]:
    return [f"{cell.entry.name} {cell.group}" for cell in with_twins(cells, preset)]


def test_a_preset_without_twins_leaves_the_cells_as_they_are():
    cells = [kernel("a"), kernel("b")]
    assert with_twins(cells, replace(PRESET, twins=False)) == cells


def test_the_first_entrant_s_copy_stands_behind_the_last_of_its_group():
    cells = [kernel("a"), kernel("b")]
    *others, twin = with_twins(cells, PRESET)
    assert others == cells
    assert twin == replace(cells[0], entry=replace(cells[0].entry, name="a-twin"), twin_of="a")


@pytest.mark.parametrize(("sizes", "middle"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_of_kernels_it_is_of_the_middle_size(sizes, middle):
    cells = [kernel("a", size) for size in range(1, sizes + 1)]
    expected = [f"a group {size}" for size in range(1, sizes + 1)]
    expected.insert(middle, f"a-twin group {middle}")
    assert names(cells) == expected


def test_each_workload_and_device_has_one():
    other = {"entrant": {"workload": "other"}, "declared": WORKLOAD}
    cells = [
        kernel("a", group="1"),
        kernel("a", group="2", device="cpu:1"),
        kernel("a", group="3", **other),
        training("quick", group="4", entrant={"workload": "trained"}),
        kernel("a", group="5", entrant={"workload": "third"}),
    ]
    found = names(cells)
    assert found[1::2] == ["a-twin 1", "a-twin 2", "a-twin 3", "quick-twin 4", "a-twin 5"]
    assert found[::2] == ["a 1", "a 2", "a 3", "quick 4", "a 5"]


def test_of_trainers_it_is_the_quick_one_s_in_every_run():
    cells = [training(name, run) for run in (0, 1) for name in ("slow", "quick", "other")]
    each = [["slow", "quick", "other", "quick-twin"]] * 2
    expected = [f"{name} training run {run}" for run, found in enumerate(each) for name in found]
    assert names(cells) == expected


def test_where_the_quick_one_is_not_it_is_the_first_one_s():
    assert names([training("slow"), training("other")])[2:] == ["slow-twin training run 0"]


def test_trainers_of_published_recipes_are_on_no_equal_terms():
    published = training("quick", group="published", recipe=KERAS_2020)
    assert names([published]) == ["quick published"]
    assert names([published, training("slow")])[1:] == ["slow training run 0", "slow-twin training run 0"]


def test_what_is_skipped_or_a_floor_has_none():
    for without in (kernel("a", skip_reason="no GPU"), kernel("a", entrant={"role": "floor"})):
        assert names([without]) == ["a group 1"]
        assert names([without, kernel("b")]) == ["a group 1", "b group 1", "b-twin group 1"]


@pytest.mark.parametrize("kind", ["noise floor", "divided task"])
def test_nor_have_what_consists_of_twins_and_what_takes_several_devices(kind):
    assert names([kernel("a", declared=replace(WORKLOAD, kind=kind))]) == ["a group 1"]


def test_a_twin_that_is_there_already_is_not_made_again():
    cells = with_twins([kernel("a"), kernel("b")], PRESET)
    assert with_twins(cells, PRESET) == cells
