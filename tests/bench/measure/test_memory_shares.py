from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from likeforlike.bench.measure.memory_shares import (
    expected_bytes,
    expected_device_bytes,
    parts_text,
    parts_that_fit,
)
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED

GIB = 2**30


GPU = Device("gpu", 0, "a GPU", memory_bytes=8 * GIB)


def plan(samples: tuple[int, int] = (60000, 10000), gpu: Device = GPU) -> Plan:
    devices = {"cpu:0": Device("cpu", 0, "a CPU"), "gpu:0": gpu}
    options = type("Asked", (), {"samples": samples})
    return cast(Plan, type("Stub", (), {"options": options, "devices": devices})())


PLAN = plan()


def kernel(name: str, framework: str = "numpy", size: int = 100, device: str = "cpu:0", **more: Any) -> Cell:
    entry = Implementation(name, "matmul", framework, "", "m:a")
    return Cell(entry, device, (("size", size), ("dtype", "float32")), "a group", **more)


def training(name: str, workload: str = "training", framework: str = "numpy", device: str = "cpu:0") -> Cell:
    entry = Implementation(name, workload, framework, "", "m:a")
    return Cell(entry, device, (("recipe", "matched"), ("run", 0)), "a group", MATCHED)


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
    cell = training("a", framework=framework)
    assert 0.9 * peak_mib * 2**20 < expected_bytes(cell, plan((20000, 10000))) < 1.7 * peak_mib * 2**20


def test_a_training_s_data_are_its_own() -> None:
    """A text's windows of 32 characters with the next ones, an image of 784 pixels; four times each."""
    for workload, sample in (("training", 784 * 4), ("text", 2 * 32 * 4)):
        few, many = (expected_bytes(training("a", workload), plan((n, 10000))) for n in (20000, 60000))
        assert many - few == 4 * 40000 * sample


def test_a_gpu_s_memory_parts_a_group_that_the_host_holds() -> None:
    """Three of 2.8 GB each, and of 0.7 GiB beside; 7.2 GiB of 8 may be used."""
    cells = [kernel(name, size=15000, device="gpu:0") for name in "abc"]
    assert names(parts_that_fit(cells, PLAN, 10**12)) == [["a", "b"], ["a", "c"]]
    assert "GiB of gpu:0 together, 7.2 GiB may be used" in parts_text(cells, PLAN, 10**12)
    larger = plan(gpu=replace(GPU, memory_bytes=80 * GIB))
    assert parts_that_fit(cells, larger, 10**12) == [cells]
    assert parts_that_fit(cells, plan(gpu=replace(GPU, memory_bytes=None)), 10**12) == [cells]
    assert expected_device_bytes(kernel("a", size=15000), PLAN) == 0
    assert expected_device_bytes(training("a", device="gpu:0"), PLAN) > 4 * 70000 * 784 * 4


def test_who_fits_together_takes_turns_together() -> None:
    cells = [kernel(name) for name in "abcd"]
    need = sum(expected_bytes(cell, PLAN) for cell in cells)
    assert parts_that_fit(cells, PLAN, need) == [cells]
    assert names(parts_that_fit(cells, PLAN, need - 1)) == [["a", "b"], ["a", "c"], ["a", "d"]]
    assert "4 entrants" in parts_text(cells, PLAN, need - 1)


def test_a_twin_goes_with_its_original() -> None:
    cells = [kernel("a"), kernel("b"), kernel("b-twin", twin_of="b")]
    two = 2 * expected_bytes(cells[0], PLAN)
    assert names(parts_that_fit(cells, PLAN, two)) == [["a", "b"], ["b", "b-twin"]]


def test_two_that_don_t_fit_together_are_apart() -> None:
    cells = [kernel("a"), kernel("b", size=5000), kernel("c")]
    two = 2 * expected_bytes(cells[0], PLAN)
    assert names(parts_that_fit(cells, PLAN, two)) == [["a", "c"], ["b"]]
    assert parts_text(cells, PLAN, two).endswith("they take turns in pairs with a; b takes no turns")
    assert names(parts_that_fit(cells, PLAN, 1)) == [["a"], ["b"], ["c"]]
    assert parts_text(cells, PLAN, 1).endswith("no two fit, so that they take no turns")
    assert names(parts_that_fit(cells[:2], PLAN, two)) == [["a"], ["b"]]
    assert parts_that_fit(cells[:1], PLAN, 1) == [cells[:1]]
