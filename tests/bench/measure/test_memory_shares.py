from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from likeforlike.bench.measure import memory_shares, worker_process
from likeforlike.bench.measure.memory_shares import (
    expected_bytes,
    expected_device_bytes,
    parts_text,
    parts_that_fit,
    together_bytes,
    usable_device_bytes,
    written_bytes,
)
from likeforlike.bench.measure.worker_process import MemoryLimits
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.run_plan import Plan
from likeforlike.devices.process.last_cache import LastCache
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.implementation import Implementation
from likeforlike.models.contract.training.recipe import MATCHED
from likeforlike.models.contract.workload import Workload
from likeforlike.models.kernels.matmul import workload as matmul
from likeforlike.models.registry import OURS, load_registry

GIB = 2**30

SEEN_MIB = {"numpy": 342, "torch": 593, "jax": 777, "tensorflow": 1529}
"""Peaks of the built-in loops with 20,000 images."""
MORE_MIB = 478
"""What 40,000 more of 3136 bytes each take four times."""


GPU = Device("gpu", 0, "a GPU", memory_bytes=8 * GIB)


CPU = Device("cpu", 0, "a CPU")


def plan(samples: tuple[int, int] = (60000, 10000), gpu: Device = GPU, cpu: Device = CPU) -> Plan:
    devices = {"cpu:0": cpu, "gpu:0": gpu}
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


@pytest.mark.parametrize(("framework", "peak_mib"), list(SEEN_MIB.items()))
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


def test_a_gpu_that_takes_one_process_at_a_time_has_no_two_together() -> None:
    """As clusters set it: all but the first would be told that the device is busy."""
    alone = plan(gpu=replace(GPU, memory_bytes=80 * GIB, exclusive=True))
    cells = [kernel(name, device="gpu:0") for name in "abc"]
    assert names(parts_that_fit(cells, alone, 10**12)) == [["a"], ["b"], ["c"]]
    assert parts_that_fit(cells[:1], alone, 10**12) == [cells[:1]]
    told = "a group: gpu:0 takes one process at a time, so that its 3 entrants take no turns: "
    assert parts_text(cells, alone, 10**12).startswith(told)
    beside = [kernel(name) for name in "abc"]
    assert parts_that_fit(beside, alone, 10**12) == [beside]


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


def test_in_four_gibibytes_the_group_of_all_trainers_is_split_so_that_none_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither by its own limit nor as too little stays free, by what is expected and by what was seen."""
    monkeypatch.setattr(worker_process, "free_memory_bytes", lambda: 4 * GIB)
    limits, usable = MemoryLimits.of_machine(None), 4 * GIB * 9 // 10
    entries = [entry for entry in load_registry().of("training") if entry.origin == OURS]
    cells = [replace(training(entry.name), entry=entry) for entry in entries]
    assert {entry.framework for entry in entries} == set(SEEN_MIB)
    assert sum(expected_bytes(cell, PLAN) for cell in cells) > 10 * GIB
    parts = parts_that_fit(cells, PLAN, usable)
    assert {cell.entry.name for part in parts for cell in part} == {entry.name for entry in entries}
    assert max(map(len, parts)) == 2
    for part in parts:
        assert all(expected_bytes(cell, PLAN) <= limits.worker_bytes for cell in part)
        assert sum(expected_bytes(cell, PLAN) for cell in part) + limits.free_floor_bytes <= 4 * GIB
        seen = sum((SEEN_MIB[cell.entry.framework] + MORE_MIB) * 2**20 for cell in part)
        assert seen + limits.free_floor_bytes <= 4 * GIB
    assert parts_that_fit(cells, PLAN, 1000 * GIB) == [cells]


def test_one_alone_is_a_part_whatever_it_needs() -> None:
    cells = [kernel("a")]
    assert parts_that_fit(cells, PLAN, 1) == [cells]


@pytest.mark.parametrize(
    ("framework", "needs", "mebibytes"),
    [
        ("numpy", (), 70),
        ("torch", (), 400),
        ("jax", (), 400),
        ("tensorflow", (), 800),
        ("another", (), 500),
        ("torch", ("keras",), 400 + 700),
        ("jax", ("keras", "tensorflow"), 400 + 700),
        ("tensorflow", ("keras",), 800),
        ("torch", ("triton",), 400),
    ],
)
def test_bytes_of_a_kernel_by_hand(framework: str, needs: tuple[str, ...], mebibytes: int) -> None:
    """A framework, Keras beside a backend that is not its own, and the workload's own count."""
    cell = kernel("a", framework)
    cell = replace(cell, entry=replace(cell.entry, needs=needs))
    own = matmul.memory_bytes(dict(cell.axes))
    assert expected_bytes(cell, PLAN) == mebibytes * 2**20 + own
    assert expected_device_bytes(replace(cell, device="gpu:0"), PLAN) == 700 * 2**20 + own


def test_bytes_of_a_training_by_hand() -> None:
    """Half as much again as a framework; data four times; 407,050 weights of 4 bytes eight times."""
    arrays = 4 * 70_000 * 784 * 4 + 8 * 407_050 * 4
    assert expected_bytes(training("a"), PLAN) == 105 * 2**20 + arrays
    assert expected_device_bytes(training("a", device="gpu:0"), PLAN) == 700 * 2**20 + arrays


def test_of_a_training_of_nobody_knows_what_the_arrays_are_not_counted() -> None:
    cell = replace(training("a", "unheard-of"), declared=Workload("unheard-of", "of a plug-in"))
    assert expected_bytes(cell, PLAN) == 105 * 2**20


def test_nine_tenths_of_a_gpu_s_memory_may_be_used_and_of_a_processor_s_it_is_not_asked() -> None:
    assert usable_device_bytes([kernel("a", device="gpu:0")], PLAN) == 8 * GIB * 9 // 10
    assert usable_device_bytes([kernel("a", device="gpu:1")], PLAN) is None
    told = plan(cpu=Device("cpu", 0, "a CPU", memory_bytes=8 * GIB))
    assert usable_device_bytes([kernel("a")], told) is None


def test_a_gpu_that_holds_them_to_the_byte_holds_them() -> None:
    cells = [kernel(name, device="gpu:0") for name in "abc"]
    need = sum(expected_device_bytes(cell, PLAN) for cell in cells)
    just = -(-need * 10 // 9)
    assert just * 9 // 10 == need
    for memory_bytes, parts in ((just, ["abc"]), (just - 1, ["ab", "ac"])):
        told = plan(gpu=replace(GPU, memory_bytes=memory_bytes))
        assert ["".join(part) for part in names(parts_that_fit(cells, told, 10**12))] == parts


def test_the_text_says_whose_memory_is_short() -> None:
    """The host's where that doesn't hold them, be there a GPU or not; the GPU's where the host just does."""
    cells = [kernel(name, size=15000, device="gpu:0") for name in "abc"]
    need = sum(expected_bytes(cell, PLAN) for cell in cells)
    assert "of gpu:0" in parts_text(cells, PLAN, need)
    told = parts_text(cells, PLAN, need - 1)
    assert "gpu:0" not in told
    assert f"need about {need / GIB:.1f} GiB together, {need / GIB:.1f} GiB may be used" in told


def on(side: str, name: str, number: int = 0) -> Cell:
    """A cell of a side; ``number`` tells cells of one name apart."""
    cell = kernel(name)
    return replace(cell, axes=(*cell.axes, ("number", number), ("side", side)))


def test_one_of_a_further_side_goes_with_the_same_of_the_first() -> None:
    first, b, again, again_b = on("old", "a"), on("old", "b"), on("new", "a"), on("new", "b")
    two = 2 * expected_bytes(first, PLAN)
    assert parts_that_fit([first, b, again, again_b], PLAN, two) == [[first, b], [first, again], [b, again_b]]


def test_one_whose_name_another_of_its_own_side_has_goes_with_the_first_of_all() -> None:
    first, again, once_more = on("old", "a"), on("new", "a"), on("newest", "a")
    b, other_b = on("old", "b"), on("old", "b", 1)
    two = 2 * expected_bytes(first, PLAN)
    parts = parts_that_fit([first, again, b, other_b, once_more], PLAN, two)
    assert parts == [[first, again], [first, b], [first, other_b], [first, once_more]]


@pytest.fixture
def caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor's hold 1 GiB, a GPU's half of one; twice as much is written."""
    held = {"cpu": GIB, "gpu": GIB // 2}
    monkeypatch.setattr(memory_shares, "cache_of", lambda device: LastCache(held[device.kind], "made up"))


def cold(name: str, device: str = "cpu:0", size: int = 100) -> Cell:
    cell = kernel(name, size=size, device=device)
    return replace(cell, axes=(*cell.axes, ("cache", "cold")))


def test_what_is_written_to_empty_caches_is_none_of_warm_ones_or_of_a_device_that_is_not_there(
    caches: None,
) -> None:
    assert [written_bytes(kernel("a", device=device), PLAN) for device in ("cpu:0", "gpu:0")] == [0, 0]
    assert [written_bytes(cold("a", device), PLAN) for device in ("cpu:0", "gpu:0")] == [2 * GIB, GIB]
    assert written_bytes(cold("a", "gpu:1"), PLAN) == 0


def test_what_empties_a_processor_s_caches_is_held_by_one_at_a_time(caches: None) -> None:
    cells = [cold(name) for name in "abc"]
    each = expected_bytes(cells[0], PLAN)
    assert each == expected_bytes(kernel("a"), PLAN)
    assert together_bytes(cells, PLAN) == 3 * each + 2 * GIB
    assert together_bytes([kernel("a"), cold("b")], PLAN) == 2 * each + 2 * GIB
    assert parts_that_fit(cells, PLAN, 3 * each + 2 * GIB) == [cells]
    assert names(parts_that_fit(cells, PLAN, 3 * each + 2 * GIB - 1)) == [["a", "b"], ["a", "c"]]
    assert names(parts_that_fit(cells, PLAN, 2 * each + 2 * GIB)) == [["a", "b"], ["a", "c"]]
    assert names(parts_that_fit(cells, PLAN, 2 * each + 2 * GIB - 1)) == [["a"], ["b"], ["c"]]
    # three of 70 MiB, with operands of 100 x 100, and 2 GiB
    assert "need about 2.2 GiB together" in parts_text(cells, PLAN, 3 * each + 2 * GIB - 1)


def test_what_empties_a_gpu_s_caches_is_kept_there_by_each(caches: None) -> None:
    cells = [cold(name, "gpu:0") for name in "abc"]
    each = expected_device_bytes(cells[0], PLAN)
    assert each == expected_device_bytes(kernel("a", device="gpu:0"), PLAN) + GIB
    assert expected_device_bytes(cold("a"), PLAN) == 0
    on_host = 3 * expected_bytes(cells[0], PLAN)
    assert together_bytes(cells, PLAN) == on_host
    # three of 1 GiB beside 700 MiB and operands: 5.1 GiB of the 7.2 that may be used of 8
    assert parts_that_fit(cells, PLAN, on_host) == [cells]
    smaller = plan(gpu=replace(GPU, memory_bytes=5 * GIB))
    assert names(parts_that_fit(cells, smaller, on_host)) == [["a", "b"], ["a", "c"]]
    assert "5.1 GiB of gpu:0 together, 4.5 GiB may be used" in parts_text(cells, smaller, on_host)


def test_processes_that_train_together_hold_framework_and_data_each() -> None:
    """On GPUs each has one of its own, of which the first counts; devices of one process are no processes."""
    alone = training("a")
    for strategy, processes in (("multi-worker", 3), ("mirrored", 1)):
        further = (("strategy", strategy), ("workers", 3))
        cell = replace(alone, axes=(*alone.axes, *further))
        assert expected_bytes(cell, PLAN) == processes * expected_bytes(alone, PLAN)
        on_gpu, one = (replace(each, device="gpu:0") for each in (cell, alone))
        assert expected_device_bytes(on_gpu, PLAN) == expected_device_bytes(one, PLAN)
        called = replace(kernel("a"), axes=(*kernel("a").axes, *further))
        assert expected_bytes(called, PLAN) == expected_bytes(kernel("a"), PLAN)
